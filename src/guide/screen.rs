//! Lays out a page of the guide for a screen: wraps paragraphs, fits tables, and marks headings, code and bold text.

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, TableStyle};
use unicode_width::UnicodeWidthStr as _;

use crate::render::palette::{HEADING, KEY, paint};

/// The widest line of a paragraph.
const MAX_WIDTH: usize = 100;

/// Returns the page for a screen of this many columns.
pub(crate) fn lay_out(page: &str, columns: usize, color: bool) -> String {
    let mut screen = Screen { width: columns.min(MAX_WIDTH), columns, color, text: String::new() };
    let lines: Vec<&str> = page.lines().collect();
    let mut rest = lines.as_slice();
    while let Some((line, after)) = rest.split_first() {
        rest = after;
        if line.starts_with("```") {
            rest = screen.code(rest);
        } else if line.starts_with('|') {
            let end = after.iter().position(|line| !line.starts_with('|')).unwrap_or(after.len());
            screen.table(line, &after[..end]);
            rest = &after[end..];
        } else if line.starts_with('#') {
            screen.heading(line);
        } else if line.is_empty() {
            screen.text.push('\n');
        } else if !line.starts_with("<!--") {
            let end = after.iter().position(|line| starts_block(line)).unwrap_or(after.len());
            screen.paragraph(line, &after[..end]);
            rest = &after[end..];
        }
    }
    screen.text
}

/// Reports whether a line begins something other than the rest of a paragraph.
fn starts_block(line: &str) -> bool {
    line.is_empty() || ["```", "|", "#", "<!--"].iter().any(|mark| line.starts_with(mark)) || item_indent(line) > 0
}

/// Returns the width of the mark of a list item and the blanks before it; 0 if the line is not an item.
fn item_indent(line: &str) -> usize {
    let item = line.trim_start();
    let blanks = line.len() - item.len();
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    if item.starts_with("- ") {
        blanks + 2
    } else if digits > 0 && item[digits..].starts_with(". ") {
        blanks + digits + 2
    } else {
        0
    }
}

/// A page that is being laid out.
struct Screen {
    width: usize,
    columns: usize,
    color: bool,
    text: String,
}

impl Screen {
    /// Adds a heading; without color its hash marks stay.
    fn heading(&mut self, line: &str) {
        let text = links(line);
        let shown = if self.color { text.trim_start_matches('#').trim_start().replace('`', "") } else { text };
        self.text += &paint(&shown, HEADING, self.color);
        self.text.push('\n');
    }

    /// Adds a block of code as it is, and returns the lines after it.
    fn code<'a>(&mut self, lines: &'a [&'a str]) -> &'a [&'a str] {
        let end = lines.iter().position(|line| line.starts_with("```")).unwrap_or(lines.len());
        for line in &lines[..end] {
            let shown = if line.starts_with("$ ") || line.starts_with("trailq> ") {
                paint(line, KEY, self.color)
            } else {
                (*line).into()
            };
            self.text += &shown;
            self.text.push('\n');
        }
        lines.get(end + 1..).unwrap_or_default()
    }

    /// Adds a paragraph or a list item, wrapped.
    fn paragraph(&mut self, first: &str, more: &[&str]) {
        let indent = item_indent(first);
        let (mark, rest) = first.split_at(indent);
        let mut text = rest.to_owned();
        for line in more {
            text.push(' ');
            text += line.trim_start();
        }
        let mut marks = Marks::default();
        for (at, line) in wrap(&links(&text), self.width.saturating_sub(indent), self.color).iter().enumerate() {
            let before = if at == 0 { mark.to_owned() } else { " ".repeat(indent) };
            self.text += &before;
            self.text += &marks.paint(line, self.color);
            self.text.push('\n');
        }
    }

    /// Adds a table that fits the screen. Bold marks and links are dropped in cells.
    fn table(&mut self, header: &str, rows: &[&str]) {
        let blank = ContentLineStyle::none().junction(' ');
        let rule = LineStyle::none().fill('─').junction(' ');
        let mut table = comfy_table::Table::new();
        table.load_style(TableStyle::new().header_lines(blank).header_separator(rule).content_lines(blank));
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(self.columns).unwrap_or(u16::MAX));
        table.set_header(cells(header));
        for row in rows.iter().filter(|row| row.contains(|c: char| !"|-: ".contains(c))) {
            table.add_row(cells(row));
        }
        for line in table.lines() {
            self.text += line.trim_end();
            self.text.push('\n');
        }
    }
}

