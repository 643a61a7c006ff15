//! See `trailq::fuzzing::lookup`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::lookup(bytes));
