//! The columns that hold a word of a closed set.

use domain::{
    audit::{Action, ActorKind, SubjectKind},
    change::ChangeKind,
    coded::Coded,
    document::DocumentKind,
    event::EventKind,
    facility::FacilityKind,
    import::{DateOrder, FileKind, ImportState, RowOutcome},
    operator::{AttemptOutcome, BreakerState, DestinationState, PeerName, TaskState, TaskStep},
    purpose::Purpose,
    review::{ReviewDecision, ReviewKind, ReviewState},
    role::AccountRole,
    sender::{Role, SenderKind},
    session::Stage,
    sex::Sex,
    stay::{
        Channel, CompletionState, DeliveryState, IdentityReview, IdentityState, NotificationKind,
        Presence, Timeliness,
    },
    webhook::{CallOutcome, DisabledReason, EventProgress, WebhookEvent},
};

/// The words of a table.
pub(super) struct TableWords {
    pub(super) table: &'static str,
    pub(super) columns: &'static [WordColumn],
}

/// A column, and what may stand in it.
pub(super) struct WordColumn {
    pub(super) name: &'static str,
    pub(super) words: fn() -> Vec<&'static str>,
}

const fn word<T: Coded>(name: &'static str) -> WordColumn {
    WordColumn {
        name,
        words: || T::ALL.iter().map(|word| word.as_str()).collect(),
    }
}

/// Every table that has any.
pub(super) const TABLES: &[TableWords] = &[
    TableWords {
        table: "account",
        columns: &[word::<AccountRole>("role")],
    },
    TableWords {
        table: "api_key",
        columns: &[word::<Role>("role")],
    },
    TableWords {
        table: "attempt",
        columns: &[word::<PeerName>("peer"), word::<AttemptOutcome>("outcome")],
    },
    TableWords {
        table: "audit_entry",
        columns: &[
            word::<ActorKind>("actor_kind"),
            word::<Action>("action"),
            word::<SubjectKind>("subject_kind"),
        ],
    },
    TableWords {
        table: "destination",
        columns: &[
            word::<DestinationState>("state"),
            word::<BreakerState>("breaker"),
        ],
    },
    TableWords {
        table: "event",
        columns: &[word::<EventKind>("kind")],
    },
    TableWords {
        table: "facility",
        columns: &[word::<FacilityKind>("kind")],
    },
    TableWords {
        table: "import",
        columns: &[
            word::<SenderKind>("created_by_kind"),
            word::<FileKind>("format"),
            word::<DateOrder>("date_order"),
            word::<ImportState>("state"),
        ],
    },
    TableWords {
        table: "import_row",
        columns: &[word::<RowOutcome>("outcome")],
    },
    TableWords {
        table: "outbox_task",
        columns: &[
            word::<NotificationKind>("kind"),
            word::<TaskState>("state"),
            word::<TaskStep>("step"),
            word::<IdentityState>("identity_state"),
        ],
    },
    TableWords {
        table: "review",
        columns: &[word::<ReviewKind>("kind"), word::<ReviewState>("state")],
    },
    TableWords {
        table: "review_case",
        columns: &[
            word::<ReviewKind>("kind"),
            word::<ReviewState>("state"),
            word::<ReviewDecision>("decision"),
        ],
    },
    TableWords {
        table: "review_decision",
        columns: &[word::<ReviewDecision>("decision")],
    },
    TableWords {
        table: "session",
        columns: &[word::<Stage>("stage")],
    },
    TableWords {
        table: "stay",
        columns: &[
            word::<FacilityKind>("facility_kind"),
            word::<Presence>("presence"),
            word::<IdentityState>("identity_state"),
            word::<IdentityReview>("identity_review"),
            word::<DeliveryState>("delivery_state"),
            word::<CompletionState>("completion_state"),
            word::<Timeliness>("timeliness"),
            word::<Purpose>("purpose"),
            word::<Sex>("sex"),
            word::<DocumentKind>("document_kind"),
        ],
    },
    TableWords {
        table: "stay_version",
        columns: &[
            word::<Channel>("channel"),
            word::<ChangeKind>("change_kind"),
            word::<Presence>("presence"),
        ],
    },
    TableWords {
        table: "webhook",
        columns: &[word::<DisabledReason>("disabled_reason")],
    },
    TableWords {
        table: "webhook_delivery",
        columns: &[
            word::<WebhookEvent>("kind"),
            word::<EventProgress>("state"),
            word::<CallOutcome>("last_outcome"),
        ],
    },
];
