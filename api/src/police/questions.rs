//! Questions to senders about a stay: those of officers, shown on the stay until answered, and
//! whether a guest missing from a census has left.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::problem::Code;
use runtime::vault::Vault;
use serde::Serialize;
use store::{
    census, damage,
    review::{self, DecisionRow, decide},
    stays::StayRow,
};
use uuid::Uuid;

use super::words::OfficerWords;
use crate::app::App;
use crate::problem::Failure;
use crate::shapes::text::Instant;

/// What a sender is asked about a stay, in the shape of
/// [`StayQuestion`](crate::shapes::StayQuestion).
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum SenderQuestion {
    /// By an officer.
    Officer {
        id: Uuid,
        asked_at: Instant,
        /// In the officer's words; `null` when there are none, or they are damaged.
        question: Option<String>,
        /// The members to look at again.
        pointers: Vec<String>,
    },
    /// By a census that did not list the guest.
    Census { code: Code, asked_at: Instant },
}

impl SenderQuestion {
    /// The members to look at again.
    pub(crate) fn pointers(&self) -> &[String] {
        match self {
            Self::Officer { pointers, .. } => pointers,
            Self::Census { .. } => &[],
        }
    }

    /// An officer's question; none, reported, where nobody can tell what is asked.
    fn of_officer(vault: &Vault, stay: &StayRow, row: &DecisionRow) -> Option<Self> {
        Some(Self::Officer {
            id: row.id,
            asked_at: Instant::of(row.decided_at),
            question: OfficerWords::open(vault, stay, row).question,
            pointers: damage::sound("review_decision", row.id, review::asked_about(row))?,
        })
    }

    fn of_census(asked_at: DateTime<Utc>) -> Self {
        Self::Census {
            code: Code::CensusMissing,
            asked_at: Instant::of(asked_at),
        }
    }
}

/// The questions that wait for an answer, as their senders see them, by stay. They tell where to
/// look again and what the officer wrote for them; nothing of the registry.
pub(crate) async fn of_stays(
    app: &App,
    stays: &[&StayRow],
) -> Result<HashMap<Uuid, Vec<SenderQuestion>>, Failure> {
    let stay_ids: Vec<Uuid> = stays.iter().map(|stay| stay.id).collect();
    let stays: HashMap<Uuid, &StayRow> = stays.iter().map(|stay| (stay.id, *stay)).collect();
    let mut questions: HashMap<Uuid, Vec<SenderQuestion>> = HashMap::new();
    for row in decide::questions(&app.db, &stay_ids).await? {
        let stay = stays.get(&row.stay_id);
        let question = stay.and_then(|stay| SenderQuestion::of_officer(&app.vault, stay, &row));
        if let Some(question) = question {
            questions.entry(row.stay_id).or_default().push(question);
        }
    }
    for (stay_id, asked_at) in census::asked(&app.db, &stay_ids).await? {
        let question = SenderQuestion::of_census(asked_at);
        questions.entry(stay_id).or_default().push(question);
    }
    Ok(questions)
}
