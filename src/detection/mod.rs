//! Detections: rules that select events worth a look, and their levels.

pub mod attack;
mod correlation;
mod meaning;
mod rule;

pub use correlation::{Correlation, CorrelationKind, CountCondition};
pub use meaning::{call, calls, of_call};
pub use rule::{Condition, Origin, Rule};
