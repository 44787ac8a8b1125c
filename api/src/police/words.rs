//! Sealed texts: officers' notes for the police, their questions to senders, and the facilities'
//! answers.

use intake::view::{SEALED_ANSWER, SEALED_WORDS};
use runtime::vault::Vault;
use serde::{Deserialize, Serialize};
use store::{
    damage,
    review::{DecisionRow, answers::AnswerRow},
    stays::StayRow,
};
use uuid::Uuid;

use crate::problem::Failure;
use crate::unreadable;

/// An officer's words.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct OfficerWords {
    /// Why, as a word: for the police only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// For the police only.
    pub(super) note: Option<String>,
    /// For the sender.
    pub(super) question: Option<String>,
}

impl OfficerWords {
    /// Seals them for their row, as what else there is of the stay; nothing when nothing was
    /// written.
    pub(super) fn seal(
        &self,
        vault: &Vault,
        decision_id: Uuid,
        stay: &StayRow,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if self.reason.is_none() && self.note.is_none() && self.question.is_none() {
            return Ok(None);
        }
        let plaintext = serde_json::to_vec(self).map_err(Failure::internal)?;
        let safe = intake::view::safe(stay);
        let context = safe.context(SEALED_WORDS, decision_id, 0);
        let sealed = vault.seal_of_stay(&safe, &context, &plaintext);
        Ok(Some(sealed.map_err(Failure::internal)?))
    }

    /// Opens the texts of a decision about a stay. Unreadable ones are left out, because the rest
    /// of the decision still helps.
    pub(super) fn open(vault: &Vault, stay: &StayRow, row: &DecisionRow) -> Self {
        Self::read(vault, stay, row).unwrap_or_else(|error| {
            damage::note("review_decision", row.id, &error);
            Self::default()
        })
    }

    fn read(vault: &Vault, stay: &StayRow, row: &DecisionRow) -> Result<Self, unreadable::Cause> {
        let Some(sealed) = &row.sealed else {
            return Ok(Self::default());
        };
        let safe = intake::view::safe(stay);
        let context = safe.context(SEALED_WORDS, row.id, 0);
        let plaintext = vault.open_of_stay(&safe, &context, sealed)?;
        // The error of the reader would quote what it read.
        serde_json::from_slice(&plaintext).map_err(|_| "sealed words do not hold JSON".into())
    }
}

/// Seals what a facility answers for its row, as what else there is of the stay.
pub(crate) fn seal_answer(
    vault: &Vault,
    answer_id: Uuid,
    text: &str,
    stay: &StayRow,
) -> Result<Vec<u8>, Failure> {
    let safe = intake::view::safe(stay);
    let context = safe.context(SEALED_ANSWER, answer_id, 0);
    let sealed = vault.seal_of_stay(&safe, &context, text.as_bytes());
    sealed.map_err(Failure::internal)
}

/// Opens what a facility answered about a stay; nothing where that cannot be read.
pub(super) fn open_answer(vault: &Vault, stay: &StayRow, row: &AnswerRow) -> Option<String> {
    let safe = intake::view::safe(stay);
    let context = safe.context(SEALED_ANSWER, row.id, 0);
    match vault.open_of_stay(&safe, &context, &row.sealed) {
        Ok(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        Err(error) => {
            damage::note("review_answer", row.id, &error);
            None
        }
    }
}
