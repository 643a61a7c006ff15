//! The guide for users: Markdown pages that are part of the program. `trailq guide` shows them.

pub(crate) mod screen;

use crate::diagnostic::{Diagnostic, nearest};
use crate::embedded::{self, Text};

/// The advice that names the list of topics.
const LIST: &str = "`trailq guide` lists the topics";
/// The most pages that an error names.
const MAX_PAGES_NAMED: usize = 5;

/// A page of the guide.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The topic: the name of the page's file.
    pub topic: &'static str,
    text: Text,
}

impl Page {
    /// Returns the page in Markdown, or the source of a program.
    pub fn text(&self) -> &'static str {
        self.text.as_str()
    }

    /// Returns the title: the first heading.
    pub fn title(&self) -> &'static str {
        self.text().lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(self.topic)
    }
}

/// Declares pages by the constants of their texts.
macro_rules! pages {
    ($($topic:literal: $text:ident),* $(,)?) => {
        &[$(Page { topic: $topic, text: embedded::$text }),*]
    };
}

/// The pages, in reading order.
pub const PAGES: &[Page] = pages! {
    "tutorial": TUTORIAL_MD,
    "walk": WALK_MD,
    "import": IMPORT_MD,
    "lookup-language": LOOKUP_LANGUAGE_MD,
    "fields": FIELDS_MD,
    "sql": SQL_MD,
    "saved-queries": SAVED_QUERIES_MD,
    "coverage": COVERAGE_MD,
    "context": CONTEXT_MD,
    "hunt": HUNT_MD,
    "report": REPORT_MD,
    "detections": DETECTIONS_MD,
    "sigma": SIGMA_MD,
    "repl": REPL_MD,
    "findings": FINDINGS_MD,
    "scripts": SCRIPTS_MD,
    "sharing": SHARING_MD,
    "custody": CUSTODY_MD,
    "validate": VALIDATE_MD,
    "collect": COLLECT_MD,
    "lookup-events": LOOKUP_EVENTS_MD,
    "other-engines": OTHER_ENGINES_MD,
    "output": OUTPUT_MD,
    "settings": SETTINGS_MD,
    "performance": PERFORMANCE_MD,
    "one-machine": ONE_MACHINE_MD,
    "spark": SPARK_MD,
    "faq": FAQ_MD,
    "commands": COMMANDS_MD,
};

/// The pages about how trailq works, for contributors.
pub const INTERNALS: &[Page] = pages! {
    "architecture": ARCHITECTURE_MD,
    "formats": FORMATS_MD,
    "storage": STORAGE_MD,
    "planning": PLANNING_MD,
    "dependencies": DEPENDENCIES_MD,
};

/// Programs that pages explain. `trailq guide NAME` prints one as it is.
pub const PROGRAMS: &[Page] = pages! {
    "spark_convert.py": SPARK_CONVERT_PY,
    "spark_ask.py": SPARK_ASK_PY,
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
    let mentions = |page: &&Page| wanted.len() > 2 && page.text().to_lowercase().contains(&wanted);
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
        |program: &Page| program.text().lines().find_map(|line| line.strip_prefix("\"\"\"")).unwrap_or_default();
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
            assert!(page.text().starts_with("# "), "{}", page.topic);
            assert_eq!(pages().filter(|other| other.topic == page.topic).count(), 1, "{}", page.topic);
            assert!(listed.contains(page.title()) && page.title().chars().count() <= 60, "{}", page.topic);
        }
    }
}
