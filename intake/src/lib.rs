//! The one door: every way of declaring a stay goes through it, and none reaches the database by
//! another way.
//!
//! [`Intake::declare`] judges a declaration (pure code in `domain`), makes its receipt, and hands
//! it to the committer, which gathers what waits into one durable transaction. A caller is
//! answered only after the commit; a refusal means that nothing was saved, except
//! [`Refusal::OutcomeUnknown`], which says so.
//!
//! [`Intake::census`] declares who came and changes who stayed or left, by the same two ways.
//! [`Intake::change`] makes a later version of a stay under the same promises.

mod accept;
mod admission;
mod census;
mod change;
mod commit;
pub mod index;
mod prepare;
mod progress;
mod refusal;
pub mod rewrite;
mod settings;
pub mod tries;
pub mod upload;
pub mod view;

pub use accept::{Accepted, CensusLease, Intake, IntakeParts, Item, Occasion, Validation};
pub use census::{CensusEntry, CensusReport};
pub use change::Expected;
pub use refusal::Refusal;
pub use settings::IntakeSettings;
