//! See `trailq::fuzzing::geo`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::geo(bytes));
