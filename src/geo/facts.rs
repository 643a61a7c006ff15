//! The facts about an address.

/// An attribute of an address that files tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// The country, as an ISO 3166 code of two letters.
    Country,
    /// The number of the autonomous system that announces it.
    Asn,
    /// The organization of the autonomous system.
    AsOrg,
    /// The services and the Region of AWS that use it.
    AwsRange,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Attribute; 4] = [Attribute::Country, Attribute::Asn, Attribute::AsOrg, Attribute::AwsRange];

    /// Returns the name of its column and of its SQL function.
    pub fn name(self) -> &'static str {
        match self {
            Attribute::Country => "country",
            Attribute::Asn => "asn",
            Attribute::AsOrg => "as_org",
            Attribute::AwsRange => "aws_range",
        }
    }

    /// Returns the attribute with this name.
    pub fn of_name(name: &str) -> Option<Attribute> {
        Attribute::ALL.into_iter().find(|attribute| attribute.name() == name)
    }

    /// Returns files that have it, for advice.
    pub(crate) fn usual_files(self) -> &'static str {
        match self {
            Attribute::Country => "GeoLite2-Country.mmdb, GeoLite2-City.mmdb or one like them",
            Attribute::Asn | Attribute::AsOrg => "GeoLite2-ASN.mmdb or one like it",
            Attribute::AwsRange => "ip-ranges.json, which AWS publishes",
        }
    }
}

/// The facts about an address. An address that no file has, and what is not an address, has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressFacts {
    /// The country, as an ISO 3166 code of two letters.
    pub country: Option<String>,
    /// The number of the autonomous system that announces it.
    pub asn: Option<u32>,
    /// The organization of the autonomous system.
    pub as_org: Option<String>,
    /// The services and the Region of AWS that use it, such as `EC2 us-east-1`.
    pub aws_range: Option<String>,
}

impl AddressFacts {
    /// Adds the facts of another file that are not known yet.
    pub(crate) fn add(&mut self, other: AddressFacts) {
        let AddressFacts { country, asn, as_org, aws_range } = other;
        self.country = self.country.take().or(country);
        self.asn = self.asn.or(asn);
        self.as_org = self.as_org.take().or(as_org);
        self.aws_range = self.aws_range.take().or(aws_range);
    }

    /// Returns the network in words: the range of AWS, else the autonomous system.
    pub fn network(&self) -> Option<String> {
        let system = || match (self.asn, &self.as_org) {
            (Some(asn), Some(org)) => Some(format!("AS{asn} {org}")),
            (Some(asn), None) => Some(format!("AS{asn}")),
            (None, org) => org.clone(),
        };
        self.aws_range.as_ref().map(|range| format!("AWS {range}")).or_else(system)
    }
}
