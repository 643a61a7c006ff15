//! Commands that other shells have, with what to use instead.

/// sqlite3's commands that trailq has none of, each with the answer to it.
pub const FOREIGN: &[(&str, &str)] = &[
    (".archive", "trail files inside archives are read by `.import`"),
    (".auth", "nothing that is typed can change the case"),
    (".backup", "a case is one file: copy it"),
    (".cd", "name files by their path"),
    (".changes", "nothing that is typed changes events"),
    (".check", "`--fail-on-rows` makes a lookup a check"),
    (".clone", "a case is one file: copy it"),
    (".connection", "one case is open; `trailq CASE` opens another"),
    (".dbconfig", "SQL on a case only looks"),
    (".dbinfo", "`.info` tells what the case holds"),
    (".dump", "a case is one file: copy it; `--format csv` writes rows for other programs"),
    (".excel", "`.once FILE.csv` after `.mode csv` writes what a spreadsheet opens"),
    (".expert", "`.explain LOOKUP` and `.eqp on` show the plan; the indexes are made by `.import`"),
    (".filectrl", "the case is open read-only"),
    (".fullschema", "`.schema` shows how everything is made"),
    (".imposter", "SQL on a case only looks"),
    (".intck", "`PRAGMA integrity_check;` checks the file"),
    (".iotrace", "`.timer on` tells how long each input took"),
    (".limit", "`| limit N` says how many rows a lookup shows"),
    (".lint", "the case has its foreign keys and indexes; `.indexes` lists them"),
    (".load", "SQL on a case loads no extensions; `.help functions` lists trailq's own"),
    (".log", "errors are shown where they happen"),
    (".nonce", "nothing that is typed can change the case"),
    (".progress", "Ctrl-C cancels what is running"),
    (".prompt", "the prompt is always trailq's"),
    (".recover", "take a sound copy, or import the trail files into a new case"),
    (".restore", "a case is one file: put the copy in its place"),
    (".scanstats", "`.eqp on` shows the plan, and `.timer on` the time"),
    (".separator", "`.mode csv` and `.mode tsv` have the separators of their formats"),
    (".sha3sum", "`.info` tells what the case holds; a case is one file: sha256sum it"),
    (".shell", "`.once FILE` writes an answer for other programs; Ctrl-Z goes to the shell"),
    (".stats", "`.timer on` tells how long each input took"),
    (".system", "`.once FILE` writes an answer for other programs; Ctrl-Z goes to the shell"),
    (".testcase", "`trailq script FILE` runs what a file holds"),
    (".testctrl", "nothing that is typed can change the case"),
    (".timeout", "trailq waits five seconds for another writer"),
    (".trace", "`.explain LOOKUP` shows the SQL of a lookup"),
    (".unmodule", "SQL on a case loads no extensions"),
    (".version", "`trailq --version` tells it"),
    (".vfsinfo", "`.databases` tells where the case is"),
    (".vfslist", "`.databases` tells where the case is"),
    (".vfsname", "`.databases` tells where the case is"),
    (".www", "`.mode markdown` writes tables for documents"),
];

/// What to use in place of a command of another shell.
pub fn advice(name: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(known, _)| *known == name).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::super::commands;
    use super::FOREIGN;

    #[test]
    fn no_command_is_both_there_and_foreign() {
        for (name, advice) in FOREIGN {
            assert!(commands::find(name).is_none(), "{name}");
            assert!(!advice.ends_with('.'), "{name}");
        }
    }
}
