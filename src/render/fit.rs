//! Fits columns into a width, and cuts cells.

use crate::escape::{head, tail, width};

/// The least width of a column of text.
const LEAST_WIDTH: usize = 10;

/// The widths that a column needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnNeed {
    /// The width of its widest cell, header included.
    pub(super) natural: usize,
    /// The least sensible width.
    pub(super) least: usize,
}

impl ColumnNeed {
    /// Returns the widths of a column of text that may be cut.
    pub(super) fn text(header: usize, cells: usize) -> ColumnNeed {
        ColumnNeed { natural: header.max(cells), least: cells.min(LEAST_WIDTH).max(header.min(4)) }
    }

    /// Returns the widths of a column whose cells are never cut, while the header may be.
    pub(super) fn whole(header: usize, cells: usize) -> ColumnNeed {
        ColumnNeed { natural: header.max(cells), least: cells.max(header.min(4)) }
    }
}

/// Returns the width of each column so that all take at most `available` columns together, the widest cut first; `None`
/// if that would cut one below its least width.
pub(super) fn fit(needs: &[ColumnNeed], available: usize) -> Option<Vec<usize>> {
    let natural: Vec<usize> = needs.iter().map(|need| need.natural).collect();
    if natural.iter().sum::<usize>() <= available {
        return Some(natural);
    }
    let at = |cap: usize| -> Vec<usize> { needs.iter().map(|need| need.natural.min(cap.max(need.least))).collect() };
    let mut cap = natural.iter().copied().max().unwrap_or(0);
    let mut low = 0;
    if at(0).iter().sum::<usize>() > available {
        return None;
    }
    while low + 1 < cap {
        let middle = low.midpoint(cap);
        if at(middle).iter().sum::<usize>() <= available { low = middle } else { cap = middle }
    }
    let mut widths = at(low);
    let mut left = available - widths.iter().sum::<usize>();
    for (width, need) in widths.iter_mut().zip(needs) {
        if left > 0 && *width < need.natural {
            *width += 1;
            left -= 1;
        }
    }
    Some(widths)
}

/// Cuts a text to `most` columns and marks the place: the middle of an ARN, the end of any other text.
pub(super) fn cut(text: &str, most: usize, ellipsis: &str) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(width(ellipsis));
    if room == 0 {
        return head(text, most).to_owned();
    }
    if text.starts_with("arn:") && room >= 8 {
        let front = head(text, room * 2 / 5);
        return format!("{front}{ellipsis}{}", tail(text, room - width(front)));
    }
    format!("{}{ellipsis}", head(text, room))
}

#[cfg(test)]
mod tests {
    use super::{ColumnNeed, cut, fit};

    #[test]
    fn the_longest_columns_shrink_first_and_use_all_the_room() {
        let needs =
            [ColumnNeed::text(1, 5), ColumnNeed::text(60, 9), ColumnNeed::text(1, 30), ColumnNeed::whole(4, 20)];
        assert_eq!(fit(&needs, 200), Some(vec![5, 60, 30, 20]));
        assert_eq!(fit(&needs, 76), Some(vec![5, 26, 25, 20]));
        assert_eq!(fit(&needs, 44), Some(vec![5, 9, 10, 20]));
        assert_eq!(fit(&needs, 43), None);
    }

    #[test]
    fn a_fit_never_takes_more_than_there_is() {
        for available in 30..120 {
            let needs =
                [ColumnNeed::text(3, 33), ColumnNeed::text(9, 9), ColumnNeed::text(0, 41), ColumnNeed::whole(20, 3)];
            if let Some(widths) = fit(&needs, available) {
                assert!(widths.iter().sum::<usize>() <= available, "{available}: {widths:?}");
            }
        }
    }

    #[test]
    fn cells_are_cut_at_the_end_and_arns_in_the_middle() {
        assert_eq!(cut("short", 8, "…"), "short");
        assert_eq!(cut("RunInstances", 8, "…"), "RunInst…");
        assert_eq!(cut("RunInstances", 8, "..."), "RunIn...");
        assert_eq!(cut("漢字漢字", 5, "…"), "漢字…");
        assert_eq!(cut("arn:aws:iam::111122223333:user/alice", 20, "…"), "arn:aws…3:user/alice");
    }
}
