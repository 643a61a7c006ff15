//! Long conditions.

/// Joins conditions with an operator as a balanced tree whose leaves have at most `leaf` of them: engines limit the depth
/// of an expression, not its breadth.
pub(crate) fn balanced(parts: &[String], with: &str, leaf: usize) -> String {
    if parts.len() <= leaf {
        return parts.join(with);
    }
    let (left, right) = parts.split_at(parts.len() / 2);
    format!("({}){with}({})", balanced(left, with, leaf), balanced(right, with, leaf))
}
