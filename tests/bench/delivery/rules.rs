//! Sigma rules about what happens in a generated delivery, in a mix like that of public collections: of 100 rules, 40 name
//! calls of one service, 20 name several calls by their beginnings, 15 name calls and look into the request, 5 look into
//! every request, 5 look for text anywhere, 5 have regular expressions, 8 leave out clients or networks, and 2 correlate.

use std::fmt::Write as _;

use super::rng::{Rng, hash};

/// The services and calls of the delivery.
const EVENTS: &str = include_str!("events.tsv");
const WORDS: [&str; 12] = [
    "prod",
    "backup",
    "admin",
    "0.0.0.0/0",
    "public",
    "secret",
    "logs",
    "Everyone",
    "AdministratorAccess",
    "nginx",
    "root",
    "export",
];
const CLIENTS: [&str; 6] = ["kali", "parrot", "pacu", "Boto3", "aws-cli", "terraform"];

/// One service and some of its calls, as a search.
struct Calls {
    source: String,
    names: Vec<String>,
}

impl Calls {
    fn pick(rng: &mut Rng) -> Calls {
        let lines: Vec<&str> = EVENTS.lines().filter(|line| !line.starts_with('#') && line.contains('\t')).collect();
        let mut columns = rng.pick(&lines).split('\t');
        let source = format!("{}.amazonaws.com", columns.next().unwrap_or_default());
        let names = columns.next().unwrap_or_default().split(' ');
        let mut names: Vec<String> = names.map(|name| name.split(':').next().unwrap_or_default().to_owned()).collect();
        names.truncate(4);
        // A name that the delivery may not have.
        names.push(format!("{}V2", names[0]));
        Calls { source, names }
    }

    fn search(&self) -> String {
        let names: String = self.names.iter().map(|name| format!("            - {name}\n")).collect();
        format!("        eventSource: {}\n        eventName:\n{names}", self.source)
    }
}

/// The text of a rule. The same number gives the same rule for a seed.
pub fn rule(seed: u64, number: u64) -> String {
    let mut rng = Rng::new(&[seed, hash("rule"), number]);
    let calls = Calls::pick(&mut rng);
    let (word, other) = (rng.pick(&WORDS), rng.pick(&WORDS));
    let client = rng.pick(&CLIENTS);
    let search = calls.search();
    let detection = match number % 100 {
        0..40 => format!("    selection:\n{search}    condition: selection\n"),
        40..60 => {
            let verb: String = calls.names[0].chars().take(4).collect();
            format!(
                "    source:\n        eventSource: {}\n    calls:\n        eventName|startswith:\n            - {verb}\n            \
                 - Delete\n        errorCode: null\n    condition: all of them\n",
                calls.source
            )
        }
        60..75 => format!(
            "    selection:\n{search}        requestParameters|contains:\n            - '{word}'\n            - '{other}'\n    \
             condition: selection\n"
        ),
        75..80 => format!(
            "    selection:\n        requestParameters|contains|all:\n            - '{word}'\n            - '{other}'\n    condition: selection\n"
        ),
        80..85 => format!("    keywords:\n        - '{client}'\n        - '{word}*{other}'\n    condition: keywords\n"),
        85..90 => format!(
            "    selection:\n        userAgent|re: '(?:{client}|curl)/[0-9]'\n        requestParameters.name|re: '^{word}-[a-z]+'\n    condition: selection\n"
        ),
        90..98 => format!(
            "    selection:\n{search}    filter_client:\n        userAgent|contains: {client}\n    filter_net:\n        \
             sourceIPAddress|cidr: 10.0.0.0/8\n    condition: selection and not 1 of filter_*\n"
        ),
        _ => return correlation(number, &search),
    };
    let mut text = header(number, "rule");
    let _ =
        write!(text, "logsource:\n    product: aws\n    service: cloudtrail\ndetection:\n{detection}level: medium\n");
    text
}

fn header(number: u64, kind: &str) -> String {
    format!(
        "title: Generated {kind} {number}\nid: 00000000-0000-4000-8000-{number:012}\nstatus: test\nauthor: generated\n\
         description: Measures.\ntags:\n    - attack.t1078\n"
    )
}

fn correlation(number: u64, search: &str) -> String {
    format!(
        "{}correlation:\n    type: event_count\n    rules:\n        - part_{number}\n    group-by:\n        - userIdentity.arn\n    \
         timespan: 10m\n    condition:\n        gte: 5\nlevel: high\n---\ntitle: Part\nname: part_{number}\nlogsource:\n    \
         product: aws\n    service: cloudtrail\ndetection:\n    selection:\n{search}    condition: selection\n",
        header(number, "correlation")
    )
}
