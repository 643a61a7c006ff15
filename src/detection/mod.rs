//! Detections: rules that select events worth a look, and their levels.

mod correlation;
mod rule;

pub use correlation::{Correlation, CorrelationKind, CountCondition};
pub use rule::{Condition, Origin, Rule};
