//! A delivery as files, made on several threads.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use flate2::{Compress, Compression, Crc, FlushCompress, write::GzEncoder};

use super::Delivery;

/// Bytes that were written: before and after gzip.
#[derive(Default)]
pub struct Written {
    pub json: u64,
    pub gzip: u64,
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

/// Writes a delivery's files into a folder, as S3 lays them out.
pub fn write_many(delivery: &Delivery, folder: &Path, jobs: usize) -> io::Result<Written> {
    let results: Vec<io::Result<(u64, u64)>> = on_threads(0..delivery.files.len(), jobs, |index| {
        let mut text = String::new();
        delivery.text(index, &mut text);
        let path = folder.join(&delivery.files[index].path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut gzip = GzEncoder::new(Vec::with_capacity(text.len() / 5), Compression::new(6));
        gzip.write_all(text.as_bytes())?;
        let bytes = gzip.finish()?;
        fs::write(path, &bytes)?;
        Ok((text.len() as u64, bytes.len() as u64))
    });
    let mut written = Written::default();
    for result in results {
        let (json, gzip) = result?;
        written.json += json;
        written.gzip += gzip;
    }
    Ok(written)
}

/// Writes a delivery into one file of one gzip member, its parts deflated beside each other and ended at a byte, as pigz
/// does.
pub fn write_one(delivery: &Delivery, file: &Path, jobs: usize) -> io::Result<Written> {
    let count = delivery.files.len();
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut out = io::BufWriter::new(fs::File::create(file)?);
    out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
    let mut whole = Crc::new();
    let mut written = Written { json: 0, gzip: 10 + 8 };
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
            written.gzip += bytes.len() as u64;
            written.json += u64::from(crc.amount());
            whole.combine(&crc);
        }
    }
    out.write_all(&whole.sum().to_le_bytes())?;
    out.write_all(&whole.amount().to_le_bytes())?;
    out.flush()?;
    Ok(written)
}

fn deflate(text: &[u8], flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut compress = Compress::new(Compression::new(6), false);
    let mut out = Vec::with_capacity(text.len() / 4 + 1024);
    loop {
        let used = compress.total_in() as usize;
        compress.compress_vec(&text[used..], &mut out, flush).map_err(io::Error::other)?;
        // Room that was left over says that all has been written.
        if out.len() < out.capacity() && compress.total_in() as usize == text.len() {
            return Ok(out);
        }
        out.reserve(text.len() / 8 + 1024);
    }
}
