//! The commands that say how answers look and how the session behaves, most of them as sqlite3 has them.

use std::fmt::Write as _;

use jiff::tz::{Offset, TimeZone};

use crate::diagnostic::{Diagnostic, nearest};
use crate::render::Format;
use crate::render::escape::visible;
use crate::rows::Value;
use crate::rows::{self, CapturedRows};
use crate::session::commands::Arguments;
use crate::session::{Answer, Paging, Params, Session, SessionError};

/// sqlite3's modes that have another name here.
const MODES: [(&str, Format); 13] = [
    ("ascii", Format::Tsv),
    ("box", Format::Table),
    ("column", Format::Table),
    ("html", Format::Markdown),
    ("insert", Format::Csv),
    ("jsonlines", Format::Ndjson),
    ("line", Format::Expanded),
    ("lines", Format::Expanded),
    ("list", Format::Tsv),
    ("qbox", Format::Table),
    ("quote", Format::Csv),
    ("tabs", Format::Tsv),
    ("tcl", Format::Tsv),
];

type Done = Result<Answer, SessionError>;

fn done() -> Done {
    Ok(Answer::default())
}

pub(crate) fn mode(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    arguments.at_most(1)?;
    let Some((name, span)) = arguments.words.first() else {
        let format = session.settings.format.unwrap_or_default();
        session.print(&format!("{format}\n"))?;
        return done();
    };
    if let Ok(format) = name.parse::<Format>() {
        session.settings.format = Some(format);
        return done();
    }
    let mut mistake = Diagnostic::at(*span, format!("no format `{name}`")).in_source(arguments.line);
    match MODES.iter().find(|(known, _)| known == name) {
        Some((_, format)) => mistake = mistake.hint(format!("use `.mode {format}`")).instead(format.name()),
        None => {
            let near = nearest(name, Format::ALL.map(Format::name));
            for near in &near {
                mistake = mistake.hint(format!("did you mean `{near}`?"));
            }
            mistake.instead = near.first().map(|near| (*near).to_owned());
        }
    }
    Err(mistake.note(format!("formats are {}", Format::ALL.map(Format::name).join(", "))).into())
}

pub(crate) fn headers(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.style.bare = !arguments.switch("headers are")?;
    done()
}

pub(crate) fn timer(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.timer = arguments.switch("the timer is")?;
    done()
}

pub(crate) fn eqp(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.eqp = arguments.switch("the plan before each answer is")?;
    done()
}

pub(crate) fn echo(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.echo = arguments.switch("the echo is")?;
    done()
}

pub(crate) fn fold(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.fold = arguments.switch("folding is")?;
    done()
}

pub(crate) fn expanded(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    let on = match arguments.words.first() {
        None => session.settings.format != Some(Format::Expanded),
        Some(_) => arguments.switch("the expanded form is")?,
    };
    session.settings.format = Some(if on { Format::Expanded } else { Format::Table });
    session.status(if on { "one line a cell" } else { "tables" });
    done()
}

pub(crate) fn null_value(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.style.null = visible(arguments.one()?).into_owned();
    done()
}

pub(crate) fn width(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    let mut widths = Vec::new();
    for (word, span) in &arguments.words {
        match word.parse::<usize>() {
            Ok(width) if width <= 10_000 => widths.push(width),
            _ => {
                return Err(
                    arguments.mistake(*span, format!("`{word}` is not a width: a number of columns, 0 for any"))
                );
            }
        }
    }
    session.settings.style.widths = widths;
    done()
}

pub(crate) fn pager(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    session.settings.paging = match arguments.rest {
        "" => {
            let told = match &session.settings.paging {
                Paging::Off => "off".to_owned(),
                Paging::On => "on".to_owned(),
                Paging::With(command) => command.clone(),
            };
            session.print(&format!("{told}\n"))?;
            return done();
        }
        "on" => Paging::On,
        "off" => Paging::Off,
        command => Paging::With(command.to_owned()),
    };
    done()
}

