//! Every operation is tried by every role: the table of rights is what the service does, for own,
//! sister and foreign objects.

use std::collections::{BTreeMap, BTreeSet};

use domain::rights::{Denial, OperationId, Right, RightHolder, RightScope};
use domain::role::AccountRole;
use domain::sender::Role;
use serde_json::{Value, json};
use tests::{Answer, Caller, Database, Person, River, on_both_databases, people};

on_both_databases![
    the_table_has_a_row_for_every_operation_of_the_document,
    every_role_may_do_what_its_row_says_and_nothing_else,
    objects_of_others_are_absent_for_everybody,
];

/// Absent everywhere.
const NOBODY: &str = "0199c1c8-0280-7000-8000-0000000000aa";

/// An operation as the served document has it.
struct Served {
    operation: OperationId,
    method: String,
    template: String,
}

async fn served(river: &River) -> Vec<Served> {
    let document = river.stranger().get("/openapi.json").await.expect(200);
    let mut found = Vec::new();
    for (template, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let operation = OperationId::parse(id);
            found.push(Served {
                operation: operation.unwrap_or_else(|| panic!("{id} has no row")),
                method: method.to_uppercase(),
                template: template.clone(),
            });
        }
    }
    found
}

async fn the_table_has_a_row_for_every_operation_of_the_document(database: Database) {
    let river = River::shared(database).await;
    let served = served(river).await;
    let documented: BTreeSet<&str> = served.iter().map(|one| one.operation.as_str()).collect();
    let rows = OperationId::ALL
        .iter()
        .filter(|operation| !operation.is_page());
    let rows: BTreeSet<&str> = rows.map(|operation| operation.as_str()).collect();
    assert_eq!(documented, rows);
    assert_eq!(served.len(), rows.len(), "an id twice");
}

/// Somebody who calls.
enum Somebody {
    Program(Caller),
    Person(Person),
}

impl Somebody {
    async fn call(&self, method: &str, path: &str) -> Answer {
        let call = match self {
            Self::Program(caller) => caller.call(method, path),
            Self::Person(person) => person.call(method, path),
        };
        let has_body = ["POST", "PUT", "PATCH"].contains(&method);
        let call = if has_body {
            call.json(&json!({}))
        } else {
            call
        };
        call.send().await
    }
}

/// One of each role, by the names of the demonstration.
async fn everybody(river: &River) -> Vec<(RightHolder, Somebody)> {
    let keys = [
        (Role::Declarant, "hotel"),
        (Role::Integrator, "integrator"),
        (Role::Police, "police"),
        (Role::Admin, "admin"),
    ];
    let accounts = [
        (AccountRole::Manager, "manager"),
        (AccountRole::FrontDesk, "desk"),
        (AccountRole::Ward, "ward"),
        (AccountRole::Dormitory, "dormitory"),
        (AccountRole::Residence, "residence"),
        (AccountRole::CommuneOfficer, "police"),
        (AccountRole::ProvinceOfficer, "province"),
        (AccountRole::Supervisor, "supervisor"),
        (AccountRole::Auditor, "auditor"),
        (AccountRole::Administrator, "admin"),
    ];
    let mut everybody: Vec<(RightHolder, Somebody)> = keys
        .into_iter()
        .map(|(role, name)| {
            (
                RightHolder::Key(role),
                Somebody::Program(river.caller(name)),
            )
        })
        .collect();
    for (role, name) in accounts {
        let person = river.person(name).await;
        everybody.push((RightHolder::Account(role), Somebody::Person(person)));
    }
    assert_eq!(everybody.len(), RightHolder::all().count());
    everybody
}

