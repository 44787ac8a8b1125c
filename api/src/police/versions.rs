//! The versions of the stay that a case is about: when and by what each was made, and which members
//! it changed. No value of any of them.

use std::sync::Arc;

use domain::review::request::QUESTION_POINTERS;
use domain::sender::Sender;
use intake::view::PastVersion;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use store::review::queue;
use uuid::Uuid;

use super::scope_of;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{ChangeWord, ChannelWord, Instant, Pointer};
use crate::topic::Topic;
use crate::unreadable;

/// The versions of a case's stay.
#[derive(Object, Serialize)]
pub(crate) struct CaseVersions {
    /// The case.
    pub(crate) notification_id: Uuid,
    /// The versions, the oldest first.
    pub(crate) items: Vec<CaseVersion>,
}

/// A version of a case's stay.
#[derive(Object, Serialize)]
pub(crate) struct CaseVersion {
    /// Which version, from 1.
    pub(crate) version: u32,
    /// What made it.
    pub(crate) change: ChangeWord,
    /// The members in which it differs from the version before, of those that the police see.
    pub(crate) changed: Vec<Pointer>,
    /// When it was received.
    pub(crate) made_at: Instant,
    /// By which door.
    pub(crate) channel: ChannelWord,
    /// The number of its receipt.
    pub(crate) receipt_number: String,
}

impl CaseVersion {
    fn of(past: PastVersion) -> Self {
        let changed = past.changed.into_iter().filter(|pointer| is_seen(pointer));
        Self {
            version: past.version.unsigned_abs(),
            change: past.change.into(),
            changed: changed.map(Pointer).collect(),
            made_at: Instant::of(past.made_at),
            channel: past.channel.into(),
            receipt_number: past.receipt_number,
        }
    }
}

/// Whether officers see a member: they may ask about it, by itself or by what it is a part of.
fn is_seen(pointer: &str) -> bool {
    let named = QUESTION_POINTERS.iter().filter(|seen| **seen != "/guest");
    let mut holding = named.filter_map(|seen| pointer.strip_prefix(seen));
    holding.any(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The versions are listed.
#[derive(ApiResponse)]
pub(crate) enum CaseVersionsListed {
    /// The versions.
    #[oai(status = 200)]
    Versions(Json<CaseVersions>),
}

/// Versions of cases' stays.
pub(crate) struct CaseVersionsApi(pub(crate) Arc<App>);

impl Examples for CaseVersionsApi {
    const EXAMPLES: &'static str = include_str!("versions.examples.json");
}

#[OpenApi]
impl CaseVersionsApi {
    /// List the versions of a case's stay
    ///
    /// When and by what each was made, which members it changed, and its receipt. No value of any
    /// member.
    #[oai(
        path = "/v1/police/notifications/:id/versions",
        method = "get",
        operation_id = "listCaseVersions",
        tag = "Topic::Police"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListCaseVersions>,
        /// The case's id.
        Path(id): Path<Uuid>,
    ) -> Result<CaseVersionsListed, Failure> {
        let versions = listed(&self.0, admitted.sender(), id).await?;
        Ok(CaseVersionsListed::Versions(Json(versions)))
    }
}

/// The versions of a case's stay.
///
/// Errors: 404 for a case that is not there or of others; a version is damaged.
pub(crate) async fn listed(app: &App, sender: &Sender, id: Uuid) -> Result<CaseVersions, Failure> {
    let case = queue::find_readable(&app.db, &scope_of(sender), sender.key_id, id).await?;
    let Some(case) = case else {
        return Err(super::absent(app, sender, id).await);
    };
    let stay = store::stays::get(&app.db, case.stay_id).await?;
    let rows = store::stays::versions(&app.db, stay.id).await?;
    let past = intake::view::history(&app.vault, &stay, &rows);
    let past = past.map_err(|error| unreadable::failure(stay.id, error))?;
    Ok(CaseVersions {
        notification_id: id,
        items: past.into_iter().map(CaseVersion::of).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn officers_do_not_hear_of_members_that_they_do_not_see() {
        for seen in [
            "/room",
            "/guest/full_name",
            "/guest/document/number",
            "/guest/visa/kind",
        ] {
            assert!(is_seen(seen), "{seen}");
        }
        for kept in [
            "/note",
            "/ward",
            "/bed",
            "/guest/phone",
            "/rooms",
            "/reference",
        ] {
            assert!(!is_seen(kept), "{kept}");
        }
    }
}
