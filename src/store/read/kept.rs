//! A value that is worked out once for a state of a case.

use std::cell::RefCell;
use std::sync::Arc;

/// The value, with the version of the data that it is of.
#[derive(Debug)]
pub(crate) struct Kept<T>(RefCell<Option<(i64, Arc<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Kept<T> {
        Kept(RefCell::new(None))
    }
}

impl<T> Kept<T> {
    /// Returns the value for a version of the data; `make` makes it if another version is kept, or none.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn get<E>(&self, version: i64, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        if let Some((known, value)) = &*self.0.borrow()
            && *known == version
        {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(make()?);
        self.0.replace(Some((version, Arc::clone(&value))));
        Ok(value)
    }
}
