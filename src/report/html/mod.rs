//! A report as one HTML file: no network, and a policy that allows its own style and script only, by their hashes.

mod coverage;
mod marking;
mod summary;
mod timeline;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::escape::{visible, visible_lines};
use crate::report::model::{Block, Report, Table};
use crate::time;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Returns a report as HTML.
pub(super) fn written(report: &Report) -> String {
    let style = format!("{STYLE}{}", marking::page_style(report));
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(&style),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (visible(&report.title)) }
                style { (PreEscaped(&style)) }
            }
            body {
                (marking::paragraph(report))
                h1 { (visible(&report.title)) }
                nav aria-label="Contents" {
                    ol { @for section in &report.sections { li { a href=(format!("#{}", section.id)) { (section.title) } } } }
                }
                main {
                    @for section in &report.sections {
                        section id=(section.id) {
                            h2 { (section.title) }
                            @for block in &section.blocks { (written_block(block)) }
                        }
                    }
                }
                (marking::paragraph(report))
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Returns the source of a policy that allows a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

fn written_block(block: &Block) -> Markup {
    match block {
        Block::Text(text) => html! { p { (visible_lines(text)) } },
        Block::Warning(text) => html! { p.warning { (visible_lines(text)) } },
        Block::Markdown(text) => PreEscaped(summary::html(text)),
        Block::List(items) => html! { ul { @for item in items { li { (visible(item)) } } } },
        Block::Facts(facts) => html! {
            dl { @for (name, value) in facts { dt { (name) } dd { (visible(value)) } } }
        },
        Block::Table(table) => written_table(table),
        Block::Timeline(bars) => timeline::svg(bars),
        Block::Coverage(chart) => coverage::svg(chart),
        Block::Record { id, title, json } => html! {
            h3 id=(id) { (visible(title)) }
            pre { (between_tags(&visible_lines(json))) }
        },
    }
}

/// Escapes text between tags, where quotes stand for themselves. Escaped quotes make up a quarter of a record's bytes.
fn between_tags(text: &str) -> Markup {
    PreEscaped(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// Returns the heading of a column: a button that sorts, and text for paper, since Chromium repeats text alone on the pages
/// of a table.
fn heading(column: &str) -> Markup {
    html! { th scope="col" { button type="button" { (column) } span.paper aria-hidden="true" { (column) } } }
}

/// The length of the longest time that is shown, with an offset.
const TIME_LENGTH: usize = 25;

/// Reports whether a cell is a time, which is not to be wrapped.
fn is_time(cell: &str) -> bool {
    cell.len() <= TIME_LENGTH && time::parse(cell).is_some()
}

fn written_table(table: &Table) -> Markup {
    if table.rows.is_empty() {
        return html! { p.muted { (table.empty) } };
    }
    let cell = |at: usize, cell: &str| match table.linked {
        Some(linked) if linked == at => html! { a href=(format!("#{cell}")) { (visible(cell)) } },
        _ => html! { (visible(cell)) },
    };
    html! {
        div.scroll {
            table.sortable {
                thead { tr { @for column in &table.columns { (heading(column)) } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (at, text) in row.iter().enumerate() {
                                td.whole[table.linked == Some(at) || is_time(text)] { (cell(at, text)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
