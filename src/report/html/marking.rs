//! The marking of a report: on the first and the last screen, and in the margin of every printed page.

use maud::{Markup, html};

use crate::escape::visible;
use crate::report::model::Report;

/// Returns the marking as a paragraph.
pub(super) fn paragraph(report: &Report) -> Markup {
    html! { @if let Some(marking) = &report.marking { p.marking { (visible(marking)) } } }
}

/// Returns the style of the margins of printed pages: the marking at both ends, beside the page number. A browser without
/// margin boxes prints the paragraphs on the first and the last page.
pub(super) fn page_style(report: &Report) -> String {
    let number = r#"@bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #444; }"#;
    let boxes = report.marking.as_deref().map_or_else(String::new, |marking| {
        let text = css_string(&visible(marking));
        let of_box = |name: &str| format!("{name} {{ content: {text}; font: bold 9pt sans-serif; color: #9b2c2c; }}\n");
        of_box("@top-center") + &of_box("@bottom-center")
    });
    format!("@page {{ size: A4; margin: 15mm;\n{boxes}{number}\n}}\n")
}

/// Returns a text as a CSS string. Everything but letters, digits and spaces of ASCII is an escape of its code point, so
/// that nothing ends the string or the style element.
fn css_string(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == ' ' { c.to_string() } else { format!("\\{:06x}", u32::from(c)) })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::{css_string, page_style};
    use crate::report::model::Report;

    #[test]
    fn a_marking_ends_neither_its_string_nor_the_style() {
        for (text, expected) in [
            ("TLP:RED", "\"TLP\\00003aRED\""),
            ("\"; } </style>", "\"\\000022\\00003b \\00007d \\00003c\\00002fstyle\\00003e\""),
            ("a\\", "\"a\\00005c\""),
            ("é 1", "\"\\0000e9 1\""),
        ] {
            assert_eq!(css_string(text), expected);
        }
    }

    #[test]
    fn a_report_without_a_marking_has_page_numbers_only() {
        let style =
            |marking: Option<&str>| page_style(&Report { marking: marking.map(str::to_owned), ..Report::default() });
        assert!(!style(None).contains("@top-center") && style(None).contains("counter(page)"));
        assert_eq!(style(Some("SECRET")).matches("content: \"SECRET\"").count(), 2);
    }
}