/// `.tz UTC|LOCAL|NAME|+HH:MM`.
pub(crate) fn zone(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    arguments.at_most(1)?;
    let Some((name, span)) = arguments.words.first() else {
        let told = match &session.settings.style.times.zone {
            None => "UTC".to_owned(),
            Some(zone) => zone_name(zone),
        };
        session.print(&format!("{told}\n"))?;
        return done();
    };
    let zone = match name.to_ascii_uppercase().as_str() {
        "UTC" | "Z" => None,
        "LOCAL" => Some(
            TimeZone::try_system()
                .map_err(|error| arguments.mistake(*span, format!("the zone of this machine is not known: {error}")))?,
        ),
        _ => Some(offset(name).map(TimeZone::fixed).map_or_else(|| TimeZone::get(name), Ok).map_err(|_| {
            let hint = "write UTC, LOCAL, an offset such as +01:00, or a name such as Europe/Berlin";
            SessionError::from(Diagnostic::at(*span, format!("no zone `{name}`")).in_source(arguments.line).hint(hint))
        })?),
    };
    let told = zone.as_ref().map_or_else(|| "UTC".to_owned(), zone_name);
    session.settings.style.times.zone = zone;
    session.status(&format!("tables show times in {told}; what is typed without an offset stays UTC"));
    done()
}

fn zone_name(zone: &TimeZone) -> String {
    zone.iana_name().map(str::to_owned).unwrap_or_else(|| match zone.to_fixed_offset() {
        Ok(offset) => offset.to_string(),
        Err(_) => "the zone of this machine".to_owned(),
    })
}

/// `+01:00`, `-0530`, `+2`.
fn offset(text: &str) -> Option<Offset> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let number = |part: &str| part.parse::<i32>().ok();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (number(&digits)?, 0),
        4 => (number(&digits[..2])?, number(&digits[2..])?),
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// `.age on|newest|off`.
pub(crate) fn age(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    let case = session.case()?;
    session.settings.style.times.age_from = match arguments.one()? {
        "on" => Some(crate::time::now()),
        "newest" => case.newest_event()?,
        "off" => None,
        _ => {
            let what = "the age is `on`, counted from now, `newest`, from the newest event, or `off`";
            return Err(arguments.mistake(arguments.words[0].1, what.to_owned()));
        }
    };
    done()
}

/// `.param list|set NAME VALUE|unset NAME|clear`.
pub(crate) fn param(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    let words: Vec<&str> = arguments.words.iter().map(|(word, _)| word.as_str()).collect();
    match words.as_slice() {
        [] | ["list"] => {
            let all = session.params.as_ref().map(Params::all).into_iter().flatten();
            let rows = all.map(|(name, value)| vec![Value::Text(name.clone()), Value::Text(value.clone())]).collect();
            let columns = ["name", "value"].map(str::to_owned).to_vec();
            return session.write_held(&CapturedRows { columns, rows });
        }
        ["init"] => {}
        ["clear"] => session.params = None,
        ["set", name, value] => {
            let bare = name.trim_start_matches([':', '@', '$']);
            let good = bare.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && bare.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !good {
                let mistake = format!("`{name}` is not a name: letters, digits and _");
                return Err(arguments.mistake(arguments.words[1].1, mistake));
            }
            session.params.get_or_insert_with(|| Params::of_script([])).set(bare, value);
        }
        ["unset", name] => {
            let bare = name.trim_start_matches([':', '@', '$']);
            if !session.params.as_mut().is_some_and(|params| params.unset(bare)) {
                return Err(arguments.mistake(arguments.words[1].1, format!("`{name}` has no value")));
            }
        }
        _ => {
            let mistake = Diagnostic::at(arguments.words[0].1, "the parameters are listed, set, unset or cleared");
            let hint = ".param set NAME VALUE gives :NAME in SQL and ${NAME} in lookups a value";
            return Err(mistake.in_source(arguments.line).hint(hint).into());
        }
    }
    done()
}

pub(crate) fn indexes(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    arguments.at_most(1)?;
    let case = session.case()?;
    let table = arguments.words.first().map(|(name, _)| name.as_str());
    let sql = "SELECT tbl_name AS \"table\", name AS \"index\", group_concat(i.\"column\", ', ') AS columns FROM \
               (SELECT m.tbl_name, m.name, c.name AS \"column\" FROM sqlite_schema m, pragma_index_info(m.name) c \
               WHERE m.type = 'index' AND m.sql IS NOT NULL AND (?1 = '' OR m.tbl_name = ?1 COLLATE NOCASE) \
               ORDER BY m.tbl_name, m.name, c.seqno) i GROUP BY 1, 2";
    let held =
        rows::collect(|sink| case.query(sql, &[crate::sql::Param::Text(table.unwrap_or_default().to_owned())], sink))?;
    if held.rows.is_empty() {
        let table = table.map_or_else(String::new, |table| format!(" of {table}"));
        session.status(&format!("there is no index{table}"));
        return done();
    }
    session.write_held(&held)
}

