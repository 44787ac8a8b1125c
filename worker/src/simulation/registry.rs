//! The simulated population registry.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::{
    calls::{Call, Outcome},
    plan::RegistryFault,
    police::{json, later, page},
};
use crate::transport::CallFault;

/// The registered persons by number.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) names: BTreeMap<String, String>,
}

impl Registry {
    /// Deals with a question; `None`: silence.
    pub(super) fn deal(
        &self,
        call: &Call,
        fault: Option<RegistryFault>,
        chance: &mut StdRng,
    ) -> Option<Outcome> {
        let problem = json!({"code": "unwell"});
        Some(match fault {
            None => json(200, &self.answer(&call.body)),
            Some(RegistryFault::Silent) => return None,
            Some(RegistryFault::NoConnection) => Err(CallFault::Connect),
            Some(RegistryFault::Cut) => Err(CallFault::Cut),
            Some(RegistryFault::Failing) => json(500, &problem),
            Some(RegistryFault::TooMany) => later(429, chance),
            Some(RegistryFault::WrongKey) => json(401, &problem),
            Some(RegistryFault::RefusesQuestion) => json(400, &problem),
            Some(RegistryFault::Page) => page(200),
            Some(RegistryFault::OtherPerson) => json(
                200,
                &json!({"outcome": "found",
                        "person": {"personal_id": "038090009999", "full_name": "Trần Văn Bình"}}),
            ),
        })
    }

    fn answer(&self, body: &[u8]) -> Value {
        let question: Value = serde_json::from_slice(body).unwrap_or_default();
        let number = question["personal_id"].as_str().unwrap_or_default();
        match self.names.get(number) {
            Some(name) => json!({
                "outcome": "found",
                "person": {"full_name": name, "birth_date": "1990-05-17", "sex": "male"},
            }),
            None => json!({"outcome": "not_found"}),
        }
    }
}
