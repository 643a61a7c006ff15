//! See `trailq::fuzzing::archive`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::archive(bytes));
