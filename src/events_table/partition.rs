//! Partitions: the folders of a table by date, or by account, Region and date, named as Hive names them.

use std::path::{Path, PathBuf};

use crate::event::{Event, Text};

/// The columns by which a table is partitioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartitionBy {
    /// By `event_date`.
    #[default]
    Date,
    /// By `account`, `region` and `event_date`.
    AccountRegionDate,
}

/// The folder of the rows without a value, as Hive names it.
const WITHOUT_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";
/// The longest value of a partition. Accounts and Regions are shorter.
const MAX_VALUE: usize = 64;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The values of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Partition {
    place: Option<(Option<Text>, Option<Text>)>,
    /// Days since 1970; `None` for events without a time.
    day: Option<i64>,
}

impl PartitionBy {
    /// Returns the name in options.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PartitionBy::Date => "date",
            PartitionBy::AccountRegionDate => "account,region,date",
        }
    }

    /// Returns the partition of an event.
    pub(crate) fn partition(self, event: &Event) -> Partition {
        let day = event.time.map(|time| time.div_euclid(DAY));
        let place = match self {
            PartitionBy::Date => None,
            PartitionBy::AccountRegionDate => {
                Some((plain(event.recipient_account_id.as_ref()), plain(event.aws_region.as_ref())))
            }
        };
        Partition { place, day }
    }
}

/// Returns a value that can name a folder as it is. Any other text comes from a broken record, and its event is with
/// those that have no value; the column of the table has the text.
fn plain(value: Option<&Text>) -> Option<Text> {
    let is_plain = |text: &&Text| {
        (1..=MAX_VALUE).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && text.as_str() != WITHOUT_VALUE
    };
    value.filter(is_plain).cloned()
}

impl Partition {
    /// Returns its folder below that of the table.
    pub(crate) fn folder(&self, table: &Path) -> PathBuf {
        let mut folder = table.to_owned();
        if let Some((account, region)) = &self.place {
            folder.push(format!("account={}", account.as_deref().unwrap_or(WITHOUT_VALUE)));
            folder.push(format!("region={}", region.as_deref().unwrap_or(WITHOUT_VALUE)));
        }
        let date = self.day.and_then(|day| jiff::Timestamp::from_second(day * DAY).ok());
        let date = date.map(|date| date.to_string().get(..10).unwrap_or_default().to_owned());
        folder.push(format!("event_date={}", date.as_deref().unwrap_or(WITHOUT_VALUE)));
        folder
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Partition, plain};
    use crate::event::Text;

    #[test]
    fn folders_are_named_as_hive_names_them() {
        let folder = |place, day| Partition { place, day }.folder(Path::new("t")).display().to_string();
        assert_eq!(folder(None, Some(19_783)), "t/event_date=2024-03-01");
        assert_eq!(folder(None, Some(-1)), "t/event_date=1969-12-31");
        assert_eq!(folder(None, None), "t/event_date=__HIVE_DEFAULT_PARTITION__");
        let place = Some((Some(Text::from("111122223333")), None));
        let expected = "t/account=111122223333/region=__HIVE_DEFAULT_PARTITION__/event_date=1970-01-01";
        assert_eq!(folder(place, Some(0)), expected);
    }

    #[test]
    fn a_value_that_could_leave_its_folder_is_none() {
        for (text, is_kept) in
            [("us-east-1", true), ("..", false), ("a/b", false), ("", false), ("a=b", false), ("ü", false)]
        {
            assert_eq!(plain(Some(&Text::from(text))).is_some(), is_kept, "{text}");
        }
        assert!(plain(Some(&Text::from("a".repeat(65)))).is_none());
    }
}
