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
use poem::http::{StatusCode, header};
use serde_json::json;
use store::directory::{self, Part, Written};

use crate::answer::Answer;
use crate::app::App;
use crate::idempotency::IdempotencyKey;
use crate::problem::Failure;
use crate::query::{Page, Parameter};
use crate::stays::REPLAYED;

/// The filter of lists of what organisations have.
const OF_ORGANISATION: Parameter = Parameter {
    name: "organisation_id",
    about: "Only those of this organisation.",
    schema: || json!({"type": "string", "format": "uuid"}),
};

/// What the store is asked for: a row more than the page has tells whether another page follows.
fn one_more(page: &Page) -> Part {
    Part {
        after: page.after,
        count_max: u64::try_from(page.limit)
            .unwrap_or(u64::MAX)
            .saturating_add(1),
    }
}

/// What a deed led to, and when; a replay is what the first one led to.
struct Outcome<T> {
    subject: T,
    at: DateTime<Utc>,
    is_replayed: bool,
}

/// Errors: it was not done.
fn outcome<T>(
    written: Written<T>,
    key: &IdempotencyKey,
    now: DateTime<Utc>,
) -> Result<Outcome<T>, Failure> {
    let (subject, at, is_replayed) = match written {
        Written::Done(subject) => (subject, now, false),
        Written::Replayed(subject, at) => (subject, at, true),
        Written::KeyReused => {
            key.count("mismatch");
            return Err(Failure::new(Code::IdempotencyKeyReused));
        }
        Written::CodeTaken => return Err(Failure::new(Code::CodeTaken)),
        Written::VersionMismatch(version) => {
            return Err(Refusal::VersionMismatch { version }.into());
        }
    };
    key.count(if is_replayed { "replay" } else { "new" });
    Ok(Outcome {
        subject,
        at,
        is_replayed,
    })
}

/// 201 for what was made, 200 for the first answer again.
fn made<T>(answer: Answer<T>, location: &str, is_replayed: bool) -> Answer<T> {
    let answer = answer.with_header(header::LOCATION, location);
    if is_replayed {
        answer.with_header(REPLAYED, "true")
    } else {
        answer.with_status(StatusCode::CREATED)
    }
}

/// 200 for what was changed.
fn changed<T>(answer: Answer<T>, is_replayed: bool) -> Answer<T> {
    if is_replayed {
        answer.with_header(REPLAYED, "true")
    } else {
        answer
    }
}

fn etag<T>(answer: Answer<T>, version: i32) -> Answer<T> {
    answer.with_header(header::ETAG, format!("\"{version}\""))
}

/// Whether a change is meant for the version that there is. `is_said` tells that it would change
/// nothing: said again from the version before, it is the change that made the present one.
///
/// Errors: 412.
fn check_version(expected: &Expected, version: i32, is_said: bool) -> Result<(), Failure> {
    match expected {
        Expected::Unnamed | Expected::Current => Ok(()),
        Expected::Versions(versions) if versions.contains(&version) => Ok(()),
        Expected::Versions(versions) if is_said && versions.contains(&(version - 1)) => Ok(()),
        Expected::Versions(_) => Err(Refusal::VersionMismatch { version }.into()),
    }
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
