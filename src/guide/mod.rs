//! The guide for users: Markdown pages that are part of the program. `trailq guide` shows them.

pub(crate) mod screen;

use crate::diagnostic::{Diagnostic, nearest};

/// The advice that names the list of topics.
const LIST: &str = "`trailq guide` lists the topics";
/// The most pages that an error names.
const MAX_PAGES_NAMED: usize = 5;

/// A page of the guide.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The topic: the name of the page's file.
    pub topic: &'static str,
    /// The page in Markdown.
    pub text: &'static str,
}

impl Page {
    /// Returns the title: the first heading.
    pub fn title(&self) -> &'static str {
        self.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(self.topic)
    }
}

/// Declares pages by the paths of their files.
macro_rules! pages {
    ($($topic:literal: $file:literal),* $(,)?) => {
        &[$(Page { topic: $topic, text: include_str!($file) }),*]
    };
}

/// The pages, in reading order.
pub const PAGES: &[Page] = pages! {
    "tutorial": "tutorial.md",
    "walk": "walk.md",
    "import": "import.md",
    "lookup-language": "lookup-language.md",
    "fields": "fields.md",
    "sql": "sql.md",
    "saved-queries": "saved-queries.md",
    "coverage": "coverage.md",
    "context": "context.md",
    "hunt": "hunt.md",
    "report": "report.md",
    "detections": "detections.md",
    "sigma": "sigma.md",
    "repl": "repl.md",
    "findings": "findings.md",
    "scripts": "scripts.md",
    "sharing": "sharing.md",
    "custody": "custody.md",
    "validate": "validate.md",
    "collect": "collect.md",
    "lookup-events": "lookup-events.md",
    "other-engines": "other-engines.md",
    "output": "output.md",
    "settings": "settings.md",
    "performance": "performance.md",
    "one-machine": "one-machine.md",
    "spark": "spark.md",
    "faq": "faq.md",
    "commands": "commands.md",
};

/// The pages about how trailq works, for contributors.
pub const INTERNALS: &[Page] = pages! {
    "architecture": "internals/architecture.md",
    "formats": "internals/formats.md",
    "storage": "internals/storage.md",
    "planning": "internals/planning.md",
    "dependencies": "internals/dependencies.md",
};

/// Programs that pages explain. `trailq guide NAME` prints one as it is.
pub const PROGRAMS: &[Page] = pages! {
    "spark_convert.py": "spark_convert.py",
    "spark_ask.py": "spark_ask.py",
};

/// Returns the program of a name.
pub(crate) fn program(name: &str) -> Option<&'static Page> {
    PROGRAMS.iter().find(|program| program.topic == name)
}

/// Returns all pages.
pub(crate) fn pages() -> impl Iterator<Item = &'static Page> {
    PAGES.iter().chain(INTERNALS)
}

/// Returns the page of a topic. Case does not count, and the path of a page is a topic too: `internals/storage.md`.
pub(crate) fn find(topic: &str) -> Result<&'static Page, Diagnostic> {
    let wanted = topic.to_lowercase();
    let wanted = wanted.rsplit('/').next().unwrap_or_default();
    let wanted = wanted.strip_suffix(".md").unwrap_or(wanted).replace('_', "-");
    pages().find(|page| page.topic == wanted).ok_or_else(|| unknown(topic))
}

/// Returns the mistake of an unknown topic, with the nearest one, else the pages that mention the word.
fn unknown(topic: &str) -> Diagnostic {
    let wanted = topic.to_lowercase();
    let mistake = Diagnostic::new(format!("the guide has no topic `{topic}`"));
    if let Some(near) = nearest(&wanted, pages().map(|page| page.topic)).first() {
        return mistake.hint(format!("did you mean `trailq guide {near}`?")).hint(LIST);
    }
    let mentions = |page: &&Page| wanted.len() > 2 && page.text.to_lowercase().contains(&wanted);
    let named: Vec<&str> = pages().filter(mentions).map(|page| page.topic).take(MAX_PAGES_NAMED).collect();
    let mistake =
        if named.is_empty() { mistake } else { mistake.note(format!("pages that mention it: {}", named.join(", "))) };
    mistake.hint(LIST)
}

/// Returns the list of topics with their titles.
pub(crate) fn topics() -> String {
    let width = pages().map(|page| page.topic.len()).max().unwrap_or(0);
    let lines = |pages: &[Page]| -> String {
        pages.iter().map(|page| format!("  {:width$}  {}\n", page.topic, page.title())).collect()
    };
    let summary =
        |program: &Page| program.text.lines().find_map(|line| line.strip_prefix("\"\"\"")).unwrap_or_default();
    let programs: String =
        PROGRAMS.iter().map(|program| format!("  {:width$}  {}\n", program.topic, summary(program))).collect();
    format!(
        "Topics for `trailq guide TOPIC`:\n{}\nFor contributors:\n{}\nPrograms, to save with `trailq guide NAME > NAME`:\n{programs}",
        lines(PAGES),
        lines(INTERNALS)
    )
}

#[cfg(test)]
mod tests {
    use super::{find, pages, topics};

    #[test]
    fn topics_are_found_by_name_and_by_path() {
        assert_eq!(find("Storage").unwrap().topic, "storage");
        assert_eq!(find("src/guide/internals/storage.md").unwrap().topic, "storage");
        assert_eq!(find("storages").unwrap_err().hints[0], "did you mean `trailq guide storage`?");
        assert!(find("secure_delete").unwrap_err().notes[0].contains("storage"));
        assert!(find("").unwrap_err().notes.is_empty());
    }

    #[test]
    fn every_page_has_a_title_and_a_name_of_its_own() {
        let listed = topics();
        for page in pages() {
            assert!(page.text.starts_with("# "), "{}", page.topic);
            assert_eq!(pages().filter(|other| other.topic == page.topic).count(), 1, "{}", page.topic);
            assert!(listed.contains(page.title()) && page.title().chars().count() <= 60, "{}", page.topic);
        }
    }
}
