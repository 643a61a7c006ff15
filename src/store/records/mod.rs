//! The original records: compressed blocks, the filters that select the blocks to read, and predicates on records.

pub(crate) mod block;
pub(crate) mod decimal;
pub(crate) mod dictionary;
mod fold;
pub(crate) mod id_set;
pub(crate) mod json_path;
pub(crate) mod ngram_filter;
pub(crate) mod ngrams;
pub(crate) mod packer;
pub(crate) mod predicate;
pub(crate) mod predicate_set;
pub(crate) mod scan;
pub(crate) mod shared_scan;
pub(crate) mod text_set;
pub(crate) mod value_list;
