//! Values for what a script or a statement leaves open.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::saved::header::parameters;
use crate::sql::Param;

/// The values that were given on the command line, by name.
#[derive(Debug, Clone, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
    /// True if a statement gets those only that it asks for: a script's values are for all of its inputs.
    shared: bool,
}

impl Params {
    /// Values for one statement: each has to be asked for.
    pub fn of_statement(values: impl IntoIterator<Item = (String, String)>) -> Params {
        Params { values: values.into_iter().collect(), shared: false }
    }

    /// Values for all inputs of a script.
    pub fn of_script(values: impl IntoIterator<Item = (String, String)>) -> Params {
        Params { values: values.into_iter().collect(), shared: true }
    }

    /// Gives a name a value.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Takes the value of a name away; whether it had one.
    pub(crate) fn unset(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// All of them.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// A text with each `${name}` replaced by its value as it is.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            filled.push_str(before);
            match after.split_once('}').and_then(|(name, after)| Some((self.values.get(name)?, after))) {
                Some((value, after)) => {
                    filled.push_str(value);
                    rest = after;
                }
                None => {
                    filled.push_str("${");
                    rest = after;
                }
            }
        }
        filled + rest
    }

    /// Those for a text of SQL. As typed on a command line: what looks like a number is one.
    pub(crate) fn for_sql(&self, sql: &str) -> BTreeMap<String, Option<Param>> {
        let asked = parameters(sql);
        let wanted = self.values.iter().filter(|(name, _)| !self.shared || asked.contains(&name.as_str()));
        let value = |text: &String| match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => Param::Integer(number),
            _ => Param::Text(text.clone()),
        };
        wanted.map(|(name, text)| (name.clone(), Some(value(text)))).collect()
    }
}

/// Says how to give a parameter its value, where a mistake is that it has none: its place is then that of `${NAME}` in
/// a lookup or `:NAME` in SQL.
pub(crate) fn with_way_to_give(mistake: Diagnostic, interactive: bool) -> Diagnostic {
    let place = mistake.span.zip(mistake.source.as_ref()).and_then(|(span, text)| text.get(span.start..span.end));
    let name = place.map(|place| place.trim_start_matches([':', '@', '$', '{']).trim_end_matches('}'));
    let Some(name) = name.filter(|name| !name.is_empty() && mistake.message.ends_with(" has no value")) else {
        return mistake;
    };
    let hint = match interactive {
        true => format!("`.param set {name} VALUE` gives it one"),
        false => format!("give it one with --param {name}=VALUE"),
    };
    mistake.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn a_text_gets_values_as_they_are() {
        let values = [("a", "${b} \"x\""), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let params = Params::of_script(values);
        assert_eq!(params.fill("${b}${a} ${c} ${b"), "2${b} \"x\" ${c} ${b");
    }

    #[test]
    fn a_script_s_statement_gets_what_it_asks_for() {
        let values = || ["a", "b"].map(|name| (name.to_owned(), "1".to_owned()));
        let names = |params: &Params, sql: &str| params.for_sql(sql).into_keys().collect::<Vec<_>>();
        let script = Params::of_script(values());
        assert_eq!(names(&script, "SELECT :a, ':b' -- :b\n, \":b\" /* :b */"), ["a"]);
        assert_eq!(names(&script, "SELECT $b || '2024-01-01T10:a' FROM x@a"), ["a", "b"]);
        assert!(names(&script, "SELECT 'it''s :a'").is_empty());
        assert_eq!(names(&Params::of_statement(values()), "SELECT 1"), ["a", "b"]);
    }
}
