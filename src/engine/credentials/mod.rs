//! Chains of credentials: the keys, sessions and sign-ins that descend from an access key, and those it descends from.
//! Each hop is proven, if the record that issued the key names it, or inferred.

mod ascent;
mod descent;
pub(crate) mod facts;
mod hop;

pub(crate) use crate::engine::credentials::ascent::ancestors;
pub(crate) use crate::engine::credentials::descent::{Descent, descend};
pub(crate) use crate::engine::credentials::hop::Credential;
