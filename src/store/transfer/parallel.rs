//! Work on parts of a case by several threads.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crossbeam_channel::bounded;
use rusqlite::Error;

use crate::activity;

/// Threads that work at once.
const MAX_THREADS: usize = 8;

/// Does the work of each part on some thread, and takes what comes of it here, in the order of the parts. `begin` makes
/// what a thread needs.
pub(crate) fn in_order<P: Sync, S, T: Send>(
    parts: &[P],
    begin: impl Fn() -> rusqlite::Result<S> + Sync,
    work: impl Fn(&mut S, &P) -> rusqlite::Result<T> + Sync,
    mut take: impl FnMut(T) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MAX_THREADS).min(parts.len());
    let next = AtomicUsize::new(0);
    let (begin, work, next) = (&begin, &work, &next);
    activity::expect(parts.len() as u64);
    thread::scope(|scope| {
        let (out, results) = bounded::<(usize, rusqlite::Result<T>)>(threads * 2);
        for _ in 0..threads {
            let out = out.clone();
            scope.spawn(move || {
                let mut state = begin();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(part) = parts.get(at) else { return };
                    let result = match &mut state {
                        Ok(state) => work(state, part),
                        Err(_) => return drop(state.map(drop).map_err(|error| out.send((at, Err(error))))),
                    };
                    if out.send((at, result)).is_err() {
                        return;
                    }
                }
            });
        }
        // Without this the results would never end.
        drop(out);
        let (mut early, mut due) = (BTreeMap::new(), 0);
        for (at, result) in results {
            early.insert(at, result?);
            while let Some(result) = early.remove(&due) {
                take(result)?;
                activity::advance(1);
                due += 1;
            }
        }
        if due == parts.len() { Ok(()) } else { Err(Error::UserFunctionError("a thread died".into())) }
    })
}

#[cfg(test)]
mod tests {
    use super::in_order;

    #[test]
    fn results_come_in_order_and_an_error_ends_the_work() {
        let parts: Vec<u64> = (0..100).collect();
        let mut taken = Vec::new();
        let take = |number| {
            taken.push(number);
            Ok(())
        };
        in_order(&parts, || Ok(2), |by, part| Ok(part * *by), take).unwrap();
        assert_eq!(taken, parts.iter().map(|part| part * 2).collect::<Vec<_>>());
        let wrong = || rusqlite::Error::InvalidQuery;
        let work = |_: &mut (), part: &u64| if *part == 50 { Err(wrong()) } else { Ok(()) };
        assert!(in_order(&parts, || Ok(()), work, |()| Ok(())).is_err());
        assert!(in_order(&parts, || Err::<(), _>(wrong()), |_, _| Ok(()), |()| Ok(())).is_err());
        in_order(&[], || Ok(()), |_, _: &u64| Ok(()), |()| Ok(())).unwrap();
    }
}
