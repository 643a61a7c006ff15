//! Tokens of Rust source: enough to find imports, items and functions.

/// A word or a punctuation mark, with the line that it is on.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// Splits source into tokens. Comments are left out; a string, a character and a lifetime are one token each.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = length_of_next(rest, first);
        let (text, after) = rest.split_at(length);
        let kept = match first {
            _ if first.is_whitespace() || text.starts_with("//") || text.starts_with("/*") => None,
            '"' | '\'' => Some(first.to_string()),
            'r' | 'b' | 'c' if text.ends_with(['"', '#', '\'']) => Some("\"".to_owned()),
            _ => Some(text.to_owned()),
        };
        found.extend(kept.map(|text| Token { text, line }));
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

fn length_of_next(rest: &str, first: char) -> usize {
    let word = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if let Some(length) = raw_string(rest) {
        return length;
    }
    for prefix in ["b\"", "c\"", "\"", "b'", "'"] {
        if rest.starts_with(prefix) && (!prefix.ends_with('\'') || is_character(&rest[prefix.len()..])) {
            return prefix.len() + quoted(&rest[prefix.len()..], prefix.ends_with('\''));
        }
    }
    match first {
        '\'' => 1 + word(&rest[1..]),
        _ if first.is_alphanumeric() || first == '_' => word(rest),
        ':' if rest.starts_with("::") => 2,
        _ => first.len_utf8(),
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let step = match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        (depth, at) = (depth + step.0, at + step.1);
        if depth == 0 {
            break;
        }
    }
    at
}

/// Returns the length of a raw string at the beginning, if there is one.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix("cr")).or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest.len() - body.len() + body.find(&end)? + end.len())
}

/// Reports whether a quote opens a character and not a lifetime.
fn is_character(after: &str) -> bool {
    let mut characters = after.chars();
    match characters.next() {
        Some('\\') => true,
        Some(_) => characters.next() == Some('\''),
        None => false,
    }
}

/// Returns the length up to and with the closing quote.
fn quoted(body: &str, is_character: bool) -> usize {
    let end = if is_character { '\'' } else { '"' };
    let mut escaped = false;
    for (at, character) in body.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == end => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// Returns the place after the bracket that closes the one at `open`.
pub(super) fn after_closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match &*token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// Removes the items that are compiled for tests only. Returns the other tokens and the number of lines removed.
pub(super) fn without_tests(tokens: &[Token]) -> (Vec<Token>, usize) {
    let (mut kept, mut removed, mut at) = (Vec::new(), 0, 0);
    while at < tokens.len() {
        if is_for_tests(tokens, at) {
            let end = end_of_item(tokens, after_closing(tokens, at + 1));
            removed += tokens[end - 1].line - tokens[at].line + 1;
            at = end;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    (kept, removed)
}

/// Reports whether an attribute such as `#[cfg(test)]` begins here.
fn is_for_tests(tokens: &[Token], at: usize) -> bool {
    if tokens[at].text != "#" || tokens.get(at + 1).is_none_or(|token| token.text != "[") {
        return false;
    }
    let attribute = &tokens[at + 1..after_closing(tokens, at + 1)];
    let has = |word: &str| attribute.iter().any(|token| token.text == word);
    has("cfg") && has("test") && !has("not")
}

/// Returns the place after the item that begins here: after its block or its semicolon.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        match &*tokens[at].text {
            ";" => return at + 1,
            "{" => return after_closing(tokens, at),
            "(" | "[" => at = after_closing(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// Returns the name and the number of lines of each function that has a body.
pub(super) fn functions(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.text == "fn") {
        let Some(name) = tokens.get(at + 1).filter(|name| name.text != "(") else { continue };
        let last = &tokens[end_of_item(tokens, at) - 1];
        if last.text == "}" {
            found.push((name.text.clone(), last.line - token.line + 1));
        }
    }
    found
}
