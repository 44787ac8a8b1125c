//! Who calls: an API key with its organisation, role and scope.

use std::sync::Arc;

use uuid::Uuid;

use crate::facility::Facility;

coded! {
    /// What a key may do.
    pub enum Role {
        /// Declares for the facilities of its organisation.
        Declarant => "declarant",
        /// A machine that declares for several facilities.
        Integrator => "integrator",
        /// An officer: reads stays of his communes or province.
        Police => "police",
        /// Operates the service.
        Admin => "admin",
    }
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The key that was presented.
    pub key_id: Uuid,
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
