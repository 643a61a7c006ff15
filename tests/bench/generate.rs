//! Makes a delivery of trail files to measure with:
//! `cargo run --release --example generate -- OUT_DIR --events 1000000 --files 489 --seed 1`.

#![allow(clippy::print_stderr, reason = "a program of its own")]

mod delivery;

use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use delivery::files::{write_many, write_one};
use delivery::{Delivery, Options};

/// Make a delivery of trail files in S3 layout, the same for the same seed
#[derive(Parser)]
struct Args {
    /// Folder to write to
    #[arg(required_unless_present = "one")]
    out: Option<PathBuf>,
    /// Write all of it into one gzip file instead
    #[arg(long, value_name = "FILE", conflicts_with = "out")]
    one: Option<PathBuf>,
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    #[arg(long, default_value_t = 489)]
    files: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First day, counted from 2024-01-01: later days of the same organization are other events
    #[arg(long, default_value_t = 0)]
    from_day: u64,
    /// Days that the delivery covers: files of 2,000 events are those of an organization with a million in some days
    #[arg(long, default_value_t = 7)]
    days: u64,
    /// Threads [default: one per core]
    #[arg(long)]
    jobs: Option<usize>,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let started = Instant::now();
    let options =
        Options { seed: args.seed, events: args.events, files: args.files, from_day: args.from_day, days: args.days };
    let delivery = Delivery::plan(&options);
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let written = match (&args.one, &args.out) {
        (Some(file), _) => write_one(&delivery, file, jobs)?,
        (None, Some(folder)) => write_many(&delivery, folder, jobs)?,
        (None, None) => unreachable!("clap asks for one of them"),
    };
    eprintln!(
        "{} events in {} files: {} bytes of JSON, {} of gzip, in {:.1} s",
        args.events,
        if args.one.is_some() { 1 } else { args.files },
        written.json,
        written.gzip,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}
