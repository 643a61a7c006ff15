//! Makes a delivery of trail files to measure with:
//! `cargo run --release --example generate -- OUT_DIR --events 1000000 --files 489 --seed 1`.

#![allow(clippy::print_stderr, reason = "a program of its own")]

mod delivery;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use clap::Parser;
use delivery::{Delivery, Options};
use flate2::{Compress, Compression, Crc, FlushCompress, write::GzEncoder};

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

/// What was written.
#[derive(Default)]
struct Written {
    json: AtomicU64,
    gzip: AtomicU64,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let started = Instant::now();
    let options =
        Options { seed: args.seed, events: args.events, files: args.files, from_day: args.from_day, days: args.days };
    let delivery = Delivery::plan(&options);
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let written = Written::default();
    match (&args.one, &args.out) {
        (Some(file), _) => write_one(&delivery, file, jobs, &written)?,
        (None, Some(folder)) => write_many(&delivery, folder, jobs, &written)?,
        (None, None) => unreachable!("clap asks for one of them"),
    }
    eprintln!(
        "{} events in {} files: {} bytes of JSON, {} of gzip, in {:.1} s",
        args.events,
        if args.one.is_some() { 1 } else { args.files },
        written.json.load(Relaxed),
        written.gzip.load(Relaxed),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Runs a task for each file, on several threads.
fn on_threads<T: Send>(range: std::ops::Range<usize>, jobs: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(range.start);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let work = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Relaxed);
                if index >= range.end {
                    return done;
                }
                done.push((index, task(index)));
            }
        };
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, value)| value).collect()
}

fn write_many(delivery: &Delivery, folder: &Path, jobs: usize, written: &Written) -> io::Result<()> {
    let results = on_threads(0..delivery.files.len(), jobs, |index| {
        let mut text = String::new();
        delivery.text(index, &mut text);
        let path = folder.join(&delivery.files[index].path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut gzip = GzEncoder::new(Vec::with_capacity(text.len() / 5), Compression::new(6));
        gzip.write_all(text.as_bytes())?;
        let bytes = gzip.finish()?;
        written.json.fetch_add(text.len() as u64, Relaxed);
        written.gzip.fetch_add(bytes.len() as u64, Relaxed);
        fs::write(path, bytes)
    });
    results.into_iter().collect()
}

/// One gzip member, its parts deflated beside each other and ended at a byte, as pigz does.
fn write_one(delivery: &Delivery, file: &Path, jobs: usize, written: &Written) -> io::Result<()> {
    let count = delivery.files.len();
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut out = io::BufWriter::new(fs::File::create(file)?);
    out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
    let mut whole = Crc::new();
    let mut length = 10 + 8;
    for first in (0..count).step_by(jobs * 4) {
        let parts = on_threads(first..(first + jobs * 4).min(count), jobs, |index| {
            let mut text = String::from(if index == 0 { r#"{"Records":["# } else { "," });
            delivery.records(index, &mut text);
            if index + 1 == count {
                text.push_str("]}");
            }
            let mut crc = Crc::new();
            crc.update(text.as_bytes());
            let flush = if index + 1 == count { FlushCompress::Finish } else { FlushCompress::Sync };
            deflate(text.as_bytes(), flush).map(|bytes| (bytes, crc))
        });
        for part in parts {
            let (bytes, crc) = part?;
            out.write_all(&bytes)?;
            length += bytes.len() as u64;
            written.json.fetch_add(u64::from(crc.amount()), Relaxed);
            whole.combine(&crc);
        }
    }
    out.write_all(&whole.sum().to_le_bytes())?;
    out.write_all(&whole.amount().to_le_bytes())?;
    written.gzip.store(length, Relaxed);
    out.flush()
}

fn deflate(text: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(6), false);
    let mut out = Vec::with_capacity(text.len() / 4 + 1024);
    loop {
        let used = compress.total_in() as usize;
        let before = out.len();
        compress.compress_vec(&text[used..], &mut out, flush).map_err(io::Error::other)?;
        // Room that was left over says that all has been written.
        if out.len() < out.capacity() && compress.total_in() as usize == text.len() {
            return Ok(out);
        }
        debug_assert!(out.len() > before || out.len() == out.capacity());
        out.reserve(text.len() / 8 + 1024);
    }
}
