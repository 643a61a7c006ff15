//! Values as lookups spell them.

/// Returns a value as a lookup spells it, in quotes if it needs them.
pub fn literal(value: &str) -> String {
    let plain = !value.is_empty()
        && !value.starts_with(['@', '\''])
        && !value.chars().any(|c| c.is_whitespace() || ",|()\"*\\".contains(c));
    if plain { value.to_owned() } else { quoted(value) }
}

/// Returns a value in quotes.
pub fn quoted(value: &str) -> String {
    format!("\"{}\"", escaped(value))
}

/// Returns a value as it is written between quotes.
pub(crate) fn escaped(value: &str) -> String {
    let mut text = String::new();
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '*') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}
