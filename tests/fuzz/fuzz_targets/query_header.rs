//! See `trailq::fuzzing::query_header`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::query_header(bytes));
