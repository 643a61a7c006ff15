//! Modifiers of fields.

/// The modifiers of one field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Modifiers {
    pub(crate) comparison: Comparison,
    /// Every value has to match, rather than any.
    pub(crate) all: bool,
    /// The complement.
    pub(crate) not: bool,
    /// Case counts.
    pub(crate) cased: bool,
}

/// The comparisons of a field with a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Comparison {
    #[default]
    Equal,
    Contains,
    StartsWith,
    EndsWith,
    /// A regular expression, with flags such as `i`.
    Regex(String),
    Network,
    Exists,
    /// `<`, `<=`, `>` or `>=`.
    Number(&'static str),
}

impl Modifiers {
    /// Parses the modifiers after a field's name.
    ///
    /// # Errors
    /// One is not supported, or two do not go together.
    pub(crate) fn parse<'m>(names: impl Iterator<Item = &'m str>) -> Result<Modifiers, String> {
        let mut found = Modifiers::default();
        for name in names {
            let comparison = match name {
                "all" => {
                    found.all = true;
                    continue;
                }
                "neq" => {
                    found.not = true;
                    continue;
                }
                "cased" => {
                    found.cased = true;
                    continue;
                }
                "i" | "ignorecase" | "m" | "multiline" | "s" | "dotall" => {
                    let Comparison::Regex(flags) = &mut found.comparison else {
                        return Err(format!("the modifier `{name}` does not follow `re`"));
                    };
                    flags.extend(if name == "dotall" { Some('s') } else { name.chars().next() });
                    continue;
                }
                "contains" => Comparison::Contains,
                "startswith" => Comparison::StartsWith,
                "endswith" => Comparison::EndsWith,
                "re" => Comparison::Regex(String::new()),
                "cidr" => Comparison::Network,
                "exists" => Comparison::Exists,
                "lt" => Comparison::Number("<"),
                "lte" => Comparison::Number("<="),
                "gt" => Comparison::Number(">"),
                "gte" => Comparison::Number(">="),
                other => return Err(format!("the modifier `{other}` is not supported")),
            };
            if found.comparison != Comparison::Equal {
                return Err(format!("the modifier `{name}` cannot follow another comparison"));
            }
            found.comparison = comparison;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Modifiers};

    #[test]
    fn modifiers_combine_or_are_named() {
        let parse = |text: &str| Modifiers::parse(text.split('|'));
        let found = parse("contains|all|cased|neq").unwrap();
        assert!(found.all && found.cased && found.not && found.comparison == Comparison::Contains);
        assert_eq!(parse("re|i|s").unwrap().comparison, Comparison::Regex("is".to_owned()));
        for (text, problem) in [
            ("windash", "`windash` is not supported"),
            ("base64offset|contains", "`base64offset` is not supported"),
            ("fieldref", "`fieldref` is not supported"),
            ("expand", "`expand` is not supported"),
            ("i", "`i` does not follow `re`"),
            ("contains|re", "`re` cannot follow"),
        ] {
            assert!(parse(text).unwrap_err().contains(problem), "{text}");
        }
    }
}
