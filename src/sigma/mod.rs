//! Sigma rules: files of YAML → `yaml` → `document` → `detection` and `condition` → the text of a lookup.
//!
//! A rule becomes a [`Rule`](crate::detection::Rule) whose condition is the filter of a lookup: it has the parser, the plan
//! and the evaluator of every other lookup, and can be explained. Semantics are those of the Sigma specification 2.1.

mod condition;
mod correlation;
mod detection;
mod document;
mod expression;
mod field;
mod filters;
mod item;
mod load;
mod modifiers;
mod network;
mod value;
mod yaml;

pub use filters::{Filter, FilterError, load_filters};
pub use load::{LoadError, MAX_FILE_BYTES, NotCompiled, RuleNote, RuleSet, load, load_text};
