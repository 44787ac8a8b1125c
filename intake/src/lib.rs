//! The single entry point for declarations: every channel goes through it, and none reaches the
//! database by another route.
//!
//! [`Intake::declare`] judges a declaration (pure code in `domain`), makes its receipt, and hands
//! it to the committer, which gathers what waits into one durable transaction. A caller is
//! answered only after the commit; a refusal means that nothing was saved, except
//! [`Refusal::OutcomeUnknown`], which says so.
//!
//! [`Intake::census`] declares new guests and changes the stays of those who stayed or left,
//! through the same two paths. [`Intake::change`] makes a later version of a stay under the same
//! guarantees.

mod accept;
mod admission;
mod census;
mod change;
mod clerk;
mod commit;
mod counters;
mod entrance;
pub mod index;
mod lost_commit;
mod occasion;
mod progress;
mod refusal;
mod retry;
pub mod rewrite;
mod rules;
mod settings;
pub mod tries;
pub mod upload;
pub mod view;

pub use accept::{Intake, IntakeParts};
pub use census::{CensusEntry, CensusReport, Whereabouts};
pub use change::Expected;
pub use counters::ItemOutcome;
pub use occasion::{Accepted, Item, Occasion, Validation};
pub use refusal::Refusal;
pub use retry::{Retries, RetryPolicy};
pub use settings::IntakeSettings;
