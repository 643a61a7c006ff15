//! Writing a case: events and records in, duplicates resolved, the ledger updated.

pub(crate) mod batch;
pub(crate) mod batch_builder;
pub(crate) mod blocks;
pub(crate) mod conflict_policy;
pub(crate) mod context;
pub(crate) mod event_row;
pub(crate) mod event_tables;
pub(crate) mod file_contents;
pub(crate) mod file_ledger;
pub(crate) mod import;
pub(crate) mod intern;
pub(crate) mod known_events;
pub(crate) mod known_files;
pub(crate) mod known_rows;
pub(crate) mod ledger;
pub(crate) mod proof;
pub(crate) mod related_rows;
pub(crate) mod resource_pages;
pub(crate) mod resume;
pub(crate) mod team;
pub(crate) mod writer;
