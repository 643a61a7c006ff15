//! Commands that other shells have, with what to use instead. A word that is known elsewhere is not a misspelling of
//! one of trailq's.

/// Commands of sqlite3 and well-known words of other shells that trailq does not have, each with the answer to it.
pub const FOREIGN: &[(&str, &str)] = &[
    (".alias", "`.save NAME` saves a lookup under a name, and `.run NAME` runs it"),
    (".archive", "trail files inside archives are read by `.import`"),
    (".ask", "type the lookup or the SQL itself, without a command before it"),
    (".auth", "nothing that is typed can change the case"),
    (".backup", "a case is one file: copy it"),
    (".bye", "`.quit` leaves"),
    (".cat", "`.show N` shows a record; `.read FILE` runs a file"),
    (".cd", "name files by their path"),
    (".changes", "nothing that is typed changes events"),
    (".check", "`--fail-on-rows` makes a lookup a check"),
    (".clear", "Ctrl-L clears the screen; `.param clear` forgets parameters"),
    (".clone", "a case is one file: copy it"),
    (".close", "one case is open; `.quit` leaves"),
    (".cls", "Ctrl-L clears the screen"),
    (".columns", "`.schema TABLE` shows the columns of a table; `.help fields` lists what a lookup can ask for"),
    (".connection", "one case is open; `trailq CASE` opens another"),
    (".copy", "`.once FILE.csv` writes the next answer to a file; a case is one file: copy it"),
    (".count", "`LOOKUP | count` counts events, and `| count by FIELD` groups them"),
    (".csv", "`.mode csv` sets the format, and `.once FILE.csv` writes the next answer"),
    (".dbconfig", "SQL on a case only looks"),
    (".dbinfo", "`.info` summarizes the case"),
    (".desc", "`.schema TABLE` shows the columns of a table; `.help fields` lists what a lookup can ask for"),
    (".describe", "`.schema TABLE` shows the columns of a table; `.help fields` lists what a lookup can ask for"),
    (".dump", "a case is one file: copy it; `--format csv` writes rows for other programs"),
    (".editor", "`.edit` opens the last input in an editor; `.read FILE` runs a file"),
    (".end", "`.quit` leaves"),
    (".event", "`.show N` shows the record of row N"),
    (".excel", "`.once FILE.csv` writes what a spreadsheet opens"),
    (".expert", "`.explain LOOKUP` and `.eqp on` show the plan; the indexes are made by `.import`"),
    (".export", "`.once FILE.csv` writes the next answer to a file; `.snapshot FILE` writes events as a case"),
    (".fields", "`.help fields` lists what a lookup can ask for"),
    (".filectrl", "the case is open read-only"),
    (".find", "type the text to search for: alice, or text=\"a phrase\""),
    (".format", "`.mode FORMAT` sets the format of answers"),
    (".fullschema", "`.schema` shows how everything is made"),
    (".grep", "type the text to search for: alice, or text=\"a phrase\""),
    (".head", "`LOOKUP | limit N` shows the newest N events"),
    (".history", "the up arrow and Ctrl-R bring earlier input back; `.session FILE` writes what was done"),
    (".imposter", "SQL on a case only looks"),
    (".intck", "`PRAGMA integrity_check;` checks the file"),
    (".iotrace", "`.timer on` reports the duration of each input"),
    (".json", "`.mode json` sets the format, and `.once FILE.json` writes the next answer"),
    (".less", "`.pager less` shows long answers in it"),
    (".limit", "`| limit N` says how many rows a lookup shows"),
    (".lint", "the case has its foreign keys and indexes; `.indexes` lists them"),
    (".list", "`.tables`, `.queries`, `.notes` and `.noise` list what there is"),
    (".load", "SQL on a case loads no extensions; `.help functions` lists trailq's own"),
    (".log", "errors are shown where they happen"),
    (".logout", "`.quit` leaves"),
    (".lookup", "type the lookup itself, without a command before it"),
    (".ls", "`.tables`, `.queries`, `.notes` and `.noise` list what there is"),
    (".man", "`.help` lists the commands, and `.help NAME` explains one"),
    (".merge", "`trailq merge OTHER.db` brings cases together"),
    (".more", "`.pager on` shows long answers page by page; `LOOKUP | limit N` shows more rows"),
    (".nonce", "nothing that is typed can change the case"),
    (".page", "`.pager on` shows long answers page by page"),
    (".progress", "Ctrl-C cancels what is running"),
    (".prompt", "the prompt is always trailq's"),
    (".q", "`.quit` leaves"),
    (".recover", "get a sound copy, or import the trail files into a new case"),
    (".reset", "`.settings` shows the settings of the session; each setting has a command of its own"),
    (".restore", "a case is one file: put the copy in its place"),
    (".scanstats", "`.eqp on` shows the plan, and `.timer on` the time"),
    (".script", "`.read FILE` runs a script"),
    (".search", "type the text to search for: alice, or text=\"a phrase\""),
    (".select", "SQL is typed without a dot: SELECT * FROM events LIMIT 5;"),
    (".separator", "`.mode csv` and `.mode tsv` have the separators of their formats"),
    (".set", "`.settings` shows the settings of the session; `.param set NAME VALUE` gives a parameter a value"),
    (".sha3sum", "`.info` summarizes the case; a case is one file: sha256sum it"),
    (".shell", "`.once FILE` writes an answer for other programs; Ctrl-Z goes to the shell"),
    (".sort", "`LOOKUP | sort FIELD` sorts an answer"),
    (".source", "`.read FILE` runs a script; source=iam finds events of a service"),
    (".sql", "SQL is typed without a command before it, with a semicolon at its end"),
    (".stats", "`.timer on` reports the duration of each input"),
    (".system", "`.once FILE` writes an answer for other programs; Ctrl-Z goes to the shell"),
    (".tail", "`LOOKUP | sort time | limit N` shows the oldest N events"),
    (".testcase", "`trailq script FILE` runs what a file holds"),
    (".testctrl", "nothing that is typed can change the case"),
    (".timeout", "trailq waits five seconds for another writer"),
    (".trace", "`.explain LOOKUP` shows the SQL of a lookup"),
    (".undo", "`.back` returns to the lookup before; nothing that is typed changes events"),
    (".unmodule", "SQL on a case loads no extensions"),
    (".unset", "`.param unset NAME` takes the value of a parameter away"),
    (".usage", "`.help` lists the commands, and `.help NAME` explains one"),
    (".use", "one case is open; `trailq CASE` opens another"),
    (".verify", "`trailq snapshot --verify FILE` checks a snapshot"),
    (".version", "`trailq --version` shows it"),
    (".vfsinfo", "`.databases` shows the path of the case"),
    (".vfslist", "`.databases` shows the path of the case"),
    (".vfsname", "`.databases` shows the path of the case"),
    (".where", "type the filter itself: user=alice outcome=denied"),
    (".why", "an empty answer says which term removed the last rows"),
    (".write", "`.once FILE.csv` writes the next answer to a file"),
    (".www", "`.mode markdown` writes tables for documents"),
];

