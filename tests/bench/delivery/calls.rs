//! The calls that happen, from events.tsv, as often as their weights say.

use super::rng::Rng;

/// One event name of a service, and the shape of its record.
pub struct Call {
    pub source: &'static str,
    pub name: &'static str,
    kind: &'static str,
    pub who: &'static str,
    pub request: &'static str,
    pub response: &'static str,
    pub resources: &'static str,
    /// The sum of the weights up to and with this one.
    upto: u64,
}

impl Call {
    pub fn read_only(&self) -> bool {
        const READING: [&str; 14] = [
            "Describe", "List", "Get", "Head", "Batch", "Lookup", "Search", "Simulate", "Generate", "Check", "Test",
            "Query", "Select", "Filter",
        ];
        match self.kind {
            "verb" => READING.iter().any(|verb| self.name.starts_with(verb)),
            kind => kind.ends_with('r'),
        }
    }

    pub fn data(&self) -> bool {
        self.kind.starts_with('d')
    }

    /// Services whose events are in us-east-1 only.
    fn global(&self) -> bool {
        matches!(self.source, "iam" | "organizations" | "cloudfront" | "route53" | "support" | "ce" | "health")
    }
}

/// Reads events.tsv.
pub fn calls() -> Vec<Call> {
    let mut upto = 0;
    let lines = include_str!("events.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .flat_map(|line| {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [source, names, kind, who, request, response, resources] = cells[..] else {
                panic!("events.tsv: not seven cells: {line}");
            };
            names.split(' ').map(move |name| (source, name, kind, who, request, response, resources))
        })
        .map(|(source, name, kind, who, request, response, resources)| {
            let (name, weight) = name.split_once(':').unwrap_or_else(|| panic!("{name}: no weight"));
            upto += weight.parse::<u64>().unwrap_or_else(|error| panic!("{name}: {error}"));
            Call { source, name, kind, who, request, response, resources, upto }
        })
        .collect()
}

/// The organization runs instances in its first Regions.
const INSTANCE_REGIONS: usize = 3;

/// One call, in a Region where it can happen.
pub fn pick<'a>(calls: &'a [Call], region: usize, rng: &mut Rng) -> &'a Call {
    let sum = calls[calls.len() - 1].upto;
    loop {
        let at = rng.below(sum);
        let call = &calls[calls.partition_point(|call| call.upto <= at)];
        if (region == 0 || !call.global()) && (region < INSTANCE_REGIONS || call.who != "fleet") {
            return call;
        }
    }
}
