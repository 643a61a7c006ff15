//! Runs a hunt, keeps its result for further views, and shows it.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use crate::detection::{self, Condition, Origin, Rule};
use crate::diagnostic::Diagnostic;
use crate::hunt::{self, Baseline, Decisions, EventsOf, Finding, Hunt, HuntOptions};
use crate::level::Level;
use crate::number;
use crate::query::time_span;
use crate::render::Format;
use crate::rows::{self, CapturedRows, RowSink, Value};
use crate::saved::Library;
use crate::session::brief::{FirstRows, Heading};
use crate::session::capture::EventRef;
use crate::session::last_hunt::LastHunt;
use crate::session::result_set::{LastResult, ResultKind, ResultOrigin};
use crate::session::{Answer, Session, SessionError};
use crate::sigma::{self, Filter, NotCompiled, RuleSet};
use crate::sql::Param;
use crate::store::{Case, IgnoreRule, QueryError};
use crate::summary::hunt::{Header, Screen, View, actor_rows, event_rows, finding_columns, finding_row, rule_rows};
use crate::time;

/// A request for a hunt.
#[derive(Debug, Clone, Default)]
pub(crate) struct HuntRequest {
    /// Files and folders of Sigma rules.
    pub(crate) rules: Vec<PathBuf>,
    /// Files and folders of Sigma's filters, whose events are not findings.
    pub(crate) ignore: Vec<PathBuf>,
    /// A filter that every event meets.
    pub(crate) filter: String,
    /// The beginning of the period.
    pub(crate) since: Option<String>,
    /// The end of the period.
    pub(crate) until: Option<String>,
    /// The lowest level that is shown.
    pub(crate) min_level: Option<Level>,
    /// The end of the work that values are compared with.
    pub(crate) baseline_until: Option<String>,
    /// Another case with the work that values are compared with.
    pub(crate) baseline: Option<PathBuf>,
    /// The part that is shown.
    pub(crate) view: View,
    /// True if only what appeared since the last run is shown.
    pub(crate) only_new: bool,
    /// True if one row an event is written.
    pub(crate) events: bool,
}

/// The rules and options of a hunt.
pub(super) struct PreparedHunt {
    pub(super) library: Rc<Library>,
    pub(super) rules: Vec<Rule>,
    pub(super) options: HuntOptions,
    /// The number of ignore rules that are not accepted.
    rules_off: usize,
    sigma_left_out: Vec<(u64, &'static str)>,
    not_compiled: Vec<NotCompiled>,
}

impl Session {
    /// Runs a hunt and shows it. The answer has the number of findings of at least `fail_on`, or of all findings.
    ///
    /// # Errors
    /// The filter or a time is not one, or a case or a file of rules cannot be read.
    pub(crate) fn hunt(&mut self, request: &HuntRequest, fail_on: Option<Level>) -> Result<Answer, SessionError> {
        let answer = self.in_one_state(|session| {
            let started = Instant::now();
            let last = session.run_hunt(request)?;
            let level = fail_on.unwrap_or(Level::Informational);
            let findings = last.hunt.findings.iter().filter(|finding| finding.level >= level).count();
            if request.events {
                session.show_hunted_events()?
            } else {
                session.show_hunt(request.view)?
            }
            session.status(&format!("hunt took {}", number::duration(started.elapsed())));
            Ok::<_, SessionError>(Answer::rows(findings as u64))
        })?;
        self.keep_run()?;
        Ok(answer)
    }

    /// Stores the record of the last hunt in the case, where it can be written.
    fn keep_run(&mut self) -> Result<(), SessionError> {
        let last = self.last_hunt()?;
        let case = self.case()?;
        let reason = if case.in_passing().is_some() {
            Some("an import is running".to_owned())
        } else if case.is_copy() {
            Some("an older trailq made the case, and `trailq import` brings it up to date".to_owned())
        } else {
            drop(case);
            let kept = self.keeper().and_then(|keeper| Ok(keeper.record_run(&last.hunt.run)?));
            kept.err().map(|error| error.into_diagnostic().message)
        };
        match reason {
            Some(reason) => self.note(&format!("this run is not stored for --new and finding=: {reason}")),
            None => self.remember_run(last.header.min_level)?,
        }
        Ok(())
    }

