//! Bars and sparklines of characters; ASCII if the terminal has no Unicode.

/// Eighths of a block, from one to eight.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
/// Heights of a sparkline above zero.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same without Unicode.
const PLAIN_HEIGHTS: [char; 6] = ['.', ':', '-', '=', '+', '#'];

/// Returns a bar of at most `most` columns for a value, given the largest value. Every value above zero is visible.
pub fn bar(value: u64, largest: u64, most: usize, unicode: bool) -> String {
    if value == 0 || largest == 0 || most == 0 {
        return String::new();
    }
    let share = value.min(largest) as f64 / largest as f64;
    if !unicode {
        return "#".repeat(((share * most as f64).round() as usize).max(1));
    }
    let eighths = ((share * (most * 8) as f64).round() as usize).max(1);
    let mut text: String = std::iter::repeat_n('█', eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        text.push(EIGHTHS[eighths % 8 - 1]);
    }
    text
}

/// Returns one character a value, its height relative to the largest.
pub fn sparkline(values: &[u64], unicode: bool) -> String {
    let heights: &[char] = if unicode { &HEIGHTS } else { &PLAIN_HEIGHTS };
    let largest = values.iter().copied().max().unwrap_or(0).max(1);
    let height = |value: u64| {
        let step = (value as f64 / largest as f64 * heights.len() as f64).ceil() as usize;
        heights[step.clamp(1, heights.len()) - 1]
    };
    values.iter().map(|value| if *value == 0 { ' ' } else { height(*value) }).collect()
}

/// Reports whether a text is a sparkline of several values.
pub(super) fn is_sparkline(text: &str) -> bool {
    let drawn = |heights: &[char]| text.chars().all(|c| c == ' ' || heights.contains(&c));
    text.chars().nth(1).is_some() && (drawn(&HEIGHTS) || drawn(&PLAIN_HEIGHTS))
}

#[cfg(test)]
mod tests {
    use super::{bar, is_sparkline, sparkline};

    #[test]
    fn bars_are_in_proportion_and_nothing_has_no_bar() {
        assert_eq!(bar(10, 10, 4, true), "████");
        assert_eq!(bar(5, 10, 3, true), "█▌");
        assert_eq!(bar(1, 1_000_000, 10, true), "▏");
        assert_eq!(bar(0, 10, 4, true), "");
        assert_eq!(bar(5, 0, 4, true), "");
        assert_eq!(bar(5, 10, 4, false), "##");
        assert_eq!(bar(1, 1_000, 4, false), "#");
    }

    #[test]
    fn a_sparkline_has_a_character_a_value() {
        assert_eq!(sparkline(&[0, 1, 4, 8], true), " ▁▄█");
        assert_eq!(sparkline(&[0, 1, 3, 6], false), " .-#");
        assert_eq!(sparkline(&[0, 0], true), "  ");
        assert_eq!(sparkline(&[], true), "");
        assert!(is_sparkline(" ▁▄█") && is_sparkline(".-#") && !is_sparkline("-") && !is_sparkline("a-"));
    }
}
