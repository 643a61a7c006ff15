//! Sets of events, by `events.id`.

/// A set of events.
#[derive(Debug)]
pub struct IdSet(Ids);

/// A sorted list, or bits where that is smaller.
#[derive(Debug)]
enum Ids {
    Sorted(Vec<i64>),
    Bits { first: i64, words: Vec<u64> },
}

impl IdSet {
    /// Returns the set of these ids, in any order.
    pub fn new(mut ids: Vec<i64>) -> IdSet {
        ids.sort_unstable();
        ids.dedup();
        let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else {
            return IdSet(Ids::Sorted(ids));
        };
        let words = usize::try_from(last.abs_diff(first) / 64 + 1).unwrap_or(usize::MAX);
        if words > ids.len() {
            ids.shrink_to_fit();
            return IdSet(Ids::Sorted(ids));
        }
        let mut bits = vec![0; words];
        for id in ids {
            let at = id.abs_diff(first) as usize;
            bits[at / 64] |= 1 << (at % 64);
        }
        IdSet(Ids::Bits { first, words: bits })
    }

    pub(crate) fn has(&self, id: i64) -> bool {
        match &self.0 {
            Ids::Sorted(ids) => ids.binary_search(&id).is_ok(),
            Ids::Bits { first, words } => {
                let at = id.checked_sub(*first).and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| words.get(at / 64).map(|word| word >> (at % 64) & 1 == 1)).unwrap_or(false)
            }
        }
    }

    /// Returns every id, in ascending order.
    pub fn iter(&self) -> Box<dyn Iterator<Item = i64> + '_> {
        match &self.0 {
            Ids::Sorted(ids) => Box::new(ids.iter().copied()),
            Ids::Bits { first, words } => Box::new(words.iter().zip(0_i64..).flat_map(move |(word, at)| {
                (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| first + at * 64 + bit)
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::IdSet;

    #[test]
    fn sets_hold_what_they_are_made_of() {
        let dense: Vec<i64> = (100..400).filter(|id| id % 3 != 0).collect();
        for ids in [dense, vec![1, 5_000_000_000], vec![7], vec![], (0..64).collect()] {
            let set = IdSet::new(ids.clone());
            assert_eq!(set.iter().collect::<Vec<_>>(), ids);
            for id in -2..600 {
                assert_eq!(set.has(id), ids.contains(&id), "{id}");
            }
        }
    }
}