    /// Runs a hunt, and remembers it.
    fn run_hunt(&mut self, request: &HuntRequest) -> Result<Rc<LastHunt>, SessionError> {
        let PreparedHunt { library, rules, options, rules_off, sigma_left_out, not_compiled } =
            self.prepare_hunt(request)?;
        let engine = self.engine()?;
        let hunt = hunt::run(&engine, &library, rules, &options, time::now())?;
        let header = Header {
            case: engine.case().path().display().to_string(),
            min_level: Some(options.min_level),
            sigma_left_out,
            not_shown: not_shown(rules_off),
            accounts: engine.case().names_of_accounts()?,
        };
        let last = Rc::new(LastHunt { hunt, header, not_compiled });
        self.last_hunt = Some(Rc::clone(&last));
        Ok(last)
    }

    /// Reads what a hunt needs.
    pub(super) fn prepare_hunt(&mut self, request: &HuntRequest) -> Result<PreparedHunt, SessionError> {
        let engine = self.engine()?;
        let decisions = self.decisions()?;
        let rules_off = decisions.rules_off;
        let mut options = options(request)?;
        let ignore_rules = decisions.ignore_rules.into_iter().chain(ignored(&request.ignore)?).collect();
        options.decisions = Decisions { marks: decisions.marks, verdicts: decisions.verdicts, ignore_rules };
        if request.only_new {
            let none = || Diagnostic::new("the case has no earlier run to compare with").hint("leave out --new");
            options.known = Some(engine.case().last_run()?.ok_or_else(none)?.findings);
        }
        engine.case().require_own()?;
        let library = self.library()?;
        let mut rules = request.rules.clone();
        rules.extend(self.settings.rules.iter().filter(|path| !request.rules.contains(path)).cloned());
        let sigma = sigma::load(&rules).map_err(|error| Diagnostic::new(error.to_string()))?;
        let mut rules = own_rules(&library);
        let sigma_left_out = left_out(&sigma);
        rules.extend(sigma.rules);
        let not_compiled = sigma.not_compiled;
        Ok(PreparedHunt { library, rules, options, rules_off, sigma_left_out, not_compiled })
    }

    /// Runs a hunt with the usual options if there was none, without showing it.
    ///
    /// # Errors
    /// The case cannot be read.
    pub(crate) fn hunt_once(&mut self) -> Result<(), SessionError> {
        if self.has_hunt() {
            return Ok(());
        }
        self.in_one_state(|session| session.run_hunt(&HuntRequest::default()).map(drop))
    }

    /// Reports whether there was a hunt.
    pub(crate) fn has_hunt(&self) -> bool {
        self.last_hunt.is_some()
    }

    /// Returns the last hunt.
    fn last_hunt(&self) -> Result<Rc<LastHunt>, SessionError> {
        let none = || Diagnostic::new("there is no hunt yet").hint("type .hunt first").into();
        self.last_hunt.clone().ok_or_else(none)
    }

    /// Shows a part of the last hunt: a screen, or rows in another format.
    ///
    /// # Errors
    /// No hunt was run yet, the actor does not exist, or the format cannot show it.
    pub(crate) fn show_hunt(&mut self, view: View) -> Result<(), SessionError> {
        let last = self.last_hunt()?;
        let LastHunt { hunt, header, .. } = &*last;
        if let View::Actor(number) = view
            && number.checked_sub(1).is_none_or(|at| at >= hunt.actors.len())
        {
            let actors = number::counted(hunt.actors.len() as u64, "actor");
            return Err(Diagnostic::new(format!("there is no actor {number}: the hunt has {actors}")).into());
        }
        let format = self.settings.format.unwrap_or_default();
        if format != Format::Table {
            return match view {
                View::Actors => self.write_hunt_rows(&actor_rows(hunt)),
                View::Actor(number) => self.write_findings(hunt, |found| found.actor as usize == number),
                View::Summary | View::ByRule => self.write_findings(hunt, |_| true),
            };
        }
        let style = self.output.style(&self.settings.style);
        let screen = Screen { hunt, header, width: style.width, unicode: style.unicode, color: style.color };
        let (text, numbered) = screen.text(view);
        self.print(&text)?;
        self.end_page()?;
        let found: Vec<_> = numbered.iter().map(|at| &hunt.findings[*at]).collect();
        if !found.is_empty() {
            self.remember_findings(hunt, &found)?;
        }
        Ok(())
    }

