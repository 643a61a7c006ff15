//! The record of a network in a MaxMind DB file, as GeoLite2, GeoIP2, DB-IP and IPinfo write it.

use crate::geo::value::{self, Scalar};

/// The facts of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RecordFacts {
    /// Two capital letters.
    pub(crate) country: Option<String>,
    pub(crate) asn: Option<u32>,
    pub(crate) as_org: Option<String>,
}

impl RecordFacts {
    /// Reads the record at an offset of the data section. The error is what is wrong with it.
    pub(crate) fn read(data: &[u8], offset: usize) -> Result<RecordFacts, String> {
        let mut facts = RecordFacts::default();
        value::read(data, offset, &mut |keys, scalar| facts.take(keys, scalar))?;
        Ok(facts)
    }

    /// Takes a value. `keys`: those that lead to it.
    fn take(&mut self, keys: &[&str], scalar: Scalar<'_>) {
        match (keys, scalar) {
            (["country", "iso_code"] | ["country_code" | "country"], Scalar::Text(text)) => {
                let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
                self.country = self.country.take().or_else(|| is_code.then(|| text.to_ascii_uppercase()));
            }
            (["asn"], Scalar::Text(text)) => {
                self.asn = self.asn.or_else(|| text.trim_start_matches("AS").parse().ok());
            }
            (["asn" | "autonomous_system_number"] | ["traits", "autonomous_system_number"], Scalar::Number(number)) => {
                self.asn = self.asn.or_else(|| u32::try_from(number).ok())
            }
            (
                ["autonomous_system_organization" | "as_name"] | ["traits", "autonomous_system_organization"],
                Scalar::Text(text),
            ) => self.as_org = self.as_org.take().or_else(|| (!text.is_empty()).then(|| text.to_owned())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RecordFacts;
    use crate::geo::value::Scalar::{Number, Other, Text};

    #[test]
    fn records_of_several_makers_are_read() {
        type Value<'v> = (&'v [&'v str], crate::geo::value::Scalar<'v>);
        let of = |country: Option<&str>, asn: Option<u32>, org: Option<&str>| RecordFacts {
            country: country.map(str::to_owned),
            asn,
            as_org: org.map(str::to_owned),
        };
        let (org, number) = ("autonomous_system_organization", "autonomous_system_number");
        let records: [(&[Value<'_>], RecordFacts); 7] = [
            (
                &[(&["country", "names", "en"], Text("Oz")), (&["country", "iso_code"], Text("NL"))],
                of(Some("NL"), None, None),
            ),
            (
                &[(&["registered_country", "iso_code"], Text("US")), (&["subdivisions", "", "iso_code"], Text("NH"))],
                of(None, None, None),
            ),
            (
                &[(&[number], Number(64_500)), (&[org], Text("Example B.V."))],
                of(None, Some(64_500), Some("Example B.V.")),
            ),
            (
                &[(&["traits", number], Number(64_501)), (&["traits", org], Text("Ex"))],
                of(None, Some(64_501), Some("Ex")),
            ),
            (
                &[(&["country"], Text("nl")), (&["asn"], Text("AS64502")), (&["as_name"], Text("Ex"))],
                of(Some("NL"), Some(64_502), Some("Ex")),
            ),
            (
                &[(&["country"], Text("Germany")), (&["country_code"], Text("DE")), (&["asn"], Number(1 << 40))],
                of(Some("DE"), None, None),
            ),
            (
                &[
                    (&["other", "country", "iso_code"], Text("XX")),
                    (&["asn"], Text("none")),
                    (&[org], Text("")),
                    (&[], Other),
                ],
                of(None, None, None),
            ),
        ];
        for (values, expected) in records {
            let mut facts = RecordFacts::default();
            values.iter().for_each(|(keys, scalar)| facts.take(keys, *scalar));
            assert_eq!(facts, expected, "{values:?}");
        }
    }
}
