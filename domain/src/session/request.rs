//! Reads the small requests of signing in. Passwords are taken as they were typed.

use serde_json::Value;
use uuid::Uuid;

use crate::directory::NAME_LENGTH_MAX;
use crate::members::Members;
use crate::problem::{Code, Hint, Violation};

/// Characters of a name, a code or an id.
const WORD_LENGTH_MAX: usize = 128;
/// Characters of a secret: more than any password has.
const SECRET_LENGTH_MAX: usize = 1_024;

/// `{name, password}`.
#[derive(Debug, PartialEq, Eq)]
pub struct SignInRequest {
    /// The account's name, as it was typed.
    pub name: String,
    /// The password.
    pub password: String,
}

/// `{present_password, new_password}`.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordRequest {
    /// The one in force.
    pub present: String,
    /// The next one.
    pub new: String,
}

/// `{token, password}`.
#[derive(Debug, PartialEq, Eq)]
pub struct AcceptanceRequest {
    /// The last part of the one-time link.
    pub token: String,
    /// The password that was chosen.
    pub password: String,
}

/// `{facility_id, label}`.
#[derive(Debug, PartialEq, Eq)]
pub struct MachineRequest {
    /// At whose desk it stands; one of another form is one that does not exist.
    pub facility_id: Uuid,
    /// What people call it.
    pub label: String,
}

impl SignInRequest {
    /// Reads it.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let name = members.required("name", WORD_LENGTH_MAX);
        let password = secret(&mut members, "password");
        members.finish()?;
        let (name, password) = both(name, password)?;
        Ok(Self { name, password })
    }
}

impl PasswordRequest {
    /// Reads it.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let present = secret(&mut members, "present_password");
        let new = secret(&mut members, "new_password");
        members.finish()?;
        let (present, new) = both(present, new)?;
        Ok(Self { present, new })
    }
}

impl AcceptanceRequest {
    /// Reads it.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let token = members.required("token", WORD_LENGTH_MAX);
        let password = secret(&mut members, "password");
        members.finish()?;
        let (token, password) = both(token, password)?;
        Ok(Self { token, password })
    }
}

impl MachineRequest {
    /// Reads it.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn read(body: &Value) -> Result<Self, Vec<Violation>> {
        let mut members = Members::of(body)?;
        let facility_id = members.required("facility_id", WORD_LENGTH_MAX);
        let label = members.required("label", NAME_LENGTH_MAX);
        members.finish()?;
        let (facility_id, label) = both(facility_id, label)?;
        Ok(Self {
            facility_id: Uuid::try_parse(&facility_id).unwrap_or_default(),
            label,
        })
    }
}

/// Reads `{code}`.
///
/// # Errors
/// Every violation at once.
pub fn read_code(body: &Value) -> Result<String, Vec<Violation>> {
    let mut members = Members::of(body)?;
    let code = members.required("code", WORD_LENGTH_MAX);
    members.finish()?;
    code.ok_or_else(Vec::new)
}

/// A secret, untrimmed.
fn secret(members: &mut Members<'_>, name: &'static str) -> Option<String> {
    let Some(value) = members.take(name) else {
        members.fault(name, Code::Required, None);
        return None;
    };
    let Some(text) = value.as_str() else {
        members.fault(name, Code::InvalidType, None);
        return None;
    };
    if text.is_empty() {
        members.fault(name, Code::Required, None);
        return None;
    }
    if text.chars().nth(SECRET_LENGTH_MAX).is_some() {
        let hint = Hint::LengthMax(SECRET_LENGTH_MAX);
        members.fault(name, Code::TooLong, Some(hint));
        return None;
    }
    Some(text.to_owned())
}

/// Two members without a fault are there.
fn both<A, B>(first: Option<A>, second: Option<B>) -> Result<(A, B), Vec<Violation>> {
    first.zip(second).ok_or_else(Vec::new)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_password_is_taken_as_it_was_typed() {
        let sent = json!({"name": " Le-Tan ", "password": "  hai dấu cách  "});
        let read = SignInRequest::read(&sent).unwrap();
        assert_eq!(read.name, "Le-Tan");
        assert_eq!(read.password, "  hai dấu cách  ");
    }

    #[test]
    fn a_request_names_everything_that_is_wrong() {
        let faults = |violations: Vec<Violation>| -> Vec<(String, Code)> {
            let pair = |one: Violation| (one.pointer, one.code);
            violations.into_iter().map(pair).collect()
        };
        let at = |pointer: &str, code| (pointer.to_owned(), code);
        let sent = json!({"password": 1, "remember": true});
        assert_eq!(
            faults(SignInRequest::read(&sent).unwrap_err()),
            [
                at("/name", Code::Required),
                at("/password", Code::InvalidType),
                at("/remember", Code::UnknownField),
            ]
        );
        let sent = json!({"present_password": "", "new_password": "x".repeat(1_025)});
        assert_eq!(
            faults(PasswordRequest::read(&sent).unwrap_err()),
            [
                at("/present_password", Code::Required),
                at("/new_password", Code::TooLong),
            ]
        );
    }
}
