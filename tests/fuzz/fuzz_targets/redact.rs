//! See `trailq::fuzzing::redact`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::redact(bytes));
