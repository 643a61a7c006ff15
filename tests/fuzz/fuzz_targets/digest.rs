//! See `trailq::fuzzing::digest`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::digest(bytes));
