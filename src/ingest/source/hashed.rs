//! A reader that counts and hashes what passes through it.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::hash::hex;

/// Counts and hashes the bytes that are read from `R`.
pub(crate) struct Hashed<R> {
    inner: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Hashed<R> {
    pub(crate) fn new(inner: R) -> Hashed<R> {
        Hashed { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// Reads what is left, and returns the number of all bytes and their SHA-256 in hexadecimal.
    ///
    /// # Errors
    /// The rest cannot be read.
    pub(crate) fn finish(mut self) -> io::Result<(u64, String)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((self.bytes, hex(&self.hasher.finalize())))
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
