//! The screen of a hunt: what was run and not seen, the actors, the findings of one and their timeline. It has at most
//! 60 lines on any case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::account_names::AccountNames;
use crate::escape::visible;
use crate::hunt::{Actor, Finding, Hunt, MAX_SENTENCES, TimelineEntry};
use crate::number;
use crate::render::palette::{DIM, ERROR, HEADING, WRITE, paint};
use crate::subject::{Mark, VerdictKind};
use crate::summary::hunt::columns::{Align, Columns, fit};
use crate::summary::hunt::folded::{FoldedFindings, also_line};
use crate::time;
use crate::{detection::Origin, level::Level};

/// The most lines of each part.
const MAX_ACTORS: usize = 6;
const MAX_FINDINGS: usize = 12;
/// With the lines of findings on the same calls.
const MAX_FINDING_LINES: usize = 14;
const MAX_WIDESPREAD: usize = 5;
const MAX_NOT_SEEN: usize = 6;
/// The most that a column other than the one of names is wide.
const MAX_CELL: usize = 24;
/// The width where the output is not a terminal.
const PLAIN_WIDTH: usize = 100;
/// The most keys and addresses of an actor that are shown.
const MAX_NAMED: usize = 3;

/// The part of a hunt that a screen shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// The actors, and the findings and the timeline of the first.
    #[default]
    Summary,
    /// The findings of one actor, by number.
    Actor(usize),
    /// Every finding, by rule.
    ByRule,
    /// Every actor.
    Actors,
}

/// The facts of the head that the hunt does not have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// The path of the case.
    pub(crate) case: String,
    /// The lowest level that is shown.
    pub(crate) min_level: Option<Level>,
    /// The numbers of Sigma rules that were not run, each with the reason.
    pub(crate) sigma_left_out: Vec<(u64, &'static str)>,
    /// Further sentences about what is not shown.
    pub(crate) not_shown: Vec<String>,
    pub(crate) accounts: Arc<AccountNames>,
}

/// A screen of a hunt.
pub(crate) struct Screen<'h> {
    pub(crate) hunt: &'h Hunt,
    pub(crate) header: &'h Header,
    pub(crate) width: Option<usize>,
    pub(crate) unicode: bool,
    pub(crate) color: bool,
}

