//! The control paths of the two simulators.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::caller::Caller;

/// The police endpoint's simulator.
#[derive(Clone)]
pub struct Police(Caller);

/// The population registry's simulator.
#[derive(Clone)]
pub struct Registry(Caller);

impl Police {
    /// The simulator at this address.
    pub fn at(address: &str) -> Self {
        Self(Caller::new(address, None))
    }

    /// The effects of one stay, in the order they took place.
    pub async fn effects(&self, stay_id: &str) -> Vec<Value> {
        self.pages(&format!("stay_id={stay_id}&")).await
    }

    /// Every effect there ever was.
    pub async fn ledger(&self) -> Vec<Value> {
        self.pages("").await
    }

    /// The stays in the ledger, after a look that none is there twice: one effect of kind `stay`
    /// a version, and no id twice.
    pub async fn stays_with_one_effect(&self) -> BTreeSet<String> {
        let ledger = self.ledger().await;
        let mut ids = BTreeSet::new();
        let mut versions = BTreeSet::new();
        let mut stays = BTreeSet::new();
        for effect in ledger {
            assert!(
                ids.insert(effect["notification_id"].to_string()),
                "{effect}"
            );
            if effect["kind"] == "stay" {
                let stay_id = effect["stay_id"].as_str().expect("a stay's id").to_owned();
                let version = effect["version"].to_string();
                assert!(versions.insert((stay_id.clone(), version)), "{effect}");
                stays.insert(stay_id);
            }
        }
        stays
    }

    /// Sets faults, as `PUT /faults` takes them.
    pub async fn fail(&self, faults: &Value) {
        put(&self.0, "/faults", faults).await;
    }

    /// Ends all faults.
    pub async fn heal(&self) {
        self.0.call("DELETE", "/faults").send().await.expect(200);
    }

    /// Refuses chosen ones, as `PUT /refusals` takes them.
    pub async fn refuse(&self, refusals: &Value) {
        put(&self.0, "/refusals", refusals).await;
    }

    /// Counts since its start.
    pub async fn stats(&self) -> Value {
        self.0.get("/stats").await.expect(200)
    }

    async fn pages(&self, filter: &str) -> Vec<Value> {
        let mut effects = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/v1/notifications?{filter}limit=1000{cursor}");
            let mut page = self.0.get(&path).await.expect(200);
            if let Value::Array(items) = page["items"].take() {
                effects.extend(items);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return effects,
            }
        }
    }
}

impl Registry {
    /// The simulator at this address.
    pub fn at(address: &str) -> Self {
        Self(Caller::new(address, None))
    }

    /// Loads a person.
    pub async fn knows(&self, number: &str, full_name: &str, birth_date: &str, sex: &str) {
        let person = json!({"full_name": full_name, "birth_date": birth_date, "sex": sex});
        let path = format!("/v1/persons/{number}");
        put(&self.0, &path, &person).await;
    }

    /// Sets faults, as `PUT /faults` takes them.
    pub async fn fail(&self, faults: &Value) {
        put(&self.0, "/faults", faults).await;
    }

    /// Ends all faults.
    pub async fn heal(&self) {
        self.0.call("DELETE", "/faults").send().await.expect(200);
    }

    /// Counts since its start.
    pub async fn stats(&self) -> Value {
        self.0.get("/stats").await.expect(200)
    }
}

async fn put(caller: &Caller, path: &str, body: &Value) {
    let answer = caller.call("PUT", path).json(body).send().await;
    assert!(answer.status < 300, "{path}: {}", answer.text());
}
