//! Organisations, facilities and keys over HTTP: what `luutru organisation`, `facility` and `key`
//! do, through the same functions of the store, with the key as actor.

pub(crate) mod facilities;
pub(crate) mod keys;
pub(crate) mod organisations;

use chrono::{DateTime, Utc};
use domain::{
    directory::{Organisation, is_over},
    problem::{Code, Violation},
};
use intake::{Expected, Refusal};
use poem_openapi::{ApiResponse, types::Type};
use serde::Serialize;
use store::directory::{self, ActionOutcome, ListPart};
use uuid::Uuid;

use crate::app::App;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Page, query};
use crate::problem::Failure;
use crate::reply::{ETag, Json, Location, Replayed};

query! {
    /// Which of the facilities or keys of all organisations are listed.
    pub(crate) struct OfOrganisation {
        /// Only those of this organisation.
        organisation_id: Option<Uuid>,
    }
}

/// An organisation or a facility was made.
#[derive(ApiResponse)]
pub(crate) enum Made<T: Type + Serialize + Send> {
    /// It is made.
    #[oai(status = 201)]
    First(
        Json<T>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
    ),
    /// It had been made before: the first answer again.
    #[oai(status = 200)]
    Again(
        Json<T>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

impl<T: Type + Serialize + Send> Made<T> {
    fn at(path: String, view: T, version: u32, is_replayed: bool) -> Self {
        let (view, location, etag) = (Json(view), Location::of(path), ETag::of(version));
        if is_replayed {
            Self::Again(view, location, etag, Replayed::when(true))
        } else {
            Self::First(view, location, etag)
        }
    }
}

/// The part of a list that a page shows.
fn part(page: &Page) -> ListPart {
    ListPart {
        after: page.after,
        count_max: page.count_max(),
    }
}

/// The result of an action and its time; a replay returns those of the first.
pub(crate) struct ActionAnswer<T> {
    /// What it was done to, as it left it.
    pub(crate) subject: T,
    /// When.
    at: DateTime<Utc>,
    is_replayed: bool,
}

/// Errors: it was not done.
fn outcome<T>(
    written: ActionOutcome<T>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<ActionAnswer<T>, Failure> {
    let (subject, at, is_replayed) = match written {
        ActionOutcome::Done(subject) => (subject, now, false),
        ActionOutcome::Replayed(subject, at) => (subject, at, true),
        ActionOutcome::KeyReused => return Err(key.reused()),
        ActionOutcome::CodeTaken => return Err(Failure::new(Code::CodeTaken)),
        ActionOutcome::VersionMismatch(version) => {
            return Err(Refusal::VersionMismatch { version }.into());
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    Ok(ActionAnswer {
        subject,
        at,
        is_replayed,
    })
}

/// Checks that a change targets the current version. `is_said` means that it would change nothing:
/// repeated from the previous version, it is the change that made the current one.
///
/// Errors: 428 when no version is named, 412 when it is another.
fn check_version(expected: &Expected, version: i32, is_said: bool) -> Result<(), Failure> {
    match expected {
        Expected::Unnamed => Err(Failure::new(Code::PreconditionRequired)),
        Expected::Current => Ok(()),
        Expected::Versions(versions) if versions.contains(&version) => Ok(()),
        Expected::Versions(versions) if is_said && versions.contains(&(version - 1)) => Ok(()),
        Expected::Versions(_) => Err(Refusal::VersionMismatch { version }.into()),
    }
}

/// A version as it is shown: the store counts from 1.
fn shown(version: i32) -> u32 {
    u32::try_from(version).unwrap_or_default()
}

/// The organisation that something new belongs to.
///
/// Errors: 422 when there is none of this code, or it has ended.
async fn owner(app: &App, code: &str, now: DateTime<Utc>) -> Result<Organisation, Failure> {
    let refuse = |code| Failure::invalid(vec![Violation::new("/organisation_code", code)]);
    let organisation = directory::organisation_by_code(&app.db, code).await?;
    let organisation = organisation.ok_or_else(|| refuse(Code::OrganisationUnknown))?;
    if is_over(organisation.ended_at, now) {
        return Err(refuse(Code::OrganisationEnded));
    }
    Ok(organisation)
}
