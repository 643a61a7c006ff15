//! The integration tests, in one program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "a test fails by a panic")]

#[path = "../common/mod.rs"]
mod common;

mod golden;
mod manifest;
