//! A delivery of trail files as CloudTrail leaves it in a bucket, made from a seed: the same on every machine, any file
//! without the others.

#![allow(dead_code, unreachable_pub, missing_docs, reason = "each of generator, benches and tests uses some of it")]

mod actors;
mod calls;
pub mod files;
mod record;
mod rng;
pub mod rules;
mod slots;

use std::path::{Path, PathBuf};

use actors::{ACCOUNTS, Place, REGIONS};
use calls::Call;
use rng::{Rng, mix};

/// What to make.
#[derive(Clone, Debug)]
pub struct Options {
    pub seed: u64,
    pub events: u64,
    pub files: usize,
    /// The first day, counted from 2024-01-01: another delivery of the same organization.
    pub from_day: u64,
    pub days: u64,
}

/// One file of a delivery.
pub struct TrailFile {
    pub path: PathBuf,
    pub events: u64,
    account: usize,
    region: usize,
    /// Unix seconds.
    delivered: i64,
    /// How long a time its events cover, in seconds.
    span: i64,
    /// The file that this one delivers again.
    again: Option<usize>,
}

/// A delivery, planned; its files are made when asked for.
pub struct Delivery {
    options: Options,
    pub files: Vec<TrailFile>,
    calls: Vec<Call>,
}

const DAY: u64 = 86_400;
const START: u64 = 1_704_067_200;
/// One of so many files is a file delivered again.
const AGAIN: usize = 128;

impl Delivery {
    pub fn plan(options: &Options) -> Delivery {
        let mut weights = Vec::with_capacity(options.files);
        let mut files: Vec<TrailFile> = Vec::with_capacity(options.files);
        for index in 0..options.files {
            let mut rng = Rng::new(&[options.seed, options.from_day, index as u64]);
            let again = (index % AGAIN == AGAIN / 2 && options.events >= 4 * options.files as u64).then(|| index - 1);
            let (file, weight) = match again {
                None => plan_file(options, index, &mut rng),
                Some(first) => {
                    let first_file = &files[first];
                    let (account, region) = (first_file.account, first_file.region);
                    let delivered = first_file.delivered + 300;
                    (
                        TrailFile { again, ..trail_file(account, region, delivered, first_file.span, &mut rng) },
                        weights[first],
                    )
                }
            };
            files.push(file);
            weights.push(weight);
        }
        share_out(options.events, &weights, &mut files);
        Delivery { options: options.clone(), files, calls: calls::calls() }
    }

    /// Writes the records of a file, with commas between them.
    pub fn records(&self, file: usize, out: &mut String) {
        for index in 0..self.files[file].events {
            if index > 0 {
                out.push(',');
            }
            self.record(file, index, out);
        }
    }

    /// Writes a file as it is before gzip.
    pub fn text(&self, file: usize, out: &mut String) {
        out.push_str(r#"{"Records":["#);
        self.records(file, out);
        out.push_str("]}");
    }

    /// Writes one record of a file.
    pub fn record(&self, file: usize, index: u64, out: &mut String) {
        if let Some(first) = self.files[file].again {
            return self.record(first, index, out);
        }
        // An event of a global service may be delivered in another Region's file too.
        let mut rng = Rng::new(&[self.options.seed, self.options.from_day, file as u64, index, 1]);
        if file > 0 && rng.one_in(500) {
            let other = rng.below(file as u64) as usize;
            if self.files[other].again.is_none() && self.files[other].events > 0 {
                let index = rng.below(self.files[other].events);
                return self.own_record(other, index, out);
            }
        }
        self.own_record(file, index, out);
    }

    fn own_record(&self, file: usize, index: u64, out: &mut String) {
        let of = &self.files[file];
        let event = mix(&[self.options.seed, self.options.from_day, file as u64, index]);
        let mut rng = Rng::new(&[event, 2]);
        let jitter = rng.below(1 + (of.span / 8).min(900) as u64) as i64;
        let time = of.delivered - 300 - of.span + of.span * index as i64 / of.events as i64 + jitter;
        let place = Place { seed: self.options.seed, account: of.account, region: of.region, time };
        let call = calls::pick(&self.calls, of.region, &mut rng);
        // Most events are in bursts, where one session does several things.
        let burst = mix(&[self.options.seed, self.options.from_day, file as u64, index / 8, 3]);
        let actor = if rng.one_in(5) { event } else { burst };
        record::write(place, call, (actor, event), out);
    }
}

fn plan_file(options: &Options, index: usize, rng: &mut Rng) -> (TrailFile, u64) {
    let account = weighted(ACCOUNTS, rng);
    let region = weighted(REGIONS, rng);
    let whole = options.days * DAY;
    let delivered = START + options.from_day * DAY + whole * (index as u64 + 1) / options.files as u64;
    let span = (4 * whole / options.files as u64).clamp(300, DAY);
    // Sizes are spread evenly over octaves, and there is less at night and at the weekend.
    let octave = 1 << rng.below(6);
    let hour = delivered / 3_600 % 24;
    let weekend = matches!(delivered / DAY % 7, 2 | 3);
    let busy = if weekend { 3 } else { 6 } + if (7..19).contains(&hour) { 6 } else { 2 };
    let weight = (octave * 16 + rng.below(octave * 16)) * busy;
    (trail_file(account, region, delivered as i64, span as i64, rng), weight)
}

fn trail_file(account: usize, region: usize, delivered: i64, span: i64, rng: &mut Rng) -> TrailFile {
    let (account_id, region_name) = (ACCOUNTS[account].0, REGIONS[region].0);
    let at = record::instant(delivered);
    let day = at[..10].replace('-', "/");
    let stamp = format!("{}T{}{}Z", at[..10].replace('-', ""), &at[11..13], &at[14..16]);
    let mut unique = String::new();
    rng.letters(16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", &mut unique);
    let path = Path::new("AWSLogs/o-exampleorg1").join(account_id).join("CloudTrail").join(region_name).join(day);
    let name = format!("{account_id}_CloudTrail_{region_name}_{stamp}_{unique}.json.gz");
    TrailFile { path: path.join(name), events: 0, account, region, delivered, span, again: None }
}

fn weighted(of: &[(&str, u64)], rng: &mut Rng) -> usize {
    let mut at = rng.below(of.iter().map(|(_, weight)| weight).sum());
    for (index, (_, weight)) in of.iter().enumerate() {
        if at < *weight {
            return index;
        }
        at -= weight;
    }
    unreachable!("a number below the sum of the weights")
}

/// Gives each file its share of the events, at least one, and a file delivered again as many as at first.
fn share_out(events: u64, weights: &[u64], files: &mut [TrailFile]) {
    assert!(events >= files.len() as u64, "there must be an event for each file");
    let sum: u64 = weights.iter().sum();
    for (file, weight) in files.iter_mut().zip(weights) {
        file.events = ((u128::from(events) * u128::from(*weight) / u128::from(sum)) as u64).max(1);
    }
    let mut over: i64 = files.iter().map(|file| file.events as i64).sum::<i64>() - events as i64;
    let mut at = 0;
    while over != 0 {
        let index = at % files.len();
        at += 1;
        // What is delivered again stays as it is, so that the sum can come out.
        let copied = files.get(index + 1).is_some_and(|next| next.again.is_some());
        let file = &mut files[index];
        if copied || file.again.is_some() {
            continue;
        }
        if over < 0 {
            file.events += 1;
            over += 1;
        } else if file.events > 1 {
            file.events -= 1;
            over -= 1;
        }
    }
}
