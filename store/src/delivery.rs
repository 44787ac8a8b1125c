//! Delivery to the police: the outbox, the operator's actions on it, and routing.

pub mod backlog;
pub mod destinations;
pub mod outbox;
pub mod results;
pub mod tasks;
