//! Finds where a JSON value ends without parsing it: counts brackets outside strings, at any depth, piece by piece.

/// Deeper than this nothing is followed.
const MAX_DEPTH: usize = 1 << 20;

/// The result of feeding a [`BracketScanner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BracketScan {
    /// The value ends before this offset of the piece.
    Ends(usize),
    /// It continues after the piece.
    Open,
    /// A bracket closes what another kind opened, or it is too deep to follow.
    Unbalanced,
}

/// Counts brackets of one object or array.
#[derive(Debug, Default)]
pub(crate) struct BracketScanner {
    /// For each open bracket, true if it is `{`.
    open: Vec<bool>,
    in_string: bool,
    escaped: bool,
}

impl BracketScanner {
    /// Starts inside objects, each in the other, whose `{` are read already.
    pub(crate) fn inside_objects(count: usize) -> BracketScanner {
        BracketScanner { open: vec![true; count], ..BracketScanner::default() }
    }

    /// Looks at the next piece of the value.
    pub(crate) fn feed(&mut self, piece: &[u8]) -> BracketScan {
        let mut at = 0;
        while at < piece.len() {
            if self.in_string {
                match self.skip_string(&piece[at..]) {
                    Some(length) => at += length,
                    None => return BracketScan::Open,
                }
                continue;
            }
            match piece[at] {
                b'"' => self.in_string = true,
                open @ (b'{' | b'[') => {
                    if self.open.len() == MAX_DEPTH {
                        return BracketScan::Unbalanced;
                    }
                    self.open.push(open == b'{');
                }
                close @ (b'}' | b']') => {
                    if self.open.pop() != Some(close == b'}') {
                        return BracketScan::Unbalanced;
                    }
                    if self.open.is_empty() {
                        return BracketScan::Ends(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        BracketScan::Open
    }

    /// The length up to and with the closing quote; `None` where it is not in this piece.
    fn skip_string(&mut self, piece: &[u8]) -> Option<usize> {
        let mut at = 0;
        if std::mem::take(&mut self.escaped) {
            at = 1;
        }
        while let Some(found) = piece.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
            at += found;
            if piece[at] == b'"' {
                self.in_string = false;
                return Some(at + 1);
            }
            at += 2;
        }
        self.escaped = at > piece.len();
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{BracketScan, BracketScanner};

    #[test]
    fn a_value_ends_where_its_brackets_do_however_it_is_cut() {
        let text = br#"{"a":["}\\",{"b\"]":1}],"c":"\\"} tail"#;
        let end = text.len() - 5;
        for cut in 0..end {
            let mut skipper = BracketScanner::default();
            assert_eq!(skipper.feed(&text[..cut]), BracketScan::Open, "{cut}");
            assert_eq!(skipper.feed(&text[cut..]), BracketScan::Ends(end - cut), "{cut}");
        }
    }

    #[test]
    fn a_mismatched_bracket_is_reported() {
        assert_eq!(BracketScanner::default().feed(b"{\"a\":1]"), BracketScan::Unbalanced);
        assert_eq!(BracketScanner::inside_objects(1).feed(b", \"b\": [2]}"), BracketScan::Ends(11));
    }
}