    /// Shows the rules of the last hunt, and the reasons why some were not run.
    ///
    /// # Errors
    /// No hunt was run yet, or the format cannot show it.
    pub(crate) fn show_hunt_rules(&mut self) -> Result<(), SessionError> {
        let last = self.last_hunt()?;
        self.write_hunt_rows(&rule_rows(&last.hunt.rules, &last.not_compiled))
    }

    fn show_hunted_events(&mut self) -> Result<(), SessionError> {
        let last = self.last_hunt()?;
        let case = self.case()?;
        let rows = event_rows(&last.hunt, |id| attributes(&case, id))?;
        self.write_hunt_rows(&rows)
    }

    /// Writes findings, one row after the other: there may be a million.
    fn write_findings(&mut self, hunt: &Hunt, is_wanted: impl Fn(&Finding) -> bool) -> Result<(), SessionError> {
        let case = self.case()?;
        self.write_hunted(|sink| {
            sink.begin(&finding_columns())?;
            for finding in hunt.findings.iter().filter(|finding| is_wanted(finding)) {
                let row = finding_row(hunt, finding, &event_id(&case, finding.example)?);
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })
    }

    fn write_hunt_rows(&mut self, rows: &CapturedRows) -> Result<(), SessionError> {
        self.write_hunted(|sink| {
            sink.begin(&rows.columns)?;
            for row in &rows.rows {
                sink.row(&row.iter().map(Value::cell).collect::<Vec<_>>())?;
            }
            Ok(sink.end()?)
        })
    }

    /// Writes rows of a hunt, of which a brief answer has the first ones.
    fn write_hunted(
        &mut self,
        write: impl FnOnce(&mut dyn RowSink) -> Result<(), QueryError>,
    ) -> Result<(), SessionError> {
        let format = self.settings.format.unwrap_or_default();
        if format == Format::Records {
            let mistake = Diagnostic::new("the format records shows events, and a hunt shows findings");
            return Err(mistake.hint("take another format").into());
        }
        if let Some(limit) = self.brief_limit() {
            let mut first = FirstRows::new(limit);
            write(&mut first)?;
            return self.write_brief(Some(Heading { title: "Findings by actor", command: ".hunt", kept: &[] }), &first);
        }
        let (style, case) = (self.output.style(&self.settings.style), self.case()?);
        self.write_rows(format, &style, Some(&case), |mut sink| write(&mut *sink))
    }

    /// Makes findings the rows that `.show N` and its like take.
    fn remember_findings(&mut self, hunt: &Hunt, found: &[&Finding]) -> Result<(), SessionError> {
        let case = self.case()?;
        let event = |finding: &&Finding| finding.example.map_or(EventRef::None, EventRef::Id);
        let row = |finding: &&Finding| -> Result<Vec<Value>, QueryError> {
            Ok(finding_row(hunt, finding, &event_id(&case, finding.example)?))
        };
        let rows = found.iter().map(row).collect::<Result<_, _>>()?;
        self.shown = found.iter().map(event).collect();
        self.last = Some(LastResult {
            kind: ResultKind::Count,
            origin: ResultOrigin::Lookup(String::new()),
            rows: Some(CapturedRows { columns: finding_columns(), rows }),
            trend: None,
            folds: Vec::new(),
            lines: None,
        });
        Ok(())
    }
}

/// Returns the event id of the example of a finding; empty if it has none.
fn event_id(case: &Case, example: Option<i64>) -> Result<String, QueryError> {
    let Some(id) = example else { return Ok(String::new()) };
    let sql = "SELECT event_id FROM events WHERE id = ?1";
    let found = rows::collect(|sink| case.query(sql, &[Param::Integer(id)], sink))?;
    Ok(rows::text(found.rows.first().and_then(|row| row.first())))
}

/// Returns the attributes of an event that `--events` shows.
fn attributes(case: &Case, id: i64) -> Result<Option<[Value; 6]>, QueryError> {
    let sql =
        "SELECT event_time, event_source, event_name, source_ip_address, outcome, event_id FROM events WHERE id = ?1";
    let found = rows::collect(|sink| case.query(sql, &[Param::Integer(id)], sink))?;
    Ok(found.rows.into_iter().next().and_then(|row| row.try_into().ok()))
}

/// Returns the options of a request.
fn options(request: &HuntRequest) -> Result<HuntOptions, SessionError> {
    let now = time::now();
    let span = |text: &Option<String>| match text {
        Some(text) => time_span(text, now).map(Some).map_err(Diagnostic::new),
        None => Ok(None),
    };
    let baseline = match (&request.baseline, span(&request.baseline_until)?) {
        (Some(_), Some(_)) => {
            let mistake = Diagnostic::new("--baseline and --baseline-until both name a baseline");
            return Err(mistake.hint("give one of them").into());
        }
        (Some(path), None) => Baseline::Other(Rc::new(Case::open(path)?)),
        (None, Some((_, last))) => Baseline::Until(last),
        (None, None) => Baseline::Case,
    };
    Ok(HuntOptions {
        filter: request.filter.clone(),
        since: span(&request.since)?.map(|(first, _)| first),
        until: span(&request.until)?.map(|(_, last)| last),
        min_level: request.min_level.unwrap_or(Level::Medium),
        baseline,
        known: None,
        decisions: Decisions::default(),
        events_of: if request.events { EventsOf::All } else { EventsOf::None },
    })
}

/// Returns sentences about what is not shown for other reasons than the rules.
fn not_shown(rules_off: usize) -> Vec<String> {
    let off = number::counted(rules_off as u64, "ignore rule");
    if rules_off > 0 { vec![format!("{off} not accepted: `.ignore`")] } else { Vec::new() }
}

/// Returns the ignore rules of files.
fn ignored(paths: &[PathBuf]) -> Result<Vec<IgnoreRule>, Diagnostic> {
    let filters = sigma::load_filters(paths).map_err(|error| Diagnostic::new(error.to_string()))?;
    let rule = |Filter { id, title, rules, filter, reason }| IgnoreRule {
        name: id,
        title,
        rules,
        filter,
        reason,
        ..IgnoreRule::default()
    };
    Ok(filters.into_iter().map(rule).collect())
}

/// Returns the numbers of Sigma rules that are not run, with the reasons.
fn left_out(rules: &RuleSet) -> Vec<(u64, &'static str)> {
    let numbers = [
        (rules.not_compiled.len() as u64, "not compiled"),
        (rules.other_logs.values().sum(), "for other logs"),
        (rules.deprecated, "deprecated"),
        (rules.unsupported, "of status unsupported"),
        (rules.not_rules.len() as u64, "without a rule"),
    ];
    numbers.into_iter().filter(|(count, _)| *count > 0).collect()
}

/// Returns trailq's own rules and those of the user's queries.
fn own_rules(library: &Library) -> Vec<Rule> {
    let queries = library.all().into_iter().filter_map(|query| Some((query, query.header.level?)));
    let rules = queries.map(|(query, level)| Rule {
        id: query.name.clone(),
        title: query.header.title.clone(),
        level,
        origin: Origin::Query,
        author: None,
        attack: query.header.attack.clone(),
        about: query.header.about.clone(),
        false_positives: Vec::new(),
        condition: Condition::Query(query.name.clone()),
        needs_success: false,
    });
    detection::calls().iter().cloned().chain(rules).collect()
}