/// Objects that are there, by the beginning of the paths that name one.
async fn objects(river: &River) -> BTreeMap<&'static str, String> {
    let (admin, hotel) = (river.caller("admin"), river.facility("hotel").to_owned());
    let first = async |path: &str, member: &str| {
        let page = admin.get(path).await.expect(200);
        page["items"][0][member]
            .as_str()
            .unwrap_or(NOBODY)
            .to_owned()
    };
    let stay = river
        .caller("hotel")
        .accepted(&people::citizen(&hotel))
        .await;
    let manager = river
        .person("manager")
        .await
        .get("/v1/session")
        .await
        .expect(200);
    BTreeMap::from([
        ("/v1/stays/", stay["id"].as_str().unwrap().to_owned()),
        ("/v1/facilities/", hotel),
        ("/v1/catalogues/", "countries".to_owned()),
        (
            "/v1/accounts/",
            manager["account"]["id"].as_str().unwrap().to_owned(),
        ),
        (
            "/v1/admin/organisations/",
            first("/v1/admin/organisations", "id").await,
        ),
        (
            "/v1/admin/facilities/",
            first("/v1/admin/facilities", "id").await,
        ),
        ("/v1/admin/keys/", first("/v1/admin/keys", "id").await),
        (
            "/v1/admin/destinations/",
            first("/v1/admin/destinations", "code").await,
        ),
        (
            "/v1/admin/deliveries/",
            first("/v1/admin/deliveries", "id").await,
        ),
    ])
}

