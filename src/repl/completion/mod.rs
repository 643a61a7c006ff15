//! Completion: finds the texts that fit at the cursor of a line. Pure but for the values and tables that a [`Source`] gives.

mod candidate;
mod command;
mod lookup;
pub(super) mod sql;

pub(super) use candidate::Completion;
pub(crate) use candidate::{Candidate, Source};

use crate::session::input::Input;

/// Completes a line at an offset; `pending` is the SQL statement that goes on in it, if one does.
pub(crate) fn complete(line: &str, at: usize, pending: &str, source: &dyn Source) -> Completion {
    let before = line.get(..at).unwrap_or(line);
    let complete_sql = || words(sql::complete(before, &format!("{pending}\n{line}"), source));
    if !pending.is_empty() {
        return complete_sql();
    }
    match Input::of(before) {
        Input::Command(_) => command::complete(before, source),
        Input::Sql(_) => complete_sql(),
        Input::Lookup(_) | Input::Nothing => words(lookup::complete(before, source)),
    }
}

/// Words from an offset.
fn words((start, candidates): (usize, Vec<Candidate>)) -> Completion {
    Completion::Words(start, candidates)
}

#[cfg(test)]
mod testing {
    //! A case for the tests of completion.

    use super::{Completion, Source, complete};
    use crate::fields::Field;
    use crate::session::SampledKey;
    use crate::store::ValueCount;

    /// A few values and two tables.
    pub(crate) struct Fixed;

    impl Source for Fixed {
        fn values(&self, field: &Field, prefix: &str, most: usize) -> Vec<ValueCount> {
            let all: &[(&str, u64)] = match field.name {
                "event-name" => &[("ConsoleLogin", 1200), ("CreateUser", 3)],
                "outcome" => &[("denied", 4), ("ok", 0)],
                "user" => &[("alice", 9), ("a b", 2), ("a\x1bb", 1)],
                "resource" => &[("i-0abc", 5), ("i-0def", 2)],
                "tag" => &[("odd", 2)],
                "key" => &[("AKIABUILD", 5), ("ASIAONE", 2)],
                _ => &[],
            };
            let begins = all.iter().filter(|(value, _)| value.starts_with(prefix));
            let counted = |(value, events): &(&str, u64)| ValueCount {
                value: (*value).to_owned(),
                events: *events,
                more: false,
                last_seen: (*events > 0).then(|| "2024-03-01T09:00:00Z".to_owned()),
            };
            begins.take(most).map(counted).collect()
        }

        fn people(&self, prefix: &str, _: usize) -> Vec<ValueCount> {
            let all =
                ["alice@example.com", "Alice Example", "a\x1b"].into_iter().filter(|name| name.starts_with(prefix));
            let named = |name: &str| ValueCount { value: name.to_owned(), events: 3, more: false, last_seen: None };
            all.map(named).collect()
        }

        fn keys(&self, filter: &str, path: &[&str]) -> Vec<SampledKey> {
            let key = |key: &str, records, has_keys| SampledKey { key: key.to_owned(), records, has_keys };
            match (filter.trim(), path) {
                ("user=alice", ["request"]) => vec![key("bucketName", 9, false), key("policy", 2, true)],
                (_, ["requestParameters", "policy"]) => vec![key("Version", 1, false), key("a\x1b", 1, false)],
                _ => Vec::new(),
            }
        }

        fn queries(&self) -> Vec<(String, Vec<String>)> {
            let params = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            vec![("lineage".to_owned(), params(&["key", "since"])), ("console-logins".to_owned(), params(&["since"]))]
        }

        fn tables(&self) -> Vec<(String, Vec<String>)> {
            vec![
                ("events".to_owned(), vec!["id".to_owned(), "event_name".to_owned()]),
                ("identities".to_owned(), vec!["id".to_owned(), "arn".to_owned()]),
            ]
        }

        fn rules(&self) -> Vec<String> {
            ["trail-stopped", "trails-changed", "root-used"].map(str::to_owned).to_vec()
        }
    }

    /// The line with each candidate put in, up to the cursor.
    pub(crate) fn lines(line: &str, pending: bool) -> Vec<String> {
        match complete(line, line.len(), if pending { "SELECT x" } else { "" }, &Fixed) {
            Completion::Files => vec!["FILES".to_owned()],
            Completion::Outputs => vec!["OUTPUTS".to_owned()],
            Completion::Words(start, candidates) => {
                candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.text)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::lines;

    #[test]
    fn commands_and_their_arguments_are_completed() {
        assert_eq!(lines(".ti", false), [".timer "]);
        assert_eq!(lines(".qui", false), [".quit"]);
        assert_eq!(lines(".tz l", false), Vec::<String>::new());
        assert_eq!(lines(".zoom ", false), [".zoom in", ".zoom out"]);
        assert_eq!(lines(".tag 3 o", false), [".tag 3 odd"]);
        assert_eq!(lines(".filter user=al", false), [".filter user=alice"]);
        assert_eq!(lines(".mode ta", false), [".mode table"]);
        assert_eq!(lines(".timer o", false), [".timer on", ".timer off"]);
        assert_eq!(lines(".schema i", false), [".schema identities"]);
        assert_eq!(lines(".help timel", false), [".help timeline"]);
        assert_eq!(lines(".read x", false), ["FILES"]);
        assert_eq!(lines(".once x", false), ["OUTPUTS"]);
        assert_eq!(lines(".once --f", false), [".once --force "]);
        assert_eq!(lines(".run l", false), [".run lineage "]);
        assert_eq!(lines(".run lineage ", false), [".run lineage key=", ".run lineage since="]);
        assert_eq!(lines(".run lineage key=x s", false), [".run lineage key=x since="]);
        assert_eq!(lines(".run console-logins user=al", false), [".run console-logins user=alice"]);
        assert_eq!(
            lines(".run console-logins user=", false),
            [".run console-logins user=alice", ".run console-logins user=\"a b\""]
        );
        assert!(lines(".run console-logins since=", false).is_empty());
        assert!(lines(".run nonsense ", false).is_empty());
        assert_eq!(lines(".queries c", false), [".queries console-logins"]);
        assert_eq!(lines(".explain event-name=Cr", false), [".explain event-name=CreateUser"]);
        assert!(lines(".show ", false).is_empty());
        assert_eq!(lines(".verdict trails", false), [".verdict trails-changed "]);
        assert!(lines(".verdict 2 tr", false).iter().any(|line| line == ".verdict 2 true"));
        assert_eq!(lines(".verdict trail-stopped alice b", false), [".verdict trail-stopped alice benign"]);
        assert_eq!(lines(".ignore a", false), [".ignore add", ".ignore accept"]);
        assert_eq!(
            lines(".ignore add mine tr", false),
            [".ignore add mine trail-stopped", ".ignore add mine trails-changed"]
        );
        assert_eq!(lines(".ignore add mine root-used,trail-", false), [".ignore add mine root-used,trail-stopped"]);
        assert_eq!(lines(".ignore add mine a", false), [".ignore add mine all"]);
        assert!(lines(".ignore add ", false).is_empty() && lines(".ignore remove r", false).is_empty());
    }
}
