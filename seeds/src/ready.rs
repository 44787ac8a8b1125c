//! The one line `luutru up --ready-json` prints.

use serde::Serialize;

use crate::accounts::DemoAccounts;
use crate::demo::{DemoFacilityIds, DemoKeys};

/// Addresses and keys, in the order of the contract.
///
/// Printed on standard output only, for the person or program that started a demonstration; it
/// holds keys and is never logged.
#[derive(Serialize)]
pub struct ReadyLine {
    /// `http://address:port` of the API and pages.
    pub api: String,
    /// `http://address:port` of `/metrics`, `/livez`, `/readyz`.
    pub ops: String,
    /// `http://address:port` of the population registry's simulator.
    pub registry: String,
    /// `http://address:port` of the police endpoint's simulator.
    pub police: String,
    /// `sqlite://…` or `postgres://…`.
    pub database_url: String,
    /// Texts of the demo keys.
    pub keys: DemoKeys,
    /// Ids of the demo facilities.
    pub facilities: DemoFacilityIds,
    /// How to sign in to the demo accounts.
    pub accounts: DemoAccounts,
}

impl ReadyLine {
    /// The line, without its line end.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

#[cfg(test)]
mod tests {
    use runtime::clock::Clock;
    use serde_json::Value;

    use super::*;
    use crate::demo::{DemoSecrets, demo_facility_ids};

    #[test]
    fn the_line_has_the_members_of_the_contract_in_their_order() {
        let line = ReadyLine {
            api: "http://127.0.0.1:41001".to_owned(),
            ops: "http://127.0.0.1:41002".to_owned(),
            registry: "http://127.0.0.1:41003".to_owned(),
            police: "http://127.0.0.1:41004".to_owned(),
            database_url: "sqlite://luutru.db".to_owned(),
            keys: DemoSecrets::generate(&Clock::system()).keys,
            facilities: demo_facility_ids(),
            accounts: DemoAccounts::generate().unwrap(),
        };
        let text = line.to_json().unwrap();
        assert!(text.starts_with(r#"{"api":"http://127.0.0.1:41001","ops":"#));
        assert!(!text.contains('\n'));

        let value: Value = serde_json::from_str(&text).unwrap();
        let places = [
            "hotel",
            "guest_house",
            "official_residence",
            "hospital",
            "school",
        ];
        for place in places {
            assert!(value["facilities"][place].is_string(), "{place}");
        }
        for key in places.iter().chain(&["integrator", "police", "admin"]) {
            assert!(
                value["keys"][key].as_str().unwrap().starts_with("luutru_"),
                "{key}"
            );
        }
        assert_eq!(value["facilities"].as_object().unwrap().len(), 5);
        assert_eq!(value["keys"].as_object().unwrap().len(), 8);
        let accounts = value["accounts"].as_object().unwrap();
        let is_desk = |name: &str| ["desk", "ward", "dormitory", "residence"].contains(&name);
        for (name, account) in accounts {
            assert!(
                account["name"].is_string() && account["password"].is_string(),
                "{name}"
            );
            assert_eq!(account["totp_secret"].is_string(), !is_desk(name), "{name}");
        }
        assert_eq!(accounts.len(), 10);
    }
}
