//! What officers write, a note for the police and a question for the sender, and what facilities
//! answer: sealed.

use chrono::{DateTime, Utc};
use domain::time::local_date;
use runtime::vault::{SealContext, Vault};
use serde::{Deserialize, Serialize};
use store::review::{DecisionRow, answers::AnswerRow};
use uuid::Uuid;

use crate::problem::Failure;

/// The table whose rows hold them, for the seal's context.
const SEALED_TABLE: &str = "review_decision";
/// The table whose rows hold answers to them, for the seal's context.
const ANSWERS_TABLE: &str = "review_answer";

/// An officer's words.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Words {
    /// For the police only.
    pub(super) note: Option<String>,
    /// For the sender.
    pub(super) question: Option<String>,
}

impl Words {
    /// Seals them for their row; nothing when nothing was written.
    pub(super) fn seal(
        &self,
        vault: &Vault,
        decision_id: Uuid,
        at: DateTime<Utc>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if self.note.is_none() && self.question.is_none() {
            return Ok(None);
        }
        let plaintext = serde_json::to_vec(self).map_err(Failure::internal)?;
        let month = local_date(at).format("%Y-%m").to_string();
        let sealed = vault.seal(&month, &context(decision_id), &plaintext);
        Ok(Some(sealed.map_err(Failure::internal)?))
    }

    /// Opens those of a decision.
    pub(super) fn open(vault: &Vault, row: &DecisionRow) -> Result<Self, Failure> {
        let Some(sealed) = &row.sealed else {
            return Ok(Self::default());
        };
        let plaintext = vault.open(&context(row.id), sealed);
        let plaintext = plaintext.map_err(Failure::internal)?;
        // The error of the reader would quote what it read.
        serde_json::from_slice(&plaintext)
            .map_err(|_| Failure::internal("sealed words do not hold JSON"))
    }
}

/// Seals what a facility answers for its row.
pub(crate) fn seal_answer(
    vault: &Vault,
    answer_id: Uuid,
    text: &str,
    at: DateTime<Utc>,
) -> Result<Vec<u8>, Failure> {
    let month = local_date(at).format("%Y-%m").to_string();
    let sealed = vault.seal(&month, &answer_context(answer_id), text.as_bytes());
    sealed.map_err(Failure::internal)
}

/// Opens what a facility answered.
pub(super) fn open_answer(vault: &Vault, row: &AnswerRow) -> Result<String, Failure> {
    let text = vault.open(&answer_context(row.id), &row.sealed);
    let text = text.map_err(Failure::internal)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn answer_context(answer_id: Uuid) -> SealContext<'static> {
    SealContext {
        table: ANSWERS_TABLE,
        row_id: answer_id,
        version: 0,
    }
}

fn context(decision_id: Uuid) -> SealContext<'static> {
    SealContext {
        table: SEALED_TABLE,
        row_id: decision_id,
        version: 0,
    }
}
