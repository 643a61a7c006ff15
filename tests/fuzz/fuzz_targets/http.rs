//! See `trailq::fuzzing::http`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::http(bytes));
