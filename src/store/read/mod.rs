//! Reading a case: questions, statistics of its values, and the SQL functions that read its records.

pub(crate) mod account_names;
pub(crate) mod address_functions;
pub(crate) mod case;
pub(crate) mod completion;
pub(crate) mod coverage;
pub(crate) mod coverage_facts;
pub(crate) mod custody;
pub(crate) mod distinct_count;
pub(crate) mod evidence;
pub(crate) mod findings;
pub(crate) mod functions;
pub(crate) mod gaps;
pub(crate) mod info;
pub(crate) mod kept;
pub(crate) mod leads;
pub(crate) mod listed_files;
pub(crate) mod near_values;
pub(crate) mod path_names;
pub(crate) mod people;
pub(crate) mod rights;
pub(crate) mod saved_queries;
pub(crate) mod shared_scan;
pub(crate) mod sql_error;
pub(crate) mod sql_text;
pub(crate) mod statistics;
pub(crate) mod time_spans;