pub(crate) fn databases(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    arguments.at_most(0)?;
    let case = session.case()?;
    session.print(&format!("main: {} r/o\n", visible(&case.path().display().to_string())))?;
    done()
}

/// How the session is set.
pub(crate) fn settings(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    arguments.at_most(0)?;
    let switch = |on: bool| if on { "on" } else { "off" };
    let settings = &session.settings;
    let mut out = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:>10}: {value}");
    };
    let noise: Vec<&str> = session.noise.iter().map(String::as_str).collect();
    line("mode", settings.format.unwrap_or_default().name());
    line("headers", switch(!settings.style.bare));
    line("nullvalue", &format!("\"{}\"", settings.style.null));
    line("width", &settings.style.widths.iter().map(usize::to_string).collect::<Vec<_>>().join(" "));
    line("tz", &settings.style.times.zone.as_ref().map_or_else(|| "UTC".to_owned(), zone_name));
    line("age", switch(settings.style.times.age_from.is_some()));
    line("fold", switch(settings.fold));
    line("noise", if noise.is_empty() { "off".to_owned() } else { noise.join(", ") }.as_str());
    line("timer", switch(settings.timer));
    line("eqp", switch(settings.eqp));
    line("echo", switch(settings.echo));
    let pager = match &settings.paging {
        Paging::Off => "off",
        Paging::On => "on",
        Paging::With(command) => command,
    };
    line("pager", pager);
    session.print(&out)?;
    done()
}

/// `.noise`, `.noise on|off [NAME...]`, `.noise add NAME FILTER`, `.noise remove NAME`.
pub(crate) fn noise(session: &mut Session, arguments: &Arguments<'_>) -> Done {
    use crate::engine::suppress;
    use crate::session::commands::noise;
    let words: Vec<String> = arguments.words.iter().map(|(word, _)| word.clone()).collect();
    let Some((what, rest)) = words.split_first() else {
        let held = noise::list(session)?;
        return session.write_held(&held);
    };
    match (what.as_str(), rest) {
        ("on", names) => {
            noise::put_on(session, names)?;
            let on: Vec<&str> = session.noise.iter().map(String::as_str).collect();
            let on = on.join(", ");
            session.status(&format!("lookups leave out what {on} match; `.noise off` ends that"));
        }
        ("off", []) => session.noise.clear(),
        ("off", names) => session.noise.retain(|name| !names.contains(name)),
        ("add", [name, _, ..]) => {
            // The filter as it was typed, with its quotes, unless it stands in quotes itself.
            let typed = arguments.words.get(2).map_or("", |(_, span)| arguments.line[span.start..].trim());
            let whole = arguments.words.len() == 3 && typed.starts_with(['\'', '"']);
            let filter = if whole { arguments.words[2].0.as_str() } else { typed };
            let start = arguments.words.get(2).map_or(0, |(_, span)| span.start);
            let checked = suppress::check(&session.engine()?, filter);
            checked.map_err(|error| arguments.within(start, error.into()))?;
            crate::session::commands::annotate::check_word("name", name)?;
            session.keeper()?.add_noise(name, filter)?;
            session.noise.insert(name.clone());
            session.status(&format!("lookups leave out what {name} matches; `.noise off` ends that"));
        }
        ("remove", [name]) => {
            if !session.keeper()?.remove_noise(name)? {
                let mistake = Diagnostic::at(arguments.words[1].1, format!("the case has no noise rule `{name}`"));
                return Err(mistake.in_source(arguments.line).hint("`.noise` lists those there are").into());
            }
            session.noise.remove(name);
        }
        _ => return Err(arguments.missing()),
    }
    done()
}

#[cfg(test)]
mod tests {
    use super::{MODES, offset};

    #[test]
    fn offsets_are_read_as_they_are_written() {
        let seconds = |text: &str| offset(text).map(|offset| offset.seconds());
        assert_eq!(seconds("+01:00"), Some(3_600));
        assert_eq!(seconds("-0530"), Some(-19_800));
        assert_eq!(seconds("+2"), Some(7_200));
        for text in ["", "1", "+", "+99", "+1:2:3", "Europe/Berlin", "+é"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert!(MODES.iter().all(|(name, _)| name.parse::<crate::render::Format>().is_err()));
    }
}
