//! Paths into a record: keys joined by dots, a key with other characters in double quotes.

/// Returns the keys of a path. In a quoted key, a backslash escapes the next character.
pub(crate) fn keys(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut quoted = false;
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        let current = keys.len() - 1;
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => keys[current].extend(characters.next()),
            '.' if !quoted => keys.push(String::new()),
            other => keys[current].push(other),
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn dots_separate_keys_outside_of_quotes() {
        for (path, expected) in [
            ("a", vec!["a"]),
            ("a.b.c", vec!["a", "b", "c"]),
            (r#"a."b.c""#, vec!["a", "b.c"]),
            (r#""say \"x\"".\"#, vec![r#"say "x""#, r"\"]),
            (r#""a\\.b".c"#, vec![r"a\.b", "c"]),
            ("a..b", vec!["a", "", "b"]),
        ] {
            assert_eq!(keys(path), expected, "{path}");
        }
    }
}
