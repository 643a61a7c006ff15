//! What a `<slot>` of events.tsv becomes.

use std::fmt::Write;

use super::actors::{Place, REGIONS, Session, WORDS};
use super::record::instant;
use super::rng::{Rng, hash};

/// What an event is filled from.
pub struct Scene<'a> {
    pub place: Place,
    /// The event's own number: a thing is the same one throughout an event.
    pub event: u64,
    pub actor: &'a Session,
    pub target: &'a Session,
}

impl Scene<'_> {
    /// One of an account's things, the first ones most often.
    fn thing(&self, kind: &str, count: u64) -> Rng {
        let index = Rng::new(&[self.event, hash(kind)]).tail(count);
        Rng::new(&[self.place.seed, self.place.account as u64, self.place.region as u64, hash(kind), index])
    }

    fn hex_thing(&self, kind: &str, count: u64, digits: usize, out: &mut String) {
        self.thing(kind, count).hex(digits, out);
    }

    fn words_thing(&self, kind: &str, count: u64, out: &mut String) {
        let mut rng = self.thing(kind, count);
        let _ = write!(out, "{}-{}-{}", rng.pick(WORDS), rng.pick(WORDS), rng.below(20));
    }

    /// Writes a template with its slots filled.
    pub fn fill(&self, template: &str, rng: &mut Rng, out: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('<') {
            let (slot, after) = after.split_once('>').unwrap_or_else(|| panic!("no end of <{after}"));
            out.push_str(before);
            self.slot(slot, rng, out);
            rest = after;
        }
        out.push_str(rest);
    }

    fn slot(&self, slot: &str, rng: &mut Rng, out: &mut String) {
        let region = REGIONS[self.place.region].0;
        let account = self.place.account_id();
        let issuer = |index: usize| {
            self.target.issuer.as_ref().map_or("", |(name, arn, id)| [name.as_str(), arn.as_str(), id.as_str()][index])
        };
        match slot {
            "account" => out.push_str(account),
            "region" => out.push_str(region),
            "now" => out.push_str(&instant(self.place.time)),
            "expiry" => out.push_str(&instant(self.place.time + 3_600)),
            "session" => out.push_str(&self.actor.name),
            "actor" => out.push_str(&self.actor.arn),
            "t.role" => out.push_str(issuer(0)),
            "t.rolearn" => out.push_str(issuer(1)),
            "t.key" => out.push_str(&self.target.key),
            "t.session" => out.push_str(&self.target.name),
            "t.principal" => out.push_str(&self.target.principal_id),
            "t.arn" => out.push_str(&self.target.arn),
            "uuid" => rng.uuid(out),
            "hex8" => rng.hex(8, out),
            "hex16" => rng.hex(16, out),
            "hex32" => rng.hex(32, out),
            "b32" => rng.base32(16, out),
            "token" => rng.base64(100, out),
            "mac" => {
                for index in 0..5 {
                    out.push_str(if index == 0 { "" } else { ":" });
                    rng.hex(2, out);
                }
            }
            "word" => out.push_str(rng.pick(WORDS)),
            "letter" => rng.letters(1, b"123456789", out),
            "int" => write(out, 1 + rng.tail(999)),
            "size" => write(out, 1 + rng.tail(1 << 30)),
            "port" => write(out, rng.pick(&[22, 443, 3389, 5432, 8080, 6379, 3306])),
            "cidr" => match rng.below(40) {
                0 => out.push_str("0.0.0.0/0"),
                pick => write(out, format_args!("10.{}.{}.0/24", 1 + pick % 4, rng.below(256))),
            },
            "itype" => out.push_str(rng.pick(&["t3.medium", "m5.large", "c5.xlarge", "r5.large", "m6g.large"])),
            "privateip" => write(out, format_args!("10.{}.{}.{}", rng.below(8), rng.below(256), rng.below(256))),
            "privatedns" => {
                write(out, format_args!("ip-10-{}-{}-{}.ec2.internal", rng.below(8), rng.below(256), rng.below(256)));
            }
            _ => self.thing_slot(slot, rng, out),
        }
    }

    fn thing_slot(&self, slot: &str, rng: &mut Rng, out: &mut String) {
        let region = REGIONS[self.place.region].0;
        let account = self.place.account_id();
        match slot {
            "instance" if self.actor.instance => out.push_str(&self.actor.name),
            "instance" | "volume" | "sg" | "subnet" | "vpc" | "eni" | "ami" => {
                let (prefix, count) = match slot {
                    "instance" => ("i-0", 400),
                    "volume" => ("vol-0", 600),
                    "sg" => ("sg-0", 400),
                    "subnet" => ("subnet-0", 60),
                    "vpc" => ("vpc-0", 8),
                    "eni" => ("eni-0", 800),
                    _ => ("ami-0", 150),
                };
                out.push_str(prefix);
                self.hex_thing(slot, count, 16, out);
            }
            "oidc" => self.hex_thing(slot, 4, 32, out),
            "kmskey" => {
                write(out, format_args!("arn:aws:kms:{region}:{account}:key/"));
                self.thing(slot, 60).uuid(out);
            }
            "bucket" => {
                out.push_str("acme-");
                self.words_thing(slot, 200, out);
            }
            "key" => {
                // What is read is often what was read before.
                let hot = rng.below(10) < 7;
                let mut of_key = if hot { self.thing("hot key", 60) } else { Rng::new(&[self.event, 29]) };
                let (first, second) = (of_key.pick(WORDS), of_key.pick(WORDS));
                let day = &instant(self.place.time)[..10];
                write(out, format_args!("{first}-{second}/dt={day}/part-{:05}-", of_key.tail(2_000)));
                of_key.uuid(out);
                out.push_str(rng.pick(&[".parquet", ".json.gz", ".csv", ".snappy.parquet", ".log.gz"]));
            }
            "loggroup" => {
                out.push_str("/aws/lambda/");
                self.words_thing("fn", 300, out);
            }
            "logstream" => {
                write(out, format_args!("{}/[$LATEST]", instant(self.place.time)[..10].replace('-', "/")));
                rng.hex(32, out);
            }
            "param" => {
                out.push('/');
                self.words_thing(slot, 900, out);
                out.push_str("/url");
            }
            "secret" => {
                write(out, format_args!("arn:aws:secretsmanager:{region}:{account}:secret:"));
                self.words_thing(slot, 300, out);
                out.push('-');
                self.thing(slot, 300).letters(6, b"abcdefghijkmnpqrstuvwxyzABCDEFGH", out);
            }
            "user" | "userkey" => {
                let index = Rng::new(&[self.event, hash("user")]).tail(40);
                out.push_str(&if slot == "user" { self.place.user_name(index) } else { self.place.user_key(index) });
            }
            "fn" => self.words_thing(slot, 300, out),
            "table" | "asg" | "db" | "queue" | "topic" => self.words_thing(slot, 120, out),
            "tg" | "lb" => self.words_thing(slot, 40, out),
            "tgid" => self.hex_thing("tg", 40, 16, out),
            "lbid" => self.hex_thing("lb", 40, 16, out),
            "cluster" => self.words_thing(slot, 12, out),
            "repo" | "stack" => self.words_thing(slot, 150, out),
            _ => panic!("events.tsv has a slot <{slot}> that nothing fills"),
        }
    }
}

fn write(out: &mut String, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}