impl Screen<'_> {
    /// Returns the text of a view, and the indexes of the findings that it numbers.
    pub(crate) fn text(&self, view: View) -> (String, Vec<usize>) {
        let of_actor = |number: usize| -> Vec<usize> {
            self.indexes(|finding| finding.actor as usize == number && finding.is_telling()).collect()
        };
        let mut out: Vec<String> = Vec::new();
        let numbered = match view {
            View::Summary => {
                self.head(&mut out);
                self.actors(&mut out, MAX_ACTORS);
                let findings = FoldedFindings::new(self.hunt, &of_actor(1));
                self.findings(&mut out, 1, &findings, Some(MAX_FINDING_LINES));
                self.timeline(&mut out);
                self.widespread(&mut out, MAX_WIDESPREAD);
                findings.all()
            }
            View::Actor(number) => {
                let findings: Vec<usize> = self.indexes(|finding| finding.actor as usize == number).collect();
                let findings = FoldedFindings::new(self.hunt, &findings);
                self.findings(&mut out, number, &findings, None);
                findings.all()
            }
            View::ByRule => {
                let mut findings: Vec<usize> = self.indexes(Finding::is_telling).collect();
                findings.sort_by_key(|at| {
                    let finding = &self.hunt.findings[*at];
                    (std::cmp::Reverse(finding.level), finding.rule(self.hunt).title.clone(), finding.actor)
                });
                self.by_rule(&mut out, &FoldedFindings::unfolded(&findings));
                self.widespread(&mut out, usize::MAX);
                findings
            }
            View::Actors => {
                self.actors(&mut out, usize::MAX);
                Vec::new()
            }
        };
        (out.join("\n") + "\n", numbered)
    }

    fn indexes(&self, is_wanted: impl Fn(&Finding) -> bool) -> impl Iterator<Item = usize> {
        let findings = self.hunt.findings.iter().enumerate();
        findings.filter(move |(_, finding)| is_wanted(finding)).map(|(at, _)| at)
    }

    fn columns(&self) -> usize {
        self.width.unwrap_or(PLAIN_WIDTH).max(40)
    }

    fn dot(&self) -> &'static str {
        if self.unicode { "·" } else { "|" }
    }

    fn head(&self, out: &mut Vec<String>) {
        let seen = &self.hunt.visibility;
        let mut parts = vec![self.header.case.clone(), number::counted(seen.events, "event")];
        if seen.accounts > 0 {
            parts.push(number::counted(seen.accounts, "account"));
        }
        match &seen.period {
            Some((first, last)) => parts.push(format!("{} to {} UTC", day(first), day(last))),
            None => parts.push("no event has a time".to_owned()),
        }
        out.push(fit(&parts.join(&format!(" {} ", self.dot())), self.columns(), self.unicode).into_owned());
        self.labeled(out, "rules", &[self.rules()]);
        let mut not_seen = seen.not_seen.clone();
        if not_seen.len() > MAX_NOT_SEEN {
            let more = not_seen.len() - MAX_NOT_SEEN + 1;
            not_seen.truncate(MAX_NOT_SEEN - 1);
            not_seen.push(format!("and {more} more: `.info`"));
        }
        self.labeled(out, "not seen", &not_seen);
        self.labeled(out, "not shown", &[self.not_shown()]);
    }

    fn labeled(&self, out: &mut Vec<String>, label: &str, texts: &[String]) {
        for (at, text) in texts.iter().filter(|text| !text.is_empty()).enumerate() {
            let label = if at == 0 { label } else { "" };
            let text = fit(text, self.columns().saturating_sub(11), self.unicode);
            out.push(format!("{}{}{text}", paint(label, HEADING, self.color), " ".repeat(11 - label.len())));
        }
    }

    fn rules(&self) -> String {
        let rules = &self.hunt.rules;
        let of = |origin: Origin| rules.iter().filter(|state| state.rule.origin == origin).count();
        let own = of(Origin::Call) + of(Origin::Query);
        let mut text = format!("{own} trailq");
        let left_out = &self.header.sigma_left_out;
        if of(Origin::Sigma) > 0 || !left_out.is_empty() {
            text += &format!(", {} Sigma", of(Origin::Sigma));
        }
        let not_run = rules.iter().filter(|state| state.skipped.is_some()).count() as u64;
        let notes = std::iter::once((not_run, "not run")).chain(left_out.iter().copied());
        let notes: Vec<String> =
            notes.filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if !notes.is_empty() {
            text += &format!(" ({}: `.hunt rules`)", notes.join(", "));
        }
        text
    }

    fn not_shown(&self) -> String {
        let hunt = self.hunt;
        let routine = hunt.findings.iter().filter(|finding| finding.routine).count();
        let level = self.header.min_level.unwrap_or(Level::Medium).name();
        let mut parts = vec![format!("{} below {level}", number::counted(hunt.hits_below, "hit"))];
        if hunt.tried_below > 0 {
            parts.push(format!("{} below {level} that were only tried", number::counted(hunt.tried_below, "finding")));
        }
        if routine > 0 {
            parts.push(format!("{} routine", number::counted(routine as u64, "finding")));
        }
        let benign = hunt.findings.iter().filter(|found| found.verdict == Some(VerdictKind::Benign)).count();
        if benign > 0 {
            parts.push(format!("{} judged benign", number::counted(benign as u64, "finding")));
        }
        if hunt.known > 0 {
            parts.push(format!("{} of the last run", number::counted(hunt.known, "finding")));
        }
        let (hidden, names) = &hunt.ignored;
        if *hidden > 0 {
            let rules = number::counted(names.len() as u64, "ignore rule");
            parts.push(format!("{} by {rules}", number::counted(*hidden, "hit")));
        }
        let mine = hunt.actors.iter().filter(|actor| actor.mark == Some(Mark::Mine)).count();
        if mine > 0 {
            parts.push(format!("{} marked mine", number::counted(mine as u64, "actor")));
        }
        parts.extend(self.header.not_shown.iter().cloned());
        parts.join(&format!(" {} ", self.dot()))
    }

    fn actors(&self, out: &mut Vec<String>, most: usize) {
        out.push(String::new());
        let actors: Vec<&Actor> = self.hunt.actors.iter().filter(|actor| self.is_shown(actor)).collect();
        if actors.is_empty() {
            let found = match self.hunt.findings.as_slice() {
                [] if self.hunt.known > 0 => "no findings but those of the last run",
                [] if self.hunt.tried_below > 0 || self.hunt.ignored.0 > 0 => {
                    "no findings but those that are not shown"
                }
                [] => "no findings: no rule that was run selects an event at this level",
                _ => "no findings but those that are not shown, and widespread ones",
            };
            out.push(found.to_owned());
            return;
        }
        let heading = ["ACTORS", "", "worst", "rules", "first", "last", "new"].map(str::to_owned).to_vec();
        let rows = actors.iter().take(most).map(|actor| {
            vec![
                match actor.mark {
                    Some(mark) => format!("{} {} {}", actor.number, mark.name(), actor.name),
                    None => format!("{} {}", actor.number, actor.name),
                },
                self.account(&actor.account).to_owned(),
                actor.worst.map_or("", Level::name).to_owned(),
                actor.rules.to_string(),
                self.minute(actor.first),
                self.minute(actor.last),
                actor.new.join(" "),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
        let align = [Align::Left, Align::Left, Align::Left, Align::Right, Align::Left, Align::Left, Align::Left];
        let shown = self.lines(&align, 0, &rows);
        let worst: Vec<Option<Level>> = actors.iter().map(|actor| actor.worst).collect();
        out.push(paint(&shown[0], HEADING, self.color).into_owned());
        for ((line, level), actor) in shown[1..].iter().zip(worst).zip(&actors) {
            out.push(self.leveled(line, level));
            let chain = self.chain(actor);
            if !chain.is_empty() {
                let chain = fit(&chain, self.columns().saturating_sub(4), self.unicode).into_owned();
                out.push(format!("    {}", paint(&chain, DIM, self.color)));
            }
        }
        if actors.len() > most {
            out.push(format!("and {}: `.actors`", number::counted((actors.len() - most) as u64, "more actor")));
        }
    }

    /// Returns the name of an account, which lookups take too; the id if it has none, or another account has the same.
    fn account<'a>(&'a self, id: &'a str) -> &'a str {
        self.header.accounts.instead_of(id)
    }

    /// Reports whether an actor has a finding that says something about it, and is not marked mine.
    fn is_shown(&self, actor: &Actor) -> bool {
        actor.mark != Some(Mark::Mine)
            && self.hunt.findings.iter().any(|finding| finding.actor as usize == actor.number && finding.is_telling())
    }

    /// Returns the addresses and keys of an actor, the places of the addresses, and the principals whose credentials it used.
    fn chain(&self, actor: &Actor) -> String {
        let listed = |all: &[String], between: &str| {
            let more = all.len().saturating_sub(MAX_NAMED);
            let mut text = all.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(between);
            if more > 0 {
                text += &format!(" +{more}");
            }
            text
        };
        let some = |all: &[String]| listed(all, " ");
        let places =
            [some(&actor.countries), listed(&actor.networks, ", ")].into_iter().filter(|text| !text.is_empty());
        let places = places.collect::<Vec<_>>().join("; ");
        let places = if places.is_empty() { places } else { format!("({places})") };
        let arrow = if self.unicode { "→" } else { "->" };
        let own = [some(&actor.keys), some(&actor.addresses), places].join(" ").trim().to_owned();
        let parts = std::iter::once(own).chain(actor.through.iter().take(MAX_NAMED).cloned());
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(&format!(" {arrow} "))
    }

    /// Shows findings, and on at most `lines` lines.
    fn findings(&self, out: &mut Vec<String>, actor: usize, findings: &FoldedFindings, lines: Option<usize>) {
        let all = findings.shown.len();
        if all == 0 {
            return;
        }
        let most = lines.map_or(all, |lines| findings.within(lines).min(MAX_FINDINGS));
        out.push(String::new());
        let title = format!("FINDINGS OF {actor}");
        let resource = |finding: &Finding| {
            finding.details.as_ref().and_then(|details| details.resource.clone()).unwrap_or_default()
        };
        self.table(out, &title, findings, most, resource, "resource");
        if all > most {
            let more = number::counted((all - most) as u64, "more finding");
            out.push(format!("and {more}: `.hunt --actor {actor}`"));
        }
    }

    fn by_rule(&self, out: &mut Vec<String>, findings: &FoldedFindings) {
        let principal = |finding: &Finding| format!("{} {}", finding.actor, finding.principal.name);
        self.table(out, "FINDINGS", findings, usize::MAX, principal, "actor and principal");
    }

    fn table(
        &self,
        out: &mut Vec<String>,
        title: &str,
        findings: &FoldedFindings,
        most: usize,
        last: impl Fn(&Finding) -> String,
        heading: &str,
    ) {
        let head = ["", "", "done", "tried", "first", heading].map(str::to_owned).to_vec();
        let rows = findings.shown.iter().take(most).enumerate().map(|(at, index)| {
            let finding = &self.hunt.findings[*index];
            let count = |count: u64| if count == 0 { "-".to_owned() } else { number::count(count) };
            vec![
                format!("{} {}", at + 1, finding.level.name()),
                self.title_of(finding),
                count(finding.done.into()),
                count(finding.tried.into()),
                self.minute(finding.first),
                last(finding),
            ]
        });
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let align = [Align::Left, Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
        let shown = self.lines(&align, 1, &rows);
        // The title is wider than the numbers below it.
        let heading = format!("{title}{}", shown[0].get(title.len()..).unwrap_or_default());
        out.push(paint(&heading, HEADING, self.color).into_owned());
        for (line, index) in shown[1..].iter().zip(&findings.shown) {
            let level = self.hunt.findings[*index].level;
            out.push(self.leveled(line, Some(level)));
            for also in findings.also(*index) {
                let rule = self.hunt.findings[*also].rule(self.hunt);
                let also = also_line(rule, self.columns(), self.unicode);
                out.push(paint(&also, DIM, self.color).into_owned());
            }
        }
    }

    /// Returns the title and the author of a finding's rule, and that all of its calls were dry runs.
    fn title_of(&self, finding: &Finding) -> String {
        let rule = finding.rule(self.hunt);
        let title = match &rule.author {
            Some(author) => format!("{} ({author})", rule.title),
            None => rule.title.clone(),
        };
        if let Some(verdict) = finding.verdict {
            return format!("judged {}: {title}", verdict.name());
        }
        if finding.dry_runs > 0 && finding.dry_runs == finding.tried && finding.done == 0 {
            return format!("dry run, authorized: {title}");
        }
        title
    }

    fn timeline(&self, out: &mut Vec<String>) {
        let entries = &self.hunt.timeline;
        if entries.is_empty() {
            return;
        }
        out.push(String::new());
        out.push(paint("TIMELINE OF 1", HEADING, self.color).into_owned());
        let times = if self.unicode { '×' } else { 'x' };
        let rows = entries.iter().take(MAX_SENTENCES).map(|entry: &TimelineEntry| {
            let all = entry.done + entry.tried;
            let mut count = if all > 1 { format!("{times}{}", number::count(all)) } else { String::new() };
            if entry.tried > 0 {
                count += if entry.done == 0 { " failed" } else { " some failed" };
            }
            let words = || format!("{} {} {}", entry.name, self.account(&entry.account), entry.address);
            vec![self.minute(entry.first), count.trim().to_owned(), entry.sentence.clone().unwrap_or_else(words)]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        out.extend(self.lines(&[Align::Left; 3], 2, &rows));
        if entries.len() > MAX_SENTENCES {
            let more = number::counted((entries.len() - MAX_SENTENCES) as u64, "more line");
            out.push(format!("and {more}: `.hunt --actor 1`, then `.who N`"));
        }
    }

    fn lines(&self, align: &[Align], flexible: usize, rows: &[Vec<String>]) -> Vec<String> {
        Columns { align, flexible, width: self.columns(), limit: MAX_CELL, unicode: self.unicode }.lines(rows)
    }

    /// Returns a time to the minute; without the year if the case has only one.
    fn minute(&self, seconds: Option<i64>) -> String {
        let one_year =
            self.hunt.visibility.period.as_ref().is_some_and(|(first, last)| first.get(..5) == last.get(..5));
        let text = seconds.map(|seconds| time::format(seconds).replace('T', " ")).unwrap_or_default();
        text.get(if one_year { 5..16 } else { 0..16 }).unwrap_or(&text).to_owned()
    }

    /// Shows one line for each rule that many actors of an account met.
    fn widespread(&self, out: &mut Vec<String>, most: usize) {
        let mut rules: BTreeMap<u32, Vec<&Finding>> = BTreeMap::new();
        for finding in self.hunt.findings.iter().filter(|finding| finding.widespread && !finding.routine) {
            rules.entry(finding.rule).or_default().push(finding);
        }
        let mut rules: Vec<(Option<Level>, u32, Vec<&Finding>)> = rules
            .into_iter()
            .map(|(rule, found)| (found.iter().map(|finding| finding.level).max(), rule, found))
            .collect();
        rules.sort_by_key(|(level, rule, _)| (std::cmp::Reverse(*level), *rule));
        if rules.is_empty() {
            return;
        }
        out.push(String::new());
        out.push(paint("WIDESPREAD: RULES THAT MANY ACTORS OF AN ACCOUNT MEET", HEADING, self.color).into_owned());
        let rows = rules.iter().take(most).map(|(level, _, found)| {
            let actors: BTreeSet<u32> = found.iter().map(|finding| finding.actor).collect();
            vec![
                level.map_or("", Level::name).to_owned(),
                found[0].rule(self.hunt).title.clone(),
                number::counted(found.len() as u64, "finding"),
                number::counted(actors.len() as u64, "actor"),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        out.extend(self.lines(&[Align::Left, Align::Left, Align::Right, Align::Right], 1, &rows));
        if rules.len() > most {
            let more = number::counted((rules.len() - most) as u64, "more rule");
            out.push(format!("and {more}: `.hunt --by rule`"));
        }
    }

    fn leveled(&self, line: &str, level: Option<Level>) -> String {
        match level {
            Some(Level::Critical) => paint(line, ERROR, self.color).into_owned(),
            Some(Level::High) => paint(line, WRITE, self.color).into_owned(),
            _ => line.to_owned(),
        }
    }
}

/// Returns the day of a time.
fn day(time: &str) -> String {
    visible(time).chars().take(10).collect()
}
