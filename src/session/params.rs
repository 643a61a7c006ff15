//! Parameters of scripts and statements.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::saved::header::parameters;
use crate::sql::Param;

/// The values of parameters, by name.
#[derive(Debug, Clone, Default)]
pub struct Params {
    values: BTreeMap<String, String>,
    /// True if a statement gets only the parameters that it uses: a script's values are for all of its inputs.
    shared: bool,
}

impl Params {
    /// Returns the parameters of one statement, which has to use each of them.
    pub fn of_statement(values: impl IntoIterator<Item = (String, String)>) -> Params {
        Params { values: values.into_iter().collect(), shared: false }
    }

    /// Returns the parameters of all inputs of a script.
    pub fn of_script(values: impl IntoIterator<Item = (String, String)>) -> Params {
        Params { values: values.into_iter().collect(), shared: true }
    }

    /// Sets the value of a parameter.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Removes a parameter, and reports whether it had a value.
    pub(crate) fn unset(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// Returns all values by name.
    pub(crate) fn all(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// Replaces each `${name}` in a text with its value, unquoted.
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

    /// Returns the parameters for SQL text. A value that reads as an integer is bound as one.
    pub(crate) fn for_sql(&self, sql: &str) -> BTreeMap<String, Option<Param>> {
        let used = parameters(sql);
        let bound = self.values.iter().filter(|(name, _)| !self.shared || used.contains(&name.as_str()));
        let value = |text: &String| match text.parse::<i64>() {
            Ok(number) if number.to_string() == *text => Param::Integer(number),
            _ => Param::Text(text.clone()),
        };
        bound.map(|(name, text)| (name.clone(), Some(value(text)))).collect()
    }
}

/// Adds a hint to the error that a parameter has no value. Its span is that of `${NAME}` in a lookup or of `:NAME` in SQL.
pub(crate) fn with_way_to_give(mistake: Diagnostic, interactive: bool) -> Diagnostic {
    let place = mistake.span.zip(mistake.source.as_ref()).and_then(|(span, text)| text.get(span.start..span.end));
    let name = place.map(|place| place.trim_start_matches([':', '@', '$', '{']).trim_end_matches('}'));
    let Some(name) = name.filter(|name| !name.is_empty() && mistake.message.ends_with(" has no value")) else {
        return mistake;
    };
    let hint = match interactive {
        true => format!("set it with `.param set {name} VALUE`"),
        false => format!("set it with --param {name}=VALUE"),
    };
    mistake.hint(hint)
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn values_are_filled_in_unquoted() {
        let values = [("a", "${b} \"x\""), ("b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let params = Params::of_script(values);
        assert_eq!(params.fill("${b}${a} ${c} ${b"), "2${b} \"x\" ${c} ${b");
    }

    #[test]
    fn a_statement_of_a_script_gets_the_parameters_that_it_uses() {
        let values = || ["a", "b"].map(|name| (name.to_owned(), "1".to_owned()));
        let names = |params: &Params, sql: &str| params.for_sql(sql).into_keys().collect::<Vec<_>>();
        let script = Params::of_script(values());
        assert_eq!(names(&script, "SELECT :a, ':b' -- :b\n, \":b\" /* :b */"), ["a"]);
        assert_eq!(names(&script, "SELECT $b || '2024-01-01T10:a' FROM x@a"), ["a", "b"]);
        assert!(names(&script, "SELECT 'it''s :a'").is_empty());
        assert_eq!(names(&Params::of_statement(values()), "SELECT 1"), ["a", "b"]);
    }
}
