//! See `trailq::fuzzing::sigma`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::sigma(bytes));
