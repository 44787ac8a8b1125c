//! The public HTTP API: JSON in, JSON out, every error a problem document.
//!
//! The path of a request: `door` assigns an id and guarantees an answer, `routes` finds the
//! handler, `auth` and `limit` admit the caller before the body is read, `payload` reads the body,
//! and the module of the noun calls `intake` or `store` and answers. Invariants: no SQL, no
//! outgoing call, and no submitted value in a log, an error or a measurement.

mod start;

mod app;
mod config;

mod routes;
mod topic;

mod door;
mod exchange;

mod audit;
mod auth;
mod caller;
mod hosts;
mod idempotency;
mod key_uses;
mod known_keys;
mod limit;
mod payload;
mod precondition;
mod public_url;
mod sign_in;

mod accounts;
mod admin;
mod catalogues;
mod census;
mod day_receipts;
mod events;
mod facilities;
mod health;
mod imports;
mod limits;
mod noted_reads;
mod pages;
mod paper;
mod police;
mod reads;
mod receipt_form;
mod scans;
mod stays;
mod unreadable;
mod webhooks;

mod cursor;
mod negotiation;
mod parameters;
mod problem;
mod refusal;
mod refused;
mod reply;
mod shapes;

mod docs;
mod examples;

pub mod views {
    //! What operators see of the installation, the same over HTTP and at a terminal.

    pub use crate::accounts::shapes::{AccountMade, AccountView, InvitationView};
    pub use crate::admin::destinations::DestinationView;
    pub use crate::admin::directory::{
        facilities::FacilityRecordView, keys::KeyView, organisations::OrganisationView,
    };
    pub use crate::admin::notifications::{
        ATTEMPT_COUNT_MAX, NotificationListed, NotificationView,
    };
}

pub use config::ApiSettings;
pub use public_url::PublicUrl;
pub use start::{ApiParts, RunningApi, start};
