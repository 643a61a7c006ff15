//! stub
#![allow(missing_docs)]
pub trait Statistics {
    fn events(&self) -> u64;
    fn count(&self, column: &str, value: &str) -> Option<u64>;
    fn resource_events(&self, name: &str) -> Option<u64>;
}
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Integer(i64),
    Real(f64),
    Text(String),
}
