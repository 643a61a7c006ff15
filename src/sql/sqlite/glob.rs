//! Wildcards in SQLite's syntax.

use crate::query::ast::Part;

/// Returns a wildcard in the syntax of SQLite's GLOB. Its own special characters are literal in brackets.
pub(crate) fn glob(parts: &[Part]) -> String {
    let mut pattern = String::new();
    for part in parts {
        match part {
            Part::Any if pattern.ends_with('*') => {}
            Part::Any => pattern.push('*'),
            Part::Text(text) => {
                for character in text.chars() {
                    match character {
                        '*' | '?' | '[' => pattern.extend(['[', character, ']']),
                        other => pattern.push(other),
                    }
                }
            }
        }
    }
    pattern
}
