//! Makes Sigma rules to measure with, loads rules, and runs them on a case:
//! `cargo run --release --example rules -- generate OUT_DIR --rules 800`, `... -- load PATH...`,
//! `... -- run CASE PATH...`.

#![allow(clippy::print_stdout, reason = "a program of its own")]

mod delivery;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Parser, Subcommand};
use delivery::rules::rule;
use trailq::detection::{Condition, Rule};
use trailq::engine::{Engine, PreparedLookup};
use trailq::sigma::{self, RuleSet};

/// Make, load and run Sigma rules
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write rules, the same for the same seed
    Generate {
        out: PathBuf,
        #[arg(long, default_value_t = 800)]
        rules: u64,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Load rules, and say what was not compiled
    Load {
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Run rules on a case, and say how many events each finds
    Run {
        case: PathBuf,
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Print the events of every rule, not only the sum
        #[arg(long)]
        each: bool,
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    match Args::parse().command {
        Command::Generate { out, rules, seed } => {
            fs::create_dir_all(&out)?;
            for number in 0..rules {
                fs::write(out.join(format!("rule_{number:04}.yml")), rule(seed, number))?;
            }
        }
        Command::Load { paths } => report(&load(&paths)?),
        Command::Run { case, paths, each } => run(&case, &load(&paths)?, each)?,
    }
    Ok(())
}

fn load(paths: &[PathBuf]) -> Result<RuleSet, Box<dyn Error>> {
    let started = Instant::now();
    let set = sigma::load(paths)?;
    println!("{} rules of {} files in {:.3} s", set.rules.len(), set.files, started.elapsed().as_secs_f64());
    Ok(set)
}

fn report(set: &RuleSet) {
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for failed in &set.not_compiled {
        println!("not compiled: {} ({}): {}", failed.path.display(), failed.title, failed.reason);
        *reasons.entry(&failed.reason).or_default() += 1;
    }
    for note in &set.notes {
        println!("note on {}: {}", note.rule, note.note);
    }
    println!(
        "{} not compiled for {} reasons, {} deprecated, {} unsupported, {} files without rules, other logs: {:?}",
        set.not_compiled.len(),
        reasons.len(),
        set.deprecated,
        set.unsupported,
        set.not_rules.len(),
        set.other_logs
    );
}

/// The filters of a rule: one, or those of the rules that it correlates.
fn filters(rule: &Rule) -> Vec<&str> {
    match &rule.condition {
        Condition::Lookup(filter) => vec![filter],
        Condition::Correlation(correlation) => correlation.rules.iter().map(|(_, filter)| filter.as_str()).collect(),
        Condition::Query(_) => Vec::new(),
    }
}

fn run(case: &Path, set: &RuleSet, each: bool) -> Result<(), Box<dyn Error>> {
    let engine = Engine::open(case)?;
    let started = Instant::now();
    let filters: Vec<(usize, &str)> = (0..)
        .zip(&set.rules)
        .flat_map(|(number, rule)| filters(rule).into_iter().map(move |filter| (number, filter)))
        .collect();
    let lookups: Vec<PreparedLookup> =
        filters.iter().map(|(_, filter)| engine.prepare(filter)).collect::<Result<_, _>>()?;
    println!("prepared in {:.3} s", started.elapsed().as_secs_f64());
    let mut events = vec![Vec::new(); lookups.len()];
    engine.matches_of_many(&lookups, &mut |number, id| {
        events[number].push(id);
        Ok(())
    })?;
    println!(
        "{} events matched in {:.1} s",
        events.iter().map(Vec::len).sum::<usize>(),
        started.elapsed().as_secs_f64()
    );
    let mut groups = 0;
    for (number, rule) in set.rules.iter().enumerate() {
        let own =
            || filters.iter().zip(&events).filter(|((of, _), _)| *of == number).map(|(_, events)| events.as_slice());
        if let Condition::Correlation(correlation) = &rule.condition {
            groups += engine.correlate_events(correlation, &own().collect::<Vec<_>>())?.len();
        }
        if each {
            println!("{}\t{}\t{}", own().map(<[i64]>::len).sum::<usize>(), rule.id, rule.title);
        }
    }
    println!("{groups} groups correlated; all in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
