//! Text output of the AWS CLI: a line an object with its scalars in the order of their keys, separated by tabs; nested
//! values follow on lines of their own, which begin with the name of the section in capitals.

use std::collections::BTreeSet;
use std::io::{self, Write};

use jmespath::Variable;

use crate::escape::visible;

/// Writes a value. Characters that would act on a terminal or split a line or a cell are escaped.
pub(super) fn write(value: &Variable, out: &mut dyn Write) -> io::Result<()> {
    write_section(value, None, None, out)
}

/// Writes a value of the section `name`; `keys`: those of the scalars of all objects in its list.
fn write_section(
    value: &Variable,
    name: Option<&str>,
    keys: Option<&BTreeSet<&String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match value {
        Variable::Object(_) => write_object(value, name, keys, out),
        Variable::Array(elements) if elements.iter().any(|element| element.is_object()) => {
            let objects = elements.iter().filter_map(|element| element.as_object());
            let scalars = objects.flatten().filter(|(_, value)| is_scalar(value));
            let keys: BTreeSet<&String> = scalars.map(|(key, _)| key).collect();
            elements.iter().try_for_each(|element| write_section(element, name, Some(&keys), out))
        }
        Variable::Array(elements) => {
            let (scalars, nested): (Vec<_>, Vec<_>) = elements.iter().partition(|element| is_scalar(element));
            let scalars: Vec<String> = scalars.into_iter().map(|scalar| cell(scalar)).collect();
            match name {
                _ if scalars.is_empty() => {}
                Some(name) => {
                    let name = name.to_uppercase();
                    scalars.iter().try_for_each(|scalar| writeln!(out, "{}\t{scalar}", visible(&name)))?;
                }
                None => writeln!(out, "{}", scalars.join("\t"))?,
            }
            nested.into_iter().try_for_each(|element| write_section(element, name, None, out))
        }
        scalar => writeln!(out, "{}", cell(scalar)),
    }
}

/// Writes an object: its scalars on one line, then everything else, each by its key.
fn write_object(
    value: &Variable,
    name: Option<&str>,
    keys: Option<&BTreeSet<&String>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Some(members) = value.as_object() else { return Ok(()) };
    // A key that is a scalar in another object of the list has a cell here too.
    let is_column = |key: &String, value: &Variable| keys.map_or(is_scalar(value), |keys| keys.contains(key));
    let mut cells: Vec<String> = match keys {
        Some(keys) => keys.iter().map(|key| members.get(*key).map_or_else(String::new, |value| cell(value))).collect(),
        None => members.values().filter(|value| is_scalar(value)).map(|value| cell(value)).collect(),
    };
    if !cells.is_empty() {
        if let Some(name) = name {
            cells.insert(0, visible(&name.to_uppercase()).into_owned());
        }
        writeln!(out, "{}", cells.join("\t"))?;
    }
    let nested = members.iter().filter(|(key, value)| !is_column(key, value));
    for (key, value) in nested {
        write_section(value, Some(key), None, out)?;
    }
    Ok(())
}

fn is_scalar(value: &Variable) -> bool {
    !value.is_object() && !value.is_array()
}

/// Formats a scalar as Python does, in which the AWS CLI is written.
fn cell(value: &Variable) -> String {
    match value {
        Variable::Null => "None".to_owned(),
        Variable::Bool(true) => "True".to_owned(),
        Variable::Bool(false) => "False".to_owned(),
        Variable::String(text) => visible(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use jmespath::Variable;

    fn shown(json: &str) -> String {
        let mut out = Vec::new();
        super::write(&Variable::from_json(json).unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn values_are_laid_out_as_the_aws_cli_does() {
        for (json, text) in [
            (r#""a""#, "a\n"),
            ("null", "None\n"),
            ("true", "True\n"),
            ("3", "3\n"),
            ("[]", ""),
            (r#"["a",null,false]"#, "a\tNone\tFalse\n"),
            (r#"[["a","b"],["c",null]]"#, "a\tb\nc\tNone\n"),
            (r#"["a",["b",["c"]],"d"]"#, "a\td\nb\nc\n"),
            (r#"{"b":"1","a":"2"}"#, "2\t1\n"),
            (r#"{"Events":[]}"#, ""),
            (r#"{"NextToken":{"NextToken":"t"}}"#, "NEXTTOKEN\tt\n"),
            (r#"{"NextToken":"t","Events":[{"a":"1"}]}"#, "t\nEVENTS\t1\n"),
            (r#"{"Events":[{"b":"1","R":[{"n":"x"}]},{"a":"2"}]}"#, "EVENTS\t\t1\nR\tx\nEVENTS\t2\t\n"),
            (r#"{"L":["a","b"]}"#, "L\ta\nL\tb\n"),
            (r#"[{"x":1},"s",{"y":[2]}]"#, "1\ns\n\nY\t2\n"),
        ] {
            assert_eq!(shown(json), text, "{json}");
        }
    }

    #[test]
    fn nothing_breaks_a_line_or_acts_on_a_terminal() {
        assert_eq!(shown("[\"a\\tb\\n\\u001b[2J\",\"\u{9b}\"]"), "a\\tb\\n\\x1b[2J\t\\u{9b}\n");
    }
}