/// The path with an object in it; `None` where there is none to name.
fn filled(template: &str, object: Option<&str>) -> String {
    let parts = template.split('/').map(|part| match part.starts_with('{') {
        true => object.unwrap_or(NOBODY),
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

fn object_of<'a>(objects: &'a BTreeMap<&str, String>, template: &str) -> Option<&'a str> {
    let found = objects
        .iter()
        .find(|(start, _)| template.starts_with(**start));
    // A list may have been empty.
    found
        .map(|(_, object)| object.as_str())
        .filter(|object| *object != NOBODY)
}

fn denial(right: &Right) -> (u16, &'static str) {
    match right.denial {
        Denial::Forbidden => (403, "forbidden"),
        Denial::NotFound => (404, "not_found"),
    }
}

async fn every_role_may_do_what_its_row_says_and_nothing_else(database: Database) {
    let river = River::start(database).await;
    let (served, objects) = (served(&river).await, objects(&river).await);
    let (everybody, nobody) = (everybody(&river).await, river.stranger());
    let mut count = 0;
    for one in &served {
        let right = one.operation.right();
        let there = object_of(&objects, &one.template);
        let path = filled(&one.template, there);
        let is_named = one.template.contains('{');
        let stranger = Somebody::Program(nobody.clone());
        let answer = stranger.call(&one.method, &path).await;
        let refused = answer.status == 401;
        assert_eq!(refused, !right.is_public(), "nobody: {}", one.operation);
        count += 1;
        // Signing out would end the session that all the rest needs.
        if right.is_public() || one.operation == OperationId::SignOut {
            continue;
        }
        for (holder, somebody) in &everybody {
            let about = || format!("{} by {holder:?} at {path}", one.operation);
            count += 1;
            if !right.is_held_by(*holder) {
                let answer = somebody.call(&one.method, &path).await;
                let (status, code) = denial(right);
                assert_eq!(answer.status, status, "{}: {}", about(), answer.text());
                assert_eq!(answer.json()["code"], code, "{}", about());
                continue;
            }
            // What changes something changes nothing that is there.
            let object = there.filter(|_| right.is_reading);
            let answer = somebody
                .call(&one.method, &filled(&one.template, object))
                .await;
            let is_admitted = !matches!(answer.status, 401 | 403);
            assert!(
                is_admitted,
                "{}: {} {}",
                about(),
                answer.status,
                answer.text()
            );
            let may_be_absent =
                is_named && (object.is_none() || right.scope != RightScope::Installation);
            let is_absent = answer.status == 404;
            assert!(
                may_be_absent || !is_absent,
                "{}: {}",
                about(),
                answer.text()
            );
        }
    }
    tests::measured("R1", &format!("{count} pairs of operation and role"));
    assert!(count > 1_000, "{count}");
}

/// Somewhere a stay was declared.
struct Place {
    facility_id: String,
    stay_id: String,
}

impl Place {
    async fn of(caller: &Caller, facility_id: &str, stay: &Value) -> Self {
        let stay = caller.accepted(stay).await;
        Self {
            facility_id: facility_id.to_owned(),
            stay_id: stay["id"].as_str().unwrap().to_owned(),
        }
    }

    /// A path of this place; `None` for an operation that is about neither, or about something
    /// inside it that is not there.
    fn path(&self, template: &str) -> Option<String> {
        if template.matches('{').count() > 1 {
            None
        } else if template.starts_with("/v1/stays/{") {
            Some(filled(template, Some(&self.stay_id)))
        } else if template.starts_with("/v1/facilities/{") {
            Some(filled(template, Some(&self.facility_id)))
        } else {
            None
        }
    }
}

/// A hotel of another organisation.
async fn foreign(river: &River) -> Place {
    let admin = river.caller("admin");
    let code = people::fresh("foreign").to_lowercase();
    let organisation = json!({"code": code, "name": "Công ty Khác"});
    admin
        .post("/v1/admin/organisations", &organisation)
        .await
        .expect(201);
    let hotel = json!({"organisation_code": code, "kind": "lodging_business", "subkind": "hotel",
        "name": "Khách sạn Khác", "address": "Số 2", "commune_code": "16531"});
    let hotel = admin.post("/v1/admin/facilities", &hotel).await.expect(201);
    let facility_id = hotel["id"].as_str().unwrap();
    let key = json!({"organisation_code": code, "role": "declarant", "label": "desk",
        "facility_ids": [facility_id]});
    let key = admin.post("/v1/admin/keys", &key).await.expect(201);
    let caller = admin.with_key(key["secret"].as_str().unwrap());
    Place::of(&caller, facility_id, &people::citizen(facility_id)).await
}

async fn objects_of_others_are_absent_for_everybody(database: Database) {
    let river = River::start(database).await;
    let (hotel, school) = (river.facility("hotel"), river.facility("school"));
    let integrator = river.caller("integrator");
    let own = Place::of(&integrator, hotel, &people::citizen(hotel)).await;
    let sister = Place::of(&integrator, school, &people::citizen(school)).await;
    let foreign = foreign(&river).await;
    let absent = Place {
        facility_id: NOBODY.to_owned(),
        stay_id: NOBODY.to_owned(),
    };
    let person = async |name| Somebody::Person(river.person(name).await);
    // Who sees the hotel, and who the school.
    let callers = [
        (
            "key of the hotel",
            Somebody::Program(river.caller("hotel")),
            true,
            false,
        ),
        (
            "key of all five",
            Somebody::Program(integrator.clone()),
            true,
            true,
        ),
        ("desk", person("desk").await, true, false),
        ("dormitory", person("dormitory").await, false, true),
        ("ward", person("ward").await, false, false),
        ("manager", person("manager").await, true, true),
    ];
    let holders = [
        RightHolder::Key(Role::Declarant),
        RightHolder::Key(Role::Integrator),
        RightHolder::Account(AccountRole::FrontDesk),
        RightHolder::Account(AccountRole::Dormitory),
        RightHolder::Account(AccountRole::Ward),
        RightHolder::Account(AccountRole::Manager),
    ];
    let mut count = 0;
    for one in served(&river).await {
        let Some(missing) = absent.path(&one.template) else {
            continue;
        };
        for ((name, somebody, sees_hotel, sees_school), holder) in callers.iter().zip(holders) {
            if !one.operation.right().is_held_by(holder) {
                continue;
            }
            let expected = somebody.call(&one.method, &missing).await;
            let places = [
                ("own", &own, *sees_hotel),
                ("sister", &sister, *sees_school),
                ("foreign", &foreign, false),
            ];
            for (kind, place, is_seen) in places {
                let path = place.path(&one.template).unwrap();
                let answer = somebody.call(&one.method, &path).await;
                let about = format!("{} by {name} on {kind}: {}", one.operation, answer.text());
                assert_ne!(answer.status, 401, "{about}");
                assert_ne!(answer.status, 403, "{about}");
                if is_seen {
                    assert_ne!(answer.status, 404, "{about}");
                } else {
                    assert_eq!(answer.status, expected.status, "{about}");
                    assert_eq!(answer.json()["code"], expected.json()["code"], "{about}");
                }
                count += 1;
            }
        }
    }
    tests::measured(
        "R2",
        &format!("{count} calls on own, sister and foreign objects"),
    );
    assert!(count > 200, "{count}");
}
