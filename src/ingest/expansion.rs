//! The limit of what compressed input may expand to, over all layers, archive members and values of a file together.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Expanded input is refused beyond this many bytes a byte on disk. Deflate's own limit is 1,032; trail files stay
/// under 40.
const MAX_EXPANSION: u64 = 400;
/// Expansion is not looked at before this many bytes have come out.
const EXPANSION_FLOOR: u64 = 256 << 20;

/// The bytes of a file that were read on disk, and those that they expanded to.
#[derive(Debug, Default)]
pub(crate) struct Expansion {
    read: AtomicU64,
    given: AtomicU64,
}

impl Expansion {
    /// Notes how many bytes of the file on disk have been read.
    pub(crate) fn set_read(&self, bytes: u64) {
        self.read.store(bytes, Ordering::Relaxed);
    }

    /// Returns how many bytes of the file on disk have been read.
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Accounts for bytes that came out of a compressed layer.
    ///
    /// # Errors
    /// They are more than a trail file expands to.
    pub(crate) fn charge(&self, bytes: u64) -> io::Result<()> {
        let given = self.given.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if given > EXPANSION_FLOOR.max(self.read().saturating_mul(MAX_EXPANSION)) {
            return Err(io::Error::other(format!(
                "expands to more than {MAX_EXPANSION} times its size, which no trail file does"
            )));
        }
        Ok(())
    }
}

/// Stops a decompressed stream that expands beyond what trail files do, and words its errors.
pub(crate) struct Capped<R> {
    inner: R,
    expansion: Arc<Expansion>,
}

impl<R> Capped<R> {
    /// Accounts for what `inner` gives.
    pub(crate) fn new(inner: R, expansion: &Arc<Expansion>) -> Capped<R> {
        Capped { inner, expansion: Arc::clone(expansion) }
    }

    /// Returns what is under the limit.
    pub(crate) fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(io::ErrorKind::UnexpectedEof, "the compressed data ends early: the file is cut off")
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                io::Error::new(io::ErrorKind::InvalidData, format!("the compressed data is damaged ({error})"))
            }
            _ => error,
        })?;
        self.expansion.charge(count as u64)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{EXPANSION_FLOOR, Expansion, MAX_EXPANSION};

    #[test]
    fn all_layers_share_one_limit() {
        let expansion = Arc::new(Expansion::default());
        assert!(expansion.charge(EXPANSION_FLOOR).is_ok());
        assert!(expansion.charge(1).is_err());
        expansion.set_read(EXPANSION_FLOOR);
        assert!(expansion.charge(EXPANSION_FLOOR * (MAX_EXPANSION - 2)).is_ok());
        assert!(expansion.charge(EXPANSION_FLOOR).is_err());
    }
}
