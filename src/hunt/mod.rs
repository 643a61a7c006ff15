//! `hunt`: runs every detection on a case and groups the findings by actor.
//!
//! ```text
//! rules -> scope -> hits (event, rule) -> events -> findings (rule, principal, account) -> actors -> screen
//! ```
//! Knows no terminal: [`run`] returns a [`Hunt`].

mod actors;
mod aggregate;
mod attributes;
mod chains;
mod decisions;
mod events;
mod findings;
mod folding;
mod groups;
mod hits;
mod made;
mod novelty;
mod options;
mod principals;
mod query_jobs;
mod record;
mod result;
mod run;
mod scope;
mod timeline;
mod visibility;

pub use decisions::Decisions;
pub use options::{Baseline, EventsOf, HuntOptions};
pub(crate) use principals::name_of as principal_name;
pub(crate) use record::rules_sha256;
pub use result::{
    Actor, Details, Finding, Hunt, HuntedEvent, PrincipalName, RuleState, Skipped, TimelineEntry, Visibility,
};
pub use run::run;
pub(crate) use timeline::MAX_SENTENCES;
