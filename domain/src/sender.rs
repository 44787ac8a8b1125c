//! The caller: an API key with its organisation, role and scope.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::draft::Body;
use crate::facility::Facility;

coded! {
    /// What a key may do.
    pub enum Role {
        /// Declares for the facilities of its organisation.
        Declarant => "declarant",
        /// A machine that declares for several facilities.
        Integrator => "integrator",
        /// An officer: reads stays of the key's communes or province.
        Police => "police",
        /// Operates the service.
        Admin => "admin",
    }
}

coded! {
    /// What identifies a caller.
    pub enum SenderKind {
        /// A program, by its key.
        Key => "api_key",
        /// A person, by the account that signed in.
        Account => "account",
    }
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The key that was presented, or the account that signed in.
    pub key_id: Uuid,
    /// Which of them it is.
    pub kind: SenderKind,
    /// The organisation it belongs to.
    pub organisation_id: Uuid,
    /// What it may do.
    pub role: Role,
    /// The facilities it may declare for and read.
    pub facilities: Vec<Arc<Facility>>,
    /// Police: the communes it covers.
    pub communes: Vec<String>,
    /// Police: the provinces it covers.
    pub provinces: Vec<String>,
}

impl Sender {
    /// The facility of this id, if the sender may use it. Absent and foreign look the same.
    #[must_use]
    pub fn facility(&self, id: Uuid) -> Option<&Arc<Facility>> {
        self.facilities.iter().find(|facility| facility.id == id)
    }

    /// The facility that a declaration in the contract's form is about: the one it names, else the
    /// only one of the sender; `None` if the sender may not use it, or there is a choice.
    #[must_use]
    pub fn facility_of<'a>(&self, declaration: impl Into<Body<'a>>) -> Option<Uuid> {
        let named = match declaration.into() {
            Body::Sound(draft) => draft.facility_id.as_deref(),
            Body::Document(document) => match document.get("facility_id") {
                Some(Value::String(text)) => Some(text.trim()).filter(|text| !text.is_empty()),
                None | Some(Value::Null) => None,
                Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    return None;
                }
            },
        };
        match (named, self.facilities.as_slice()) {
            (Some(id), _) => {
                let id = Uuid::try_parse(id).ok()?;
                self.facility(id).map(|facility| facility.id)
            }
            (None, [only]) => Some(only.id),
            (None, _) => None,
        }
    }

    /// Whether the sender may declare stays at all.
    #[must_use]
    pub const fn may_declare(&self) -> bool {
        match self.role {
            Role::Declarant | Role::Integrator => true,
            Role::Police | Role::Admin => false,
        }
    }

    /// Whether an officer's scope covers a commune of a province.
    #[must_use]
    pub fn covers(&self, commune_code: &str, province_code: &str) -> bool {
        self.communes.iter().any(|code| code == commune_code)
            || self.provinces.iter().any(|code| code == province_code)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::draft::Draft;
    use crate::facility::FacilityKind;

    fn sender(facility_count: u128) -> Sender {
        let facility = |number| {
            Arc::new(Facility {
                id: Uuid::from_u128(number),
                organisation_id: Uuid::nil(),
                kind: FacilityKind::LodgingBusiness,
                subkind: None,
                name: String::new(),
                address: String::new(),
                commune_code: "16531".to_owned(),
                province_code: "38".to_owned(),
                is_remote: false,
                ended_at: None,
            })
        };
        Sender {
            key_id: Uuid::nil(),
            kind: SenderKind::Key,
            organisation_id: Uuid::nil(),
            role: Role::Integrator,
            facilities: (1..=facility_count).map(facility).collect(),
            communes: Vec::new(),
            provinces: Vec::new(),
        }
    }

    #[test]
    fn a_declaration_is_about_its_facility_if_the_sender_may_use_it() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let table = [
            (1, json!({}), Some(one)),
            (1, json!({"facility_id": null}), Some(one)),
            (1, json!({"facility_id": "  "}), Some(one)),
            (2, json!({}), None),
            (2, json!({"facility_id": two}), Some(two)),
            (2, json!({"facility_id": format!(" {two} ")}), Some(two)),
            (1, json!({"facility_id": two}), None),
            (1, json!({"facility_id": 1}), None),
            (1, json!({"facility_id": "x"}), None),
            (2, json!([]), None),
        ];
        for (facility_count, declaration, facility) in table {
            let sender = sender(facility_count);
            assert_eq!(sender.facility_of(&declaration), facility, "{declaration}");
            if let Some(draft) = Draft::read_sound(declaration.to_string().as_bytes()) {
                let found = sender.facility_of(Body::Sound(&draft));
                assert_eq!(found, facility, "{declaration}");
            }
        }
    }
}
