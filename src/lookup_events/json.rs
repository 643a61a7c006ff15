//! An answer as JSON, written entry by entry, or the result of `--query`.

use std::io::{self, Write};

use jmespath::Variable;

use super::entry::{Entry, EntrySink, KEYS};
use super::expression::Expression;
use crate::escape::json_string;
use crate::time;

/// The layout of the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// That of the service: without white space, times in Unix seconds.
    Wire,
    /// That of the AWS CLI (version 2, in UTC): indented by four, times in ISO 8601.
    Cli,
}

/// An entry sink that writes JSON.
pub(super) struct JsonEntries<'o> {
    out: &'o mut dyn Write,
    layout: Layout,
    written: u64,
}

impl<'o> JsonEntries<'o> {
    /// Begins an answer.
    pub(super) fn begin(out: &'o mut dyn Write, layout: Layout) -> io::Result<JsonEntries<'o>> {
        match layout {
            Layout::Wire => out.write_all(b"{\"Events\":[")?,
            Layout::Cli => out.write_all(b"{\n    \"Events\": [")?,
        }
        Ok(JsonEntries { out, layout, written: 0 })
    }

    /// Ends the answer.
    pub(super) fn finish(self, token: Option<&str>) -> io::Result<()> {
        let (close, next) = match self.layout {
            Layout::Wire => ("]", ",\"NextToken\":"),
            Layout::Cli if self.written == 0 => ("]", ",\n    \"NextToken\": "),
            Layout::Cli => ("\n    ]", ",\n    \"NextToken\": "),
        };
        self.out.write_all(close.as_bytes())?;
        if let Some(token) = token {
            self.out.write_all(next.as_bytes())?;
            self.out.write_all(json_string(token).as_bytes())?;
        }
        self.out.write_all(if self.layout == Layout::Cli { b"\n}\n" } else { b"}" })?;
        self.out.flush()
    }

    /// Formats one entry.
    fn object_of(&self, entry: &Entry<'_>) -> String {
        let text = |value: Option<&str>| value.map(json_string);
        let time = match self.layout {
            Layout::Wire => entry.time.map(|seconds| format!("{seconds}.0")),
            Layout::Cli => entry.time.map(|seconds| json_string(&cli_time(seconds))),
        };
        let resources: Vec<String> = entry
            .resources
            .iter()
            .map(|(kind, name)| {
                self.object(4, &[("ResourceType", text(kind.as_deref())), ("ResourceName", text(Some(name)))])
            })
            .collect();
        self.object(
            2,
            &[
                ("EventId", text(entry.id)),
                ("EventName", text(entry.name)),
                ("ReadOnly", text(entry.read_only)),
                ("AccessKeyId", text(entry.access_key_id)),
                ("EventTime", time),
                ("EventSource", text(entry.source)),
                ("Username", text(entry.user_name)),
                ("Resources", Some(self.enclosed('[', &resources, 3, ']'))),
                ("CloudTrailEvent", text(Some(&entry.record))),
            ],
        )
    }

    /// Formats an object of the members that have a value, nested `depth` levels deep.
    fn object(&self, depth: usize, members: &[(&str, Option<String>)]) -> String {
        let colon = if self.layout == Layout::Cli { ": " } else { ":" };
        let members: Vec<String> = members
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| format!("\"{key}\"{colon}{value}")))
            .collect();
        self.enclosed('{', &members, depth, '}')
    }

    fn enclosed(&self, open: char, parts: &[String], depth: usize, close: char) -> String {
        if self.layout == Layout::Wire || parts.is_empty() {
            return format!("{open}{}{close}", parts.join(","));
        }
        let indent = "    ".repeat(depth);
        let lines: Vec<String> = parts.iter().map(|part| format!("\n{indent}    {part}")).collect();
        format!("{open}{}\n{indent}{close}", lines.join(","))
    }
}

impl EntrySink for JsonEntries<'_> {
    fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let object = self.object_of(entry);
        self.out.write_all(match (self.layout, self.written) {
            (Layout::Wire, 0) => b"",
            (Layout::Wire, _) => b",",
            (Layout::Cli, 0) => b"\n        ",
            (Layout::Cli, _) => b",\n        ",
        })?;
        self.out.write_all(object.as_bytes())?;
        self.written += 1;
        Ok(())
    }
}

/// Formats a time as the AWS CLI prints it in UTC.
pub(super) fn cli_time(seconds: i64) -> String {
    time::format(seconds).replace('Z', "+00:00")
}

/// Writes the result of an expression as the AWS CLI prints it, which prints nothing for an empty object.
pub(super) fn write_value(value: &Variable, expression: &Expression, out: &mut dyn Write) -> io::Result<()> {
    if value.as_object().is_some_and(|members| members.is_empty()) {
        return Ok(());
    }
    write_nested(value, expression, 0, out)?;
    out.write_all(b"\n")
}

fn write_nested(value: &Variable, expression: &Expression, depth: usize, out: &mut dyn Write) -> io::Result<()> {
    let line = |out: &mut dyn Write, depth: usize| write!(out, "\n{}", "    ".repeat(depth));
    match value {
        Variable::Array(elements) if !elements.is_empty() => {
            out.write_all(b"[")?;
            for (at, element) in elements.iter().enumerate() {
                out.write_all(if at > 0 { b"," } else { b"" })?;
                line(out, depth + 1)?;
                write_nested(element, expression, depth + 1, out)?;
            }
            line(out, depth)?;
            out.write_all(b"]")
        }
        Variable::Object(members) if !members.is_empty() => {
            out.write_all(b"{")?;
            for (at, key) in expression.in_order(members.keys(), &KEYS).into_iter().enumerate() {
                out.write_all(if at > 0 { b"," } else { b"" })?;
                line(out, depth + 1)?;
                write!(out, "{}: ", json_string(key))?;
                write_nested(&members[key], expression, depth + 1, out)?;
            }
            line(out, depth)?;
            out.write_all(b"}")
        }
        Variable::String(text) => out.write_all(json_string(text).as_bytes()),
        other => write!(out, "{other}"),
    }
}
