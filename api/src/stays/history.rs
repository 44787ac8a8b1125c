//! Every version of a stay: its author, time and reason.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use domain::{
    notification::{former_notification_id, notification_id},
    stay::NotificationKind,
};
use intake::view::PastVersion;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use serde::Serialize;
use store::stays::StayVersionRow;
use uuid::Uuid;

use super::find;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::problem::Failure;
use crate::reads;
use crate::reply::{ETag, Json, Raw};
use crate::shapes::Warning;
use crate::shapes::text::{ChangeWord, ChannelWord, Instant, Pointer, PresenceWord};
use crate::topic::Topic;
use crate::unreadable;

/// Every version of a stay.
#[derive(Object, Serialize)]
pub(crate) struct History {
    /// The stay.
    stay_id: Uuid,
    /// Its versions, the oldest first.
    items: Vec<HistoryItem>,
}

/// A version of a stay: who, when, why.
#[derive(Object, Serialize)]
pub(crate) struct HistoryItem {
    /// Which version, from 1.
    version: u32,
    /// What made it.
    change: ChangeWord,
    /// The members in which it differs from the version before.
    changed: Vec<Pointer>,
    /// When it was received.
    made_at: Instant,
    /// Who made it.
    made_by: Maker,
    /// By which door.
    channel: ChannelWord,
    /// Why, in the sender's words; of amendments and cancellations.
    #[oai(nullable)]
    reason: Option<String>,
    /// Whether the guest was there.
    presence: PresenceWord,
    /// Whether the police are told of it.
    is_forwarded: bool,
    /// The number of its receipt.
    receipt_number: String,
    /// What deserved a look.
    warnings: Raw<Vec<Warning>>,
}

/// The key that made a version.
#[derive(Object, Serialize)]
pub(crate) struct Maker {
    /// Its id.
    key_id: Uuid,
    /// What people call it.
    #[oai(nullable)]
    label: Option<String>,
}

impl HistoryItem {
    /// A past version. `labels` are what people call keys, `sent_later` the versions that the police
    /// got though they had no night in them when they were made.
    fn of(
        past: PastVersion,
        labels: &HashMap<Uuid, String>,
        sent_later: &HashSet<i32>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            version: past.version.unsigned_abs(),
            change: past.change.into(),
            changed: past.changed.into_iter().map(Pointer).collect(),
            made_at: Instant::of(past.made_at),
            made_by: Maker {
                key_id: past.made_by,
                label: labels.get(&past.made_by).cloned(),
            },
            channel: past.channel.into(),
            reason: past.reason,
            presence: past.presence.into(),
            is_forwarded: past.is_forwardable || sent_later.contains(&past.version),
            receipt_number: past.receipt_number,
            warnings: Raw::of(&past.warnings)?,
        })
    }
}

/// The past of a stay.
pub(crate) struct StayHistoryApi(pub(crate) Arc<App>);

/// A stay's past is shown.
#[derive(ApiResponse)]
pub(crate) enum HistoryShown {
    /// The versions of the stay.
    #[oai(status = 200)]
    Versions(Json<History>, #[oai(header = "ETag")] ETag),
}

impl Examples for StayHistoryApi {
    const EXAMPLES: &'static str = include_str!("history.examples.json");
}

#[OpenApi]
impl StayHistoryApi {
    /// See a stay's history
    ///
    /// Every version of it: who made it, when, by which door, what changed and why; the oldest
    /// first.
    #[oai(
        path = "/v1/stays/:id/history",
        method = "get",
        operation_id = "showHistory",
        tag = "Topic::Stays"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowHistory>,
        /// The stay's id.
        Path(id): Path<Uuid>,
    ) -> Result<HistoryShown, Failure> {
        let app = &self.0;
        let (stay, _) = find(app, admitted.sender(), id, None).await?;
        let versions = store::stays::versions(&app.db, stay.id).await?;
        let keys: BTreeSet<Uuid> = versions.iter().map(|version| version.created_by).collect();
        let keys: Vec<Uuid> = keys.into_iter().collect();
        let mut labels = store::api_keys::labels(&app.db, &keys).await?;
        labels.extend(store::accounts::labels(&app.db, &keys).await?);
        let sent_later = sent_later(app, &versions).await?;
        let past = intake::view::history(&app.vault, &stay, &versions);
        let past = past.map_err(|error| unreadable::failure(stay.id, error))?;
        let items = past.into_iter();
        let items = items.map(|version| HistoryItem::of(version, &labels, &sent_later));
        let history = History {
            stay_id: stay.id,
            items: items.collect::<Result<_, _>>()?,
        };
        reads::note(app, admitted.sender(), 1).await;
        let newest = versions
            .last()
            .map_or(stay.version, |newest| newest.version);
        let tag = ETag::of(newest);
        Ok(HistoryShown::Versions(Json(history), tag))
    }
}

/// Versions that included no night when they were made and were sent to the police at 23:00.
async fn sent_later(app: &App, versions: &[StayVersionRow]) -> Result<HashSet<i32>, Failure> {
    let ids_of = |version: &StayVersionRow| {
        let (stay_id, number) = (version.stay_id, version.version);
        let kind = NotificationKind::Stay;
        [notification_id, former_notification_id].map(|id_of| id_of(stay_id, number, kind))
    };
    let unsent = versions.iter().filter(|version| !version.is_forwardable);
    let ids: Vec<Uuid> = unsent.flat_map(ids_of).collect();
    let known = store::evening::known_tasks(&app.db, &ids).await?;
    let sent = versions
        .iter()
        .filter(|version| ids_of(version).iter().any(|id| known.contains(id)));
    Ok(sent.map(|version| version.version).collect())
}
