//! The categories of events, and the kinds of files that they are delivered in.

/// A category of events, which trails select and deliver separately.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Category {
    /// Operations on the account's resources: what a trail records by default.
    Management,
    /// Operations within a resource, such as reading an object.
    Data,
    /// Calls through a VPC endpoint.
    NetworkActivity,
    /// Unusual rates of calls and errors.
    Insight,
}

impl Category {
    /// Every category, in the order of answers.
    pub(crate) const ALL: [Category; 4] =
        [Category::Management, Category::Data, Category::NetworkActivity, Category::Insight];

    /// Returns the name, as `eventCategory` spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Category::Management => "Management",
            Category::Data => "Data",
            Category::NetworkActivity => "NetworkActivity",
            Category::Insight => "Insight",
        }
    }

    /// Returns the name in a sentence.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Category::Management => "management events",
            Category::Data => "data events",
            Category::NetworkActivity => "network activity events",
            Category::Insight => "Insights events",
        }
    }

    /// Returns the category of events. Records before version 1.07 have none; `managementEvent` tells there, and
    /// where that is missing too the event is taken for a management event.
    pub(crate) fn of_event(category: Option<&str>, management_event: Option<bool>) -> Option<Category> {
        match category {
            Some(name) => Category::ALL.into_iter().find(|category| category.name() == name),
            None if management_event == Some(false) => Some(Category::Data),
            None => Some(Category::Management),
        }
    }
}

/// A kind of delivered file, by the part of its name and key after the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FileKind {
    /// `CloudTrail`: management and data events.
    Events,
    /// `CloudTrail-NetworkActivity`.
    NetworkActivity,
    /// `CloudTrail-Insight`.
    Insight,
}

impl FileKind {
    /// Returns the kind of a delivered file by its name or key; `None` for digests and aggregated events.
    pub(crate) fn of_name(name: &str) -> Option<FileKind> {
        let name = name.rsplit(['/', '\\', '!']).next().unwrap_or(name);
        let kind = name.split('_').nth(1).unwrap_or_default();
        match kind {
            "CloudTrail-NetworkActivity" => Some(FileKind::NetworkActivity),
            "CloudTrail-Insight" => Some(FileKind::Insight),
            "CloudTrail-Digest" | "CloudTrail-Aggregated" => None,
            _ => Some(FileKind::Events),
        }
    }

    /// Reports whether files of this kind hold events of a category.
    pub(crate) fn holds(self, category: Category) -> bool {
        match self {
            FileKind::Events => matches!(category, Category::Management | Category::Data),
            FileKind::NetworkActivity => category == Category::NetworkActivity,
            FileKind::Insight => category == Category::Insight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Category, FileKind};

    #[test]
    fn a_record_without_a_category_is_data_only_if_it_says_so() {
        assert_eq!(Category::of_event(None, None), Some(Category::Management));
        assert_eq!(Category::of_event(None, Some(true)), Some(Category::Management));
        assert_eq!(Category::of_event(None, Some(false)), Some(Category::Data));
        assert_eq!(Category::of_event(Some("Insight"), Some(true)), Some(Category::Insight));
        assert_eq!(Category::of_event(Some("Aggregated"), None), None);
    }

    #[test]
    fn files_are_told_apart_by_their_names() {
        let kind = |kind: &str| FileKind::of_name(&format!("a/111122223333_{kind}_us-east-1_20240301T0905Z_x.json.gz"));
        assert_eq!(kind("CloudTrail"), Some(FileKind::Events));
        assert_eq!(kind("CloudTrail-Insight"), Some(FileKind::Insight));
        assert_eq!(kind("CloudTrail-NetworkActivity"), Some(FileKind::NetworkActivity));
        assert_eq!(kind("CloudTrail-Digest"), None);
        assert_eq!(kind("CloudTrail-Aggregated"), None);
        assert_eq!(FileKind::of_name("renamed.json"), Some(FileKind::Events));
        let held = |kind: FileKind| Category::ALL.into_iter().filter(|category| kind.holds(*category)).count();
        assert_eq!([FileKind::Events, FileKind::Insight, FileKind::NetworkActivity].map(held), [2, 1, 1]);
    }
}
