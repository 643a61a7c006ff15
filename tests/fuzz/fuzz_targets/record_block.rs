//! See `trailq::fuzzing::record_block`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::record_block(bytes));
