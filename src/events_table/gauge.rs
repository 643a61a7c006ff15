//! The bytes that the buffers of a table hold at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the bytes of buffers, and their peak. Clones share the count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    peak: AtomicUsize,
}

/// The bytes of one buffer; dropping it subtracts them from the gauge.
#[derive(Debug)]
pub(crate) struct HeldBytes {
    gauge: Gauge,
    bytes: usize,
}

impl Gauge {
    /// Returns an account of a buffer that is empty.
    pub(crate) fn account(&self) -> HeldBytes {
        HeldBytes { gauge: self.clone(), bytes: 0 }
    }

    /// Returns the largest number of bytes that were held at a time.
    #[cfg(test)]
    pub(crate) fn peak(&self) -> usize {
        self.0.peak.load(Ordering::Relaxed)
    }
}

impl HeldBytes {
    /// Notes the present size of the buffer.
    pub(crate) fn set(&mut self, bytes: usize) {
        let counts = &self.gauge.0;
        if bytes > self.bytes {
            let more = bytes - self.bytes;
            let now = counts.now.fetch_add(more, Ordering::Relaxed) + more;
            counts.peak.fetch_max(now, Ordering::Relaxed);
        } else {
            counts.now.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        self.bytes = bytes;
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.set(0);
    }
}
