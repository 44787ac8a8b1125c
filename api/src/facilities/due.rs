//! What a facility still has to see to, by the time until which it is due.

use chrono::{DateTime, Utc};
use domain::{
    facility::Facility,
    problem::Code,
    stay::{ATTENTION_POINTERS, DeliveryState, DueKind, IdentityState, Presence},
    time::{format_instant, parse_instant},
};
use serde_json::{Value, json};
use store::stays::StayRow;
use uuid::Uuid;

use super::find;
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::cursor;
use crate::police::questions;
use crate::problem::Failure;
use crate::query::Query;
use crate::reads;
use crate::shapes::DuePage;

/// What cursors of this list are good for.
const LIST: &str = "due";

/// Something to see to. A stay has one by its deadline at most, and one by the later time until
/// which something is owed.
struct Item {
    stay_id: Uuid,
    version: i32,
    kind: DueKind,
    due_at: DateTime<Utc>,
    delivery: String,
    reason: Option<String>,
    pointers: Vec<Value>,
    questions: Vec<Value>,
}

/// A page of what is to be seen to, the most urgent first.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    id: &str,
    mut query: Query,
) -> Result<Answer<DuePage>, Failure> {
    let sender = admitted.sender();
    let facility = find(sender, id)?;
    let limit = query.limit();
    let after = query.parsed("cursor", Code::InvalidCursor, |text| {
        cursor::read_moment(&app.vault, LIST, sender.key_id, text)
    });
    query.finish()?;
    let mut items = items(app, facility, after, limit.saturating_add(1)).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_more);
    let next_cursor =
        last.map(|last| cursor::write_moment(&app.vault, LIST, sender.key_id, last.place()));
    let asked_count = items.iter().filter(|item| item.is_asked()).count();
    if asked_count > 0 {
        reads::note(app, sender, asked_count).await;
    }
    let now = app.clock.now();
    let items: Vec<_> = items.iter().map(|item| item.to_json(now)).collect();
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// The first items after a place, in order; a few more than `limit` at times.
async fn items(
    app: &App,
    facility: &Facility,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<Item>, Failure> {
    let count = u64::try_from(limit).unwrap_or(u64::MAX);
    let unsettled = store::due::unsettled(&app.db, facility.id, after, count).await?;
    let owing = store::due::owing(&app.db, facility.id).await?;
    let ids: Vec<Uuid> = unsettled.iter().map(|stay| stay.id).collect();
    let mut asked = questions::of_stays(app, &ids).await?;
    let mut items: Vec<Item> = unsettled
        .iter()
        .map(|stay| Item::unsettled(stay, asked.remove(&stay.id).unwrap_or_default()))
        .collect();
    let owed = owing.iter().filter_map(Item::owed);
    items.extend(owed.filter(|item| after.is_none_or(|after| item.place() > after)));
    items.sort_unstable_by_key(Item::place);
    Ok(items)
}

impl Item {
    /// What a stay that is not settled asks for by its deadline, with the questions about it.
    fn unsettled(stay: &StayRow, questions: Vec<Value>) -> Self {
        let is_flagged = is_flagged(stay);
        let is_refused = stay.delivery_state == DeliveryState::Rejected.as_str();
        let kind = if is_flagged || is_refused || !questions.is_empty() {
            DueKind::Correction
        } else {
            DueKind::Unacknowledged
        };
        Self {
            stay_id: stay.id,
            version: stay.version,
            kind,
            due_at: stay.deadline_at,
            delivery: stay.delivery_state.clone(),
            reason: stay.delivery_reason.clone(),
            pointers: pointers(is_flagged, &questions),
            questions,
        }
    }

    /// What a stay owes; `None` when it owes nothing any more.
    fn owed(stay: &StayRow) -> Option<Self> {
        let mut owed: Value = serde_json::from_str(stay.owed.as_deref()?).ok()?;
        let due_at = owed["due_at"].as_str().and_then(parse_instant);
        Some(Self {
            stay_id: stay.id,
            version: stay.version,
            kind: DueKind::Completion,
            due_at: due_at.unwrap_or(stay.deadline_at),
            delivery: stay.delivery_state.clone(),
            reason: None,
            pointers: match owed["missing"].take() {
                Value::Array(missing) => missing,
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => Vec::new(),
            },
            questions: Vec::new(),
        })
    }

    /// Whether it comes with questions.
    const fn is_asked(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Where it stands in the list.
    fn place(&self) -> (DateTime<Utc>, Uuid) {
        (self.due_at, self.stay_id)
    }

    fn to_json(&self, now: DateTime<Utc>) -> Value {
        json!({
            "kind": self.kind.as_str(),
            "stay_id": self.stay_id,
            "version": self.version,
            "due_at": format_instant(self.due_at),
            "is_overdue": now >= self.due_at,
            "delivery": self.delivery,
            "reason": self.reason,
            "pointers": self.pointers,
            "questions": self.questions,
        })
    }
}

/// Whether the sender is told to look again at the data of a guest who is there to be asked.
fn is_flagged(stay: &StayRow) -> bool {
    let state = IdentityState::parse(&stay.identity_state);
    let needs_attention = state.is_some_and(|state| state.as_seen_by_sender() != state.as_str());
    needs_attention && stay.presence == Presence::Present.as_str()
}

/// The members to look at again, each once.
fn pointers(is_flagged: bool, questions: &[Value]) -> Vec<Value> {
    let mut pointers = Vec::new();
    if is_flagged {
        pointers.extend(ATTENTION_POINTERS.map(Value::from));
    }
    let asked = questions
        .iter()
        .filter_map(|question| question.get("pointers")?.as_array());
    for pointer in asked.flatten() {
        if !pointers.contains(pointer) {
            pointers.push(pointer.clone());
        }
    }
    pointers
}
