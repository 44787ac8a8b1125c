//! Load and measurements: `luutru load` and `luutru bench`.
//!
//! Both talk to a running service over HTTP, as a front desk would, and know nothing of terminals:
//! they hand back numbers, which the binary prints.

mod options;
mod rounds;

pub mod load;

mod fastapi;
mod history;
mod machine;
mod pgbench;
mod postgres;
mod service;
mod sqlite;

pub mod html;
mod report;
pub mod wire;

pub use options::BenchOptions;
pub use report::{Measure, Report};
pub use rounds::execute;

/// Called with progress: the step, how much of it is done, and its length; 0 when that is unknown.
pub type Watch<'a> = &'a (dyn Fn(&str, u64, u64) + Sync);