/// Returns what to use in place of a command of another shell.
pub fn advice(name: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(known, _)| *known == name).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::{FOREIGN, advice};
    use crate::diagnostic::nearest;
    use crate::session::commands::COMMANDS;

    #[test]
    fn no_command_is_both_native_and_foreign() {
        for (name, advice) in FOREIGN {
            assert!(COMMANDS.find(name).is_none(), "{name}");
            assert!(!advice.ends_with('.'), "{name}");
        }
        assert!(FOREIGN.is_sorted_by_key(|(name, _)| *name));
    }

    #[test]
    fn well_known_words_are_not_misspelled_commands() {
        let names = || COMMANDS.iter().map(|command| command.name);
        for word in [
            "editor", "clear", "cls", "history", "export", "close", "count", "sort", "list", "ls", "head", "tail",
            "more", "less", "page", "set", "source", "version", "why", "backup", "copy", "find", "select", "where",
            "undo", "connect", "login", "write", "stop", "group", "join", "delete", "use", "events",
        ] {
            let word = format!(".{word}");
            assert!(advice(&word).is_some() || nearest(&word, names()).is_empty(), "{word}");
        }
        for (typo, meant) in [
            (".shwo", ".show"),
            (".hlep", ".help"),
            (".exti", ".exit"),
            (".quti", ".quit"),
            (".outptu", ".output"),
            (".onec", ".once"),
            (".filtr", ".filter"),
            (".tabels", ".tables"),
            (".sessoin", ".session"),
            (".querys", ".queries"),
            (".snapsot", ".snapshot"),
        ] {
            assert_eq!(nearest(typo, names()).first(), Some(&meant), "{typo}");
        }
    }
}
