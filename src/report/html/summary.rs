//! The analyst's summary, from Markdown to HTML. Raw HTML in it is shown as text, and pictures are left out: the page
//! loads nothing. Links lead to web pages and mail addresses only.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

use crate::escape::visible_lines;

/// The beginnings of addresses that a link may have.
const SCHEMES: [&str; 4] = ["https://", "http://", "mailto:", "#"];

/// Returns Markdown as HTML.
pub(super) fn html(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut out = String::new();
    push_html(&mut out, Parser::new_ext(markdown, options).filter_map(harmless));
    out
}

/// Returns an event without anything that acts or loads.
fn harmless(event: Event<'_>) -> Option<Event<'_>> {
    Some(match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Text(text) => Event::Text(CowStr::from(visible_lines(&text).into_owned())),
        Event::Code(text) => Event::Code(CowStr::from(visible_lines(&text).into_owned())),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => return None,
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let is_harmless = SCHEMES.iter().any(|scheme| dest_url.starts_with(scheme));
            let dest_url = if is_harmless { dest_url } else { CowStr::from("#summary") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn markdown_becomes_html_that_does_nothing() {
        for (markdown, expected) in [
            ("# Title\n\n*a* **b**", "<h1>Title</h1>\n<p><em>a</em> <strong>b</strong></p>\n"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>\n"),
            ("[x](javascript:alert(1))", "<p><a href=\"#summary\">x</a></p>\n"),
            ("[x](https://example.com)", "<p><a href=\"https://example.com\">x</a></p>\n"),
            ("![alt](https://example.com/x.png)", "<p>alt</p>\n"),
            ("bidi \u{202e}x", "<p>bidi \\u{202e}x</p>\n"),
        ] {
            assert_eq!(html(markdown), expected, "{markdown}");
        }
    }
}
