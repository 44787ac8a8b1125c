//! Load and measurements: `luutru load` and `luutru bench`.
//!
//! Both talk to a running service over HTTP, as a front desk would, and know nothing of terminals:
//! they hand back numbers, which the binary prints.

mod rounds;

pub mod load;

mod machine;
mod pgbench;
mod postgres;
mod service;
mod sqlite;

mod report;
pub mod wire;

pub use report::{Measure, Report};
pub use rounds::{BenchOptions, execute};