/// Returns the cells of a row.
fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\0");
    let inner = row.trim().trim_start_matches('|').trim_end_matches('|');
    inner.split('|').map(|cell| links(&cell.trim().replace('\0', "|").replace("**", ""))).collect()
}

/// Replaces links by their text, and links to the web by text and address.
fn links(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let link = rest[start..].find("](").and_then(|middle| {
            let label = &rest[start + 1..start + middle];
            let target = &rest[start + middle + 2..];
            let end = target.find(')')?;
            (!label.contains('`') && !target[..end].contains(' ')).then(|| (label, &target[..end], &target[end + 1..]))
        });
        let Some((label, target, after)) = link else {
            shown += &rest[..=start];
            rest = &rest[start + 1..];
            continue;
        };
        shown += &rest[..start];
        shown += label;
        if target.starts_with("http") {
            shown += &format!(" ({target})");
        }
        rest = after;
    }
    shown + rest
}

/// Breaks a text at blanks into lines of a width; a longer word has a line of its own. Marks that are not shown do not
/// count.
fn wrap(text: &str, width: usize, color: bool) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let hidden = 2 * word.matches("**").count() + if color { word.matches('`').count() } else { 0 };
        let needed = word.width().saturating_sub(hidden);
        if used > 0 && used + 1 + needed > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += needed;
        }
    }
    lines
}

/// The marks that are open at the end of a line.
#[derive(Default)]
struct Marks {
    bold: bool,
    code: bool,
}

impl Marks {
    /// Returns a line with bold and code in color; without color, with code as it is and bold unmarked.
    fn paint(&mut self, line: &str, color: bool) -> String {
        let mut painted = String::new();
        let mut piece = String::new();
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if !self.code && rest.starts_with("**") {
                self.flush(&mut piece, &mut painted, color);
                self.bold = !self.bold;
                rest = &rest[2..];
                continue;
            }
            if c == '`' {
                if !color {
                    piece.push(c);
                }
                self.flush(&mut piece, &mut painted, color);
                self.code = !self.code;
            } else {
                piece.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
        self.flush(&mut piece, &mut painted, color);
        painted
    }

    /// Moves a piece of one style to the painted text.
    fn flush(&self, piece: &mut String, painted: &mut String, color: bool) {
        let style = if self.code { KEY } else { HEADING };
        *painted += &paint(piece, style, color && (self.code || self.bold));
        piece.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::lay_out;

    const PAGE: &str = "\
# A page
<!-- a comment -->
Some **bold words** and `a code span` of [another page](other.md), see
[the site](https://example.com).

- an item that is longer than the width of this small screen
  and goes on
1. one

| name | also | meaning |
|---|---|---|
| `a` | `x \\| y` | words that need more than one line of a screen |

```console
$ trailq lookup 'a line of code is never wrapped, however long'
```
";

    #[test]
    fn a_page_fits_the_screen() {
        let shown = lay_out(PAGE, 40, false);
        let expected = "\
# A page
Some bold words and `a code span` of
another page, see the site
(https://example.com).

- an item that is longer than the width
  of this small screen and goes on
1. one

 name   also      meaning
────── ───────── ───────────────────────
 `a`    `x | y`   words that need more
                  than one line of a
                  screen

$ trailq lookup 'a line of code is never wrapped, however long'
";
        assert_eq!(shown, expected);
        let wide = shown.lines().filter(|line| line.chars().count() > 40).count();
        assert_eq!(wide, 1, "only code is wider");
    }

    #[test]
    fn headings_code_and_bold_words_are_painted() {
        let shown = lay_out(PAGE, 40, true);
        assert!(
            shown.starts_with("\u{1b}[1mA page\u{1b}[0m\nSome \u{1b}[1mbold words\u{1b}[0m and \u{1b}[36m"),
            "{shown:?}"
        );
    }
}
