//! See `trailq::fuzzing::parquet`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| trailq::fuzzing::parquet(bytes));
