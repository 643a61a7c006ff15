//! See `trailq::fuzzing::request`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::request(bytes));
