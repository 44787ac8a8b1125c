//! What operators send and see.

use poem_openapi::Object;

use super::text::{
    BreakerWord, CommuneCode, DestinationStateWord, Id, Instant, NotificationKindWord, PauseReason,
    PeerWord, ProvinceCode, RequeueWord, TaskStateWord, TaskStepWord, Word,
};

/// A notification on its way to the police.
#[derive(Object)]
pub(crate) struct NotificationListed {
    /// Its id; the police know it by the same.
    id: Id,
    /// The stay it speaks of.
    stay_id: Id,
    /// Which version of it.
    version: u32,
    /// What it tells.
    kind: NotificationKindWord,
    /// The stay's facility.
    facility_id: Id,
    /// The facility's commune.
    commune_code: CommuneCode,
    /// Code of the destination it goes to today.
    destination: String,
    /// Where it is.
    state: TaskStateWord,
    /// What is done next.
    step: TaskStepWord,
    /// Statutory deadline.
    deadline_at: Instant,
    /// Not tried before.
    due_at: Instant,
    /// Until when a worker holds it.
    #[oai(nullable)]
    leased_until: Option<Instant>,
    /// Claims since a result was last recorded.
    claim_count: u32,
    /// Calls made for it.
    attempt_count: u32,
    /// Of these, answers that were neither acceptance nor refusal.
    unclear_count: u32,
    /// When the stay's version was accepted.
    created_at: Instant,
    /// When it was delivered, refused or set aside.
    #[oai(nullable)]
    settled_at: Option<Instant>,
    /// Why the stay's newest version was refused or set aside: a code.
    #[oai(nullable)]
    reason: Option<String>,
}

/// A page of notifications, nearest deadline first.
#[derive(Object)]
pub(crate) struct NotificationPage {
    /// The notifications.
    items: Vec<NotificationListed>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A notification with every call that was made for it.
#[derive(Object)]
#[oai(rename = "Notification")]
pub(crate) struct NotificationView {
    #[oai(flatten)]
    listed: NotificationListed,
    /// The calls, the first one first; of very many the newest.
    attempts: Vec<NotificationAttempt>,
}

/// A call on behalf of a notification.
#[derive(Object)]
pub(crate) struct NotificationAttempt {
    /// Whom.
    peer: PeerWord,
    /// When it began.
    started_at: Instant,
    /// How long it took, in milliseconds.
    latency_ms: u32,
    /// How it ended.
    outcome: String,
    /// Its HTTP status, if there was an answer.
    #[oai(nullable)]
    http_status: Option<i32>,
    /// What the peer said, or what was the matter.
    #[oai(nullable)]
    code: Option<String>,
}

/// What became of the wish to send a notification again.
#[derive(Object)]
#[oai(rename = "Requeue")]
pub(crate) struct RequeueAnswer {
    /// The notification.
    id: Id,
    /// `requeued`: it is due now, under its old id and with its old bytes. `on_its_way`: it was
    /// not set aside, and nothing was changed.
    outcome: RequeueWord,
}

/// Which of those set aside are sent again; all when nothing is named.
#[derive(Object)]
pub(crate) struct RequeueDraft {
    /// Only those that go to the destination of this code.
    destination: Option<Word>,
    /// Only those of this facility.
    facility_id: Option<Id>,
}

/// What was sent again.
#[derive(Object)]
#[oai(rename = "RequeueMany")]
pub(crate) struct RequeueManyAnswer {
    /// How many are due now.
    requeued: u32,
    /// How many stay aside, since a later version carries the whole stay.
    superseded: u32,
    /// There are more: ask again.
    more: bool,
}

/// A destination of notifications.
#[derive(Object)]
#[oai(rename = "Destination")]
pub(crate) struct DestinationView {
    /// Its code; of a province, the province's.
    code: String,
    /// What people call it.
    name: String,
    /// Its province.
    #[oai(nullable)]
    province_code: Option<ProvinceCode>,
    /// The address of an endpoint of its own.
    #[oai(nullable)]
    endpoint_url: Option<String>,
    /// The destination whose endpoint is called: its own, its province's, or `national`.
    #[oai(nullable)]
    endpoint_of: Option<String>,
    /// Whether somebody holds it back.
    state: DestinationStateWord,
    /// Who: a key's id, `operator` at a terminal, or `worker` for an endpoint that refuses us.
    #[oai(nullable)]
    paused_by: Option<String>,
    /// Why.
    #[oai(nullable)]
    paused_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    paused_at: Option<Instant>,
    /// Until when; `null`: until it is resumed.
    #[oai(nullable)]
    paused_until: Option<Instant>,
    /// Somebody holds it, or the destination whose endpoint it uses.
    is_held: bool,
    /// Calls a second, of each worker; `null`: the workers' own bound.
    #[oai(nullable)]
    rate_per_second: Option<u32>,
    /// Calls at once, of each worker; `null`: the workers' own bound.
    #[oai(nullable)]
    call_count_max: Option<u32>,
    /// What a worker last found of the endpoint that is called.
    breaker: BreakerWord,
    /// Why it is open.
    #[oai(nullable)]
    breaker_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    breaker_since: Option<Instant>,
    /// What waits.
    backlog: DestinationBacklog,
}

/// What of a destination's notifications waits.
#[derive(Object)]
pub(crate) struct DestinationBacklog {
    /// Those on their way.
    open: u64,
    /// Of these, those whose deadline has passed.
    overdue: u64,
    /// Those set aside.
    parked: u64,
    /// Since when the oldest is on its way.
    #[oai(nullable)]
    oldest_created_at: Option<Instant>,
    /// The same in seconds.
    #[oai(nullable)]
    oldest_age_seconds: Option<u64>,
    /// The nearest deadline of those on their way.
    #[oai(nullable)]
    nearest_deadline_at: Option<Instant>,
}

/// A page of destinations, by code.
#[derive(Object)]
pub(crate) struct DestinationPage {
    /// The destinations.
    items: Vec<DestinationView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Holds a destination back.
#[derive(Object)]
pub(crate) struct PauseDraft {
    /// Why. No personal values, please.
    reason: PauseReason,
    /// Until when; until it is resumed when left out.
    until: Option<Instant>,
}

/// Whether a destination is held back.
#[derive(Object)]
pub(crate) struct PauseState {
    /// The destination.
    code: String,
    /// Whether it is held back.
    state: DestinationStateWord,
    /// By which key.
    #[oai(nullable)]
    paused_by: Option<Id>,
    /// Why.
    #[oai(nullable)]
    paused_reason: Option<String>,
    /// Since when.
    #[oai(nullable)]
    paused_at: Option<Instant>,
    /// Until when; `null`: until it is resumed.
    #[oai(nullable)]
    paused_until: Option<Instant>,
}
