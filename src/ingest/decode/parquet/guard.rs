//! Calls of the Parquet library, which panics on some damaged files.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// True while the thread runs a function of the library.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function of the library. A panic becomes an error of the file, and nothing is printed about it.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    silence_guarded();
    let is_within = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_GUARDED.set(is_within);
    result.map_err(|_| "is damaged in a way that the Parquet library does not expect".into())
}

/// Lets the process print only panics that are not caught here.
fn silence_guarded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_GUARDED.get() {
                print(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::{IS_GUARDED, guarded};

    #[test]
    fn a_panic_is_an_error_also_within_another_call() {
        let nested = guarded(|| {
            let inner = guarded(|| panic!("damaged"));
            (inner, IS_GUARDED.get())
        });
        let (inner, is_guarded) = nested.unwrap();
        let inner: Result<(), String> = inner;
        assert!(inner.unwrap_err().contains("does not expect") && is_guarded);
        assert!(!IS_GUARDED.get());
    }
}
