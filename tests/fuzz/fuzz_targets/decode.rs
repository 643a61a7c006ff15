//! See `trailq::fuzzing::decode`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::decode(bytes));
