//! The surroundings of a lookup.

/// The surroundings of a lookup that its meaning depends on.
pub trait Environment {
    /// The clock, in Unix seconds.
    fn now(&self) -> i64;
    /// The time of the newest event of the case, in Unix seconds.
    fn newest_event(&self) -> Option<i64>;
    /// The content of an `@FILE` list, or why it cannot be read.
    fn read_list(&self, path: &str) -> Result<String, String>;
    /// Paths of records that have a key of this name, in any case, the most frequent first, as far as they are found
    /// soon: for advice on a name that means nothing.
    fn paths_to_key(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
}
