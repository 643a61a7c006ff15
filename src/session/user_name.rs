//! The name of the user who imports and annotates.

/// Returns `TRAILQ_USER`, else the user's name in the system.
pub(crate) fn user_name() -> String {
    let named = |name: &&str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    ["TRAILQ_USER", "USER", "LOGNAME"].iter().find_map(named).unwrap_or_else(|| "unknown".to_owned())
}
