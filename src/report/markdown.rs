//! A report in Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::render::escape_markdown as markdown_text;
use crate::report::model::{Block, CoverageChart, Lane, Report, Table};

/// Returns a report as Markdown.
pub(super) fn written(report: &Report) -> String {
    let mut out = format!("# {}\n", markdown_text(&report.title));
    if let Some(marking) = &report.marking {
        let _ = write!(out, "\n**{}**\n", markdown_text(marking));
    }
    for section in &report.sections {
        let _ = write!(out, "\n## {}\n", section.title);
        for block in &section.blocks {
            out.push('\n');
            write_block(&mut out, block);
        }
    }
    out
}

fn write_block(out: &mut String, block: &Block) {
    match block {
        Block::Text(text) => out.push_str(&format!("{}\n", markdown_text(text))),
        Block::Warning(text) => out.push_str(&format!("> **{}**\n", markdown_text(text))),
        // The analyst's own text stays as it is.
        Block::Markdown(text) => out.push_str(&format!("{}\n", text.trim_end())),
        Block::List(items) => items.iter().for_each(|item| out.push_str(&format!("- {}\n", markdown_text(item)))),
        Block::Facts(facts) => {
            let rows = facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
            write_table(out, &Table { columns: vec!["", ""], rows, ..Table::default() });
        }
        Block::Table(table) => write_table(out, table),
        Block::Timeline(bars) => {
            let rows = bars.iter().filter(|(_, events)| *events > 0);
            let rows = rows.map(|(label, events)| vec![label.clone(), events.to_string()]).collect();
            write_table(out, &Table { columns: vec!["from", "events"], rows, ..Table::default() });
        }
        Block::Coverage(chart) => write_coverage(out, chart),
        Block::Record { title, json, .. } => {
            // A fence longer than any in the record, which cannot end it.
            let fence = "`".repeat(3.max(longest_run(json) + 1));
            let _ = write!(out, "### {}\n\n{fence}json\n{}\n{fence}\n", markdown_text(title), json.trim_end());
        }
    }
}

/// Writes the number of cells of each state, a row a place.
fn write_coverage(out: &mut String, chart: &CoverageChart) {
    let row = |lane: &Lane| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        lane.cells.iter().for_each(|state| *counts.entry(state).or_default() += 1);
        let counts: Vec<String> = counts.iter().map(|(state, count)| format!("{state} {count}")).collect();
        vec![lane.label.clone(), counts.join(", ")]
    };
    let states = if chart.hours == 1 { "hours" } else { "spans of several hours" };
    let rows = chart.lanes.iter().map(row).collect();
    write_table(out, &Table { columns: vec!["coverage", states], rows, ..Table::default() });
}

fn write_table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        out.push_str(&format!("{}\n", markdown_text(table.empty)));
        return;
    }
    let line = |out: &mut String, cells: &mut dyn Iterator<Item = String>| {
        out.push('|');
        cells.for_each(|cell| out.push_str(&format!(" {cell} |")));
        out.push('\n');
    };
    line(out, &mut table.columns.iter().map(|name| markdown_text(name)));
    line(out, &mut table.columns.iter().map(|_| "---".to_owned()));
    for row in &table.rows {
        line(out, &mut row.iter().map(|cell| markdown_text(cell)));
    }
}

/// Returns the length of the longest run of backquotes.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
