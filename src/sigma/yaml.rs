//! Reads YAML into a tree: several documents a file, with bounds on depth and on what aliases repeat.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

/// The deepest nesting of lists and maps.
const MAX_DEPTH: usize = 64;
/// The nodes of a file, those that aliases repeat counted each time.
const MAX_NODES: usize = 200_000;

/// A node of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Flag(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Yaml>),
    /// In the order of the file; no key occurs twice.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Returns the value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Yaml> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns the entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[(String, Yaml)] {
        match self {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// Returns a scalar as text.
    pub(crate) fn scalar(&self) -> Option<Cow<'_, str>> {
        match self {
            Yaml::Text(text) | Yaml::Number(text) => Some(Cow::Borrowed(text)),
            Yaml::Flag(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
            Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
        }
    }

    /// Returns a scalar, or the scalars of a list.
    pub(crate) fn scalars(&self) -> Vec<Cow<'_, str>> {
        self.items().iter().filter_map(Yaml::scalar).collect()
    }

    /// Returns the items of a list; anything else is one item.
    pub(crate) fn items(&self) -> &[Yaml] {
        match self {
            Yaml::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    /// Returns the number of nodes.
    fn nodes(&self) -> usize {
        1 + match self {
            Yaml::List(items) => items.iter().map(Yaml::nodes).sum(),
            Yaml::Map(entries) => entries.iter().map(|(_, value)| value.nodes()).sum(),
            _ => 0,
        }
    }
}

/// Returns the documents of a text; empty ones are left out.
///
/// # Errors
/// It is not YAML, a key occurs twice, or a bound is exceeded.
pub(crate) fn documents(text: &str) -> Result<Vec<Yaml>, String> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| error.to_string())?;
        builder.take(event).map_err(|problem| format!("line {}: {problem}", span.start.line()))?;
    }
    Ok(builder.documents)
}

/// A list or a map that is being read.
struct Open {
    node: Yaml,
    /// The key of the value that comes next.
    key: Option<String>,
    anchor: usize,
}

#[derive(Default)]
struct Builder {
    documents: Vec<Yaml>,
    open: Vec<Open>,
    anchors: HashMap<usize, Yaml>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix() == "str");
                let text = text.into_owned();
                return self.add(if is_text { Yaml::Text(text) } else { plain(text) }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => return self.open(Yaml::List(Vec::new()), anchor),
            Event::MappingStart(_, anchor, _) => return self.open(Yaml::Map(Vec::new()), anchor),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(closed) = self.open.pop() else { return Err("a list or map ends twice".to_owned()) };
                return self.add(closed.node, closed.anchor);
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or("an alias within its own anchor")?;
                self.nodes += node.nodes();
                return self.add(node, 0);
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, node: Yaml, anchor: usize) -> Result<(), String> {
        if self.open.len() == MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} levels deep"));
        }
        self.open.push(Open { node, key: None, anchor });
        Ok(())
    }

    /// Adds a complete node to the list or map that it is in.
    fn add(&mut self, node: Yaml, anchor: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("more than {MAX_NODES} values"));
        }
        if anchor != 0 {
            self.nodes += node.nodes();
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            if node != Yaml::Null {
                self.documents.push(node);
            }
            return Ok(());
        };
        match (&mut parent.node, parent.key.take()) {
            (Yaml::Map(entries), Some(key)) => {
                if entries.iter().any(|(known, _)| *known == key) {
                    return Err(format!("the key `{key}` occurs twice"));
                }
                entries.push((key, node));
            }
            (Yaml::Map(_), None) => {
                let key = node.scalar().map(Cow::into_owned);
                parent.key = Some(key.or((node == Yaml::Null).then(String::new)).ok_or("a key that is not text")?);
            }
            (Yaml::List(items), _) => items.push(node),
            _ => {}
        }
        Ok(())
    }
}

/// Returns the meaning of a scalar without quotes, by the core schema of YAML 1.2.
fn plain(text: String) -> Yaml {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Yaml::Null,
        "true" | "True" | "TRUE" => Yaml::Flag(true),
        "false" | "False" | "FALSE" => Yaml::Flag(false),
        number if is_number(number) => Yaml::Number(text),
        _ => Yaml::Text(text),
    }
}

/// Reports whether a text is a decimal number.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.contains(|c: char| c.is_ascii_digit())
        && unsigned.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && unsigned.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::{Yaml, documents};

    #[test]
    fn scalars_keep_their_spelling_and_documents_are_several() {
        let read = documents("a: 012\nb: 1.50\nc: '5'\nd: yes\ne: ~\nf: true\ng: [x, 2]\n---\n- 1\n---\n").unwrap();
        let text = |text: &str| Yaml::Text(text.to_owned());
        let number = |text: &str| Yaml::Number(text.to_owned());
        assert_eq!(read.len(), 2);
        for (key, value) in [
            ("a", number("012")),
            ("b", number("1.50")),
            ("c", text("5")),
            ("d", text("yes")),
            ("e", Yaml::Null),
            ("f", Yaml::Flag(true)),
            ("g", Yaml::List(vec![text("x"), number("2")])),
        ] {
            assert_eq!(read[0].get(key), Some(&value), "{key}");
        }
        assert_eq!(read[1], Yaml::List(vec![number("1")]));
    }

    #[test]
    fn aliases_are_filled_in_and_bounded() {
        let read = documents("a: &x [1, 2]\nb: *x\n").unwrap();
        assert_eq!(read[0].get("a"), read[0].get("b"));
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 10].join(",");
            bomb += &format!("a{level}: &a{level} [{inner}]\n");
        }
        assert!(documents(&bomb).unwrap_err().contains("more than"));
        assert!(documents(&"[".repeat(1_000)).is_err());
        assert!(documents(&format!("{}x", "- ".repeat(80))).unwrap_err().contains("levels deep"));
        assert!(documents("a: 1\na: 2\n").unwrap_err().contains("occurs twice"));
        assert!(documents("a: [1\nb: }").is_err());
        assert!(documents("a: *nothing").is_err());
    }
}
