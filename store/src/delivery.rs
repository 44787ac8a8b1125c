//! The way to the police: the outbox, what an operator does with it, and where tasks go.

pub mod backlog;
pub mod destinations;
pub mod outbox;
pub mod tasks;
