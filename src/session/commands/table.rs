//! The table of dot-commands, which feeds dispatch, help and completion.

use crate::session::commands::command::Commands;
use crate::session::commands::{
    annotate, credential_tree, diff_records, display, edit, explain, help, hunt, ignore, last_answer, leads, mark,
    noise, output, param, pivot, plot, queries, refine, replay, report, say, schema, script, settings, show, transfer,
    validate, verdict,
};

/// Every dot-command. A new command is an entry in the file of its group.
pub const COMMANDS: Commands = Commands(&[
    help::COMMANDS,
    show::COMMANDS,
    report::COMMANDS,
    say::COMMANDS,
    edit::COMMANDS,
    queries::COMMANDS,
    hunt::COMMANDS,
    leads::COMMANDS,
    pivot::COMMANDS,
    credential_tree::COMMANDS,
    diff_records::COMMANDS,
    refine::COMMANDS,
    last_answer::COMMANDS,
    annotate::COMMANDS,
    mark::COMMANDS,
    verdict::COMMANDS,
    ignore::COMMANDS,
    replay::COMMANDS,
    noise::COMMANDS,
    plot::COMMANDS,
    explain::COMMANDS,
    schema::COMMANDS,
    display::COMMANDS,
    output::COMMANDS,
    param::COMMANDS,
    settings::COMMANDS,
    transfer::COMMANDS,
    validate::COMMANDS,
    script::COMMANDS,
]);

#[cfg(test)]
mod tests {
    use super::COMMANDS;

    #[test]
    fn every_command_has_one_name() {
        let names: Vec<&str> =
            COMMANDS.iter().flat_map(|command| [Some(command.name), command.alias]).flatten().collect();
        for (at, name) in names.iter().enumerate() {
            assert!(name.starts_with('.') && !names[..at].contains(name), "{name}");
        }
        assert!(COMMANDS.iter().all(|command| !command.help.ends_with('.')));
    }
}
