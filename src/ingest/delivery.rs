//! The account, Region and time of delivery in the name of a delivered file (`guide/internals/formats.md`, 1.2).

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::literal;
use crate::store::Delivery;

/// The parts of a delivered file's name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Name {
    account_id: Option<String>,
    region: Option<String>,
    delivered_at: Option<String>,
}

impl Name {
    /// Reads the name of a file; anything that is not a delivered file's name says nothing.
    pub(crate) fn parse(file_name: &str) -> Name {
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
            literal(concat!(
                r"^(\d{12})_CloudTrail(?:-[A-Za-z]+)?_([a-z]{2}(?:-[a-z]+)+-\d+)_(?:.*_)?",
                r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})?Z"
            ))
        });
        let Some(parts) = PATTERN.captures(file_name) else {
            return Name::default();
        };
        let part = |index: usize| parts.get(index).map_or("00", |part| part.as_str());
        Name {
            account_id: Some(part(1).to_owned()),
            region: Some(part(2).to_owned()),
            delivered_at: Some(format!("{}-{}-{}T{}:{}:{}Z", part(3), part(4), part(5), part(6), part(7), part(8))),
        }
    }

    /// As the ledger takes it.
    pub(crate) fn delivery(&self) -> Delivery<'_> {
        Delivery {
            account_id: self.account_id.as_deref(),
            region: self.region.as_deref(),
            delivered_at: self.delivered_at.as_deref(),
        }
    }
}

/// Reports whether a path's last part is the name of a file that CloudTrail delivers.
pub(crate) fn is_delivered(path: &str) -> bool {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    Name::parse(name) != Name::default()
}

#[cfg(test)]
mod tests {
    use super::{Name, is_delivered};

    #[test]
    fn delivered_names_of_every_kind_are_read() {
        for name in [
            "111122223333_CloudTrail_us-east-1_20240301T2305Z_aslG7F8O8NgPrsDF.json.gz",
            "111122223333_CloudTrail_us-east-1_20240301T2305ZaslG7F8O8NgPrsDF.json",
            "111122223333_CloudTrail-Insight_us-east-1_20240301T2305Z_aslG7F8O8NgPrsDF.json.gz",
            "111122223333_CloudTrail-Digest_us-east-1_my_trail_us-east-1_20240301T230500Z.json.gz",
        ] {
            let read = Name::parse(name);
            assert_eq!(read.account_id.as_deref(), Some("111122223333"), "{name}");
            assert_eq!(read.region.as_deref(), Some("us-east-1"), "{name}");
            assert_eq!(read.delivered_at.as_deref(), Some("2024-03-01T23:05:00Z"), "{name}");
        }
        assert_eq!(Name::parse("events.json"), Name::default());
        assert!(is_delivered("a/b/111122223333_CloudTrail_us-east-1_20240301T2305Z_aslG7F8O8NgPrsDF.json.gz"));
        assert!(!is_delivered("111122223333_Config_us-east-1_ConfigHistory_AWS_20240301T230500Z_1.json.gz"));
    }
}
