//! Organisations that declare: companies, hospitals, schools, agencies.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Content, NAME_LENGTH_MAX, code, ended_at, instant, instant_json, is_cleared, refuse_clearing,
};
use crate::members::Members;
use crate::problem::Violation;

/// An organisation as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its id.
    pub id: Uuid,
    /// The short word by which it is named at a terminal; never changes.
    pub code: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on none of its facilities takes declarations.
    pub ended_at: Option<DateTime<Utc>>,
    /// Counts its changes.
    pub version: i32,
}

impl Organisation {
    /// Everything that can change.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::from_iter([
            ("name".to_owned(), json!(self.name)),
            ("ended_at".to_owned(), instant_json(self.ended_at)),
        ])
    }

    /// Lays a change over it.
    pub fn apply(&mut self, content: &Content) {
        if let Some(name) = content.get("name").and_then(Value::as_str) {
            name.clone_into(&mut self.name);
        }
        if let Some(end) = content.get("ended_at") {
            self.ended_at = ended_at(end);
        }
    }
}

/// What a new organisation is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationDraft {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

impl OrganisationDraft {
    /// Reads `{code, name}`.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let code = code(&mut members, "code");
        let name = members.required("name", NAME_LENGTH_MAX);
        members.finish()?;
        match (code, name) {
            (Some(code), Some(name)) => Ok(Self { code, name }),
            (None, _) | (_, None) => Err(Vec::new()),
        }
    }

    /// The organisation, made at `now`.
    #[must_use]
    pub fn into_organisation(self, id: Uuid, now: DateTime<Utc>) -> Organisation {
        Organisation {
            id,
            code: self.code,
            name: self.name,
            created_at: now,
            ended_at: None,
            version: 1,
        }
    }
}

/// Reads a merge patch of an organisation: `name`, `ended_at`. What stays as it is is left out.
///
/// # Errors
/// Every violation at once.
pub fn read_organisation_patch(
    body: &Value,
    before: &Organisation,
) -> Result<Content, Vec<Violation>> {
    let mut members = Members::of(body)?;
    let mut content = Content::new();
    if let Some(name) = members.text("name", NAME_LENGTH_MAX) {
        content.insert("name".to_owned(), json!(name));
    }
    if let Some(end) = instant(&mut members, "ended_at") {
        content.insert("ended_at".to_owned(), instant_json(Some(end)));
    } else if is_cleared(body, "ended_at") {
        content.insert("ended_at".to_owned(), Value::Null);
    }
    refuse_clearing(&mut members, body, &["name"]);
    members.finish()?;
    let old = before.content();
    content.retain(|name, value| old.get(name) != Some(value));
    Ok(content)
}
