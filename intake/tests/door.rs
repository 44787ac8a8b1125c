//! The intake against a real SQLite file: groups, twins, replays, conflicts, stopping.

#[path = "door/censuses.rs"]
mod censuses;

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::{
    canonical::to_canonical_json,
    catalogue::Catalogues,
    sender::{Role, Sender},
    stay::{Channel, IdentityState},
};
use intake::{Accepted, Intake, IntakeParts, IntakeSettings, Occasion, Refusal, view};
use runtime::{
    clock::{Clock, ManualClock},
    ids,
    signing::ReceiptSigner,
    vault::{MasterKey, Vault},
};
use serde_json::{Value, json};
use store::{ConnectOptions, Database};
use uuid::Uuid;

/// A door on a fresh database.
struct Door {
    intake: Intake,
    db: Database,
    vault: Arc<Vault>,
    signer: Arc<ReceiptSigner>,
    time: ManualClock,
    clock: Clock,
    hotel: Sender,
    _directory: tempfile::TempDir,
}

async fn open_door() -> anyhow::Result<Door> {
    open_door_with(IntakeSettings::default()).await
}

async fn open_door_with(settings: IntakeSettings) -> anyhow::Result<Door> {
    let directory = tempfile::tempdir()?;
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let db = Database::connect(&url, &ConnectOptions::default()).await?;
    store::schema::migrate(&db).await?;
    store::schema::check(&db).await?;
    let (clock, time) = Clock::manual(instant("2026-11-23T14:05:00+07:00")?);
    seeds::seed_demo(&db, &[7; 32], &clock, None).await?;
    let vault = Arc::new(Vault::new(MasterKey::new([1; 32]), [2; 32]));
    for month in ["2026-11", "2026-12"] {
        vault.load(&vault.new_data_key(ids::uuid_v7(&clock), month)?)?;
    }
    let signer = Arc::new(ReceiptSigner::from_pem(&ReceiptSigner::generate_pem()?)?);
    let intake = Intake::start(IntakeParts {
        db: db.clone(),
        vault: Arc::clone(&vault),
        signer: Arc::clone(&signer),
        catalogues: Arc::new(catalogues()?),
        clock: clock.clone(),
        settings,
    });
    let hotel = sender("lodging_business")?;
    Ok(Door {
        intake,
        db,
        vault,
        signer,
        time,
        clock,
        hotel,
        _directory: directory,
    })
}

fn catalogues() -> anyhow::Result<Catalogues> {
    let seeds = seeds::catalogues()?;
    let entries = |name: &str| {
        let seed = seeds.iter().find(|seed| seed.name == name);
        seed.map(|seed| seed.entries.clone())
            .with_context(|| format!("no catalogue {name}"))
    };
    Ok(Catalogues::read(
        &entries("provinces")?,
        &entries("communes")?,
        &entries("countries")?,
        &entries("commune_aliases")?,
    )?)
}

fn sender(kind: &str) -> anyhow::Result<Sender> {
    let facility = seeds::demo_facilities()
        .into_iter()
        .find(|facility| facility.kind.as_str() == kind)
        .context("no such facility")?;
    Ok(Sender {
        key_id: Uuid::from_u128(9),
        kind: domain::sender::SenderKind::Key,
        organisation_id: facility.organisation_id,
        role: Role::Declarant,
        facilities: vec![Arc::new(facility)],
        communes: Vec::new(),
        provinces: Vec::new(),
    })
}

fn instant(text: &str) -> anyhow::Result<DateTime<Utc>> {
    Ok(DateTime::parse_from_rfc3339(text)?.with_timezone(&Utc))
}

fn citizen(reference: &str, tail: u32) -> Value {
    json!({
        "reference": reference,
        "room": "203",
        "arrival_at": "2026-11-23T14:00:00+07:00",
        "expected_departure_at": "2026-11-25T12:00:00+07:00",
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": format!("038090{tail:06}")},
        },
    })
}

impl Door {
    async fn declare(&self, key: Option<&str>, body: &Value) -> Result<Accepted, Refusal> {
        self.intake.declare(self.occasion(key), body).await
    }

    fn occasion<'a>(&'a self, key: Option<&'a str>) -> Occasion<'a> {
        Occasion {
            sender: &self.hotel,
            channel: Channel::Rest,
            idempotency_key: key,
            received_at: self.clock.now(),
            trace_parent: None,
        }
    }

    async fn accepted(&self, key: Option<&str>, body: &Value) -> anyhow::Result<Accepted> {
        self.declare(key, body)
            .await
            .map_err(|refusal| anyhow::anyhow!("refused: {refusal:?}"))
    }
}

#[tokio::test]
async fn a_declaration_is_stored_sealed_with_a_receipt_that_verifies() -> anyhow::Result<()> {
    let door = open_door().await?;
    let accepted = door.accepted(None, &citizen("A-1", 1)).await?;
    let answer: Value = serde_json::from_str(&accepted.stay.json)?;

    let payload = runtime::signing::verify_jws(
        answer["receipt"]["jws"].as_str().context("no JWS")?,
        &door.signer.jwks(),
    )?;
    let payload: Value = serde_json::from_slice(&payload)?;
    assert_eq!(payload["number"], answer["receipt"]["number"]);
    assert_eq!(payload["stay_id"], answer["id"]);
    assert_eq!(answer["deadline_at"], "2026-11-23T23:00:00+07:00");
    assert_eq!(answer["delivery"], json!({"state": "queued", "version": 1}));

    let row = store::stays::version(&door.db, accepted.stay.id, 1)
        .await?
        .context("no version")?;
    let sealed = String::from_utf8_lossy(&row.sealed).into_owned();
    assert!(!sealed.contains("Nguyễn"), "the name must be sealed");
    let stay = store::stays::get(&door.db, row.stay_id).await?;
    let opened = view::open(&door.vault, &stay, &row)?;
    assert_eq!(opened.content["guest"]["full_name"], "Nguyễn Văn An");
    Ok(())
}

#[tokio::test]
async fn every_answer_is_in_canonical_form() -> anyhow::Result<()> {
    let is_canonical = |json: &str| -> anyhow::Result<bool> {
        let value: Value = serde_json::from_str(json)?;
        Ok(json.as_bytes() == to_canonical_json(&value))
    };
    let door = open_door().await?;
    let mut body = citizen(r#"A-"1"\"#, 1);
    body["note"] = json!("dòng một\ndòng hai");
    body["guest"]["phone"] = json!("not a number");
    let warned = door.accepted(None, &body).await?;
    assert!(is_canonical(&warned.stay.json)?, "{}", warned.stay.json);

    // The second stay of a guest has a warning that is noticed while it is written.
    let mut second = citizen("A-2", 1);
    second["room"] = json!("204");
    let noticed = door.accepted(None, &second).await?;
    assert!(is_canonical(&noticed.stay.json)?, "{}", noticed.stay.json);

    let mut newborn = citizen("A-3", 3);
    newborn["guest"] = json!({
        "full_name": "Nguyễn Thị Bé", "birth_date": "2026-11-20", "sex": "female",
        "document": {"kind": "none"}, "no_document_reason": "newborn",
    });
    let owing = door.accepted(None, &newborn).await?;
    assert!(owing.stay.json.contains(r#""missing":["/guest/document"]"#));
    assert!(is_canonical(&owing.stay.json)?, "{}", owing.stay.json);

    let mut stay = store::stays::get(&door.db, owing.stay.id).await?;
    let row = store::stays::version(&door.db, stay.id, 1).await?;
    let row = row.context("no version")?;
    stay.identity_state = IdentityState::Mismatch.into();
    stay.police_reference = Some("CA-7".to_owned());
    stay.delivery_reason = Some("rejected".to_owned());
    let view = view::current(&door.vault, &stay, &row)?;
    assert!(is_canonical(&view.json)?, "{}", view.json);
    let asked = view.with_questions(&[json!({"text": "?", "id": 7})]);
    assert!(asked.json.contains(r#""questions":[{"id":7,"text":"?"}]"#));
    assert!(is_canonical(&asked.json)?, "{}", asked.json);
    Ok(())
}

#[tokio::test]
async fn the_same_key_answers_byte_for_byte_and_another_request_is_refused() -> anyhow::Result<()> {
    let door = open_door().await?;
    let first = door.accepted(Some("k-1"), &citizen("A-1", 1)).await?;
    door.time.advance(chrono::Duration::hours(3));
    let again = door.accepted(Some("k-1"), &citizen("A-1", 1)).await?;
    assert!(again.is_replay && !first.is_replay);
    assert_eq!(first.stay.json, again.stay.json);

    let other = door.declare(Some("k-1"), &citizen("A-2", 2)).await;
    assert!(matches!(other, Err(Refusal::IdempotencyKeyReused)));
    // The key is judged before the reference.
    let mut changed = citizen("A-1", 1);
    changed["room"] = json!("204");
    let other = door.declare(Some("k-1"), &changed).await;
    assert!(matches!(other, Err(Refusal::IdempotencyKeyReused)));
    // The refused request left its reference free.
    assert!(!door.accepted(None, &citizen("A-2", 2)).await?.is_replay);
    Ok(())
}

#[tokio::test]
async fn a_resend_under_its_key_is_answered_even_when_the_clock_would_refuse_it()
-> anyhow::Result<()> {
    let door = open_door().await?;
    let mut body = citizen("A-1", 1);
    body.as_object_mut().context("object")?.remove("arrival_at");
    let first = door.accepted(Some("k-1"), &body).await?;
    // By now the departure lies before "now", the default for a missing arrival.
    door.time.advance(chrono::Duration::days(3));
    let again = door.accepted(Some("k-1"), &body).await?;
    assert_eq!(first.stay.json, again.stay.json);
    Ok(())
}

#[tokio::test]
async fn a_reference_replays_equal_content_and_refuses_other_content() -> anyhow::Result<()> {
    let door = open_door().await?;
    let first = door.accepted(None, &citizen("A-1", 1)).await?;
    let mut same = citizen("A-1", 1);
    same["arrival_at"] = json!("2026-11-23T07:00:00Z");
    same["guest"]["nationality"] = json!("VNM");
    same["guest"]["phone"] = Value::Null;
    let again = door.accepted(None, &same).await?;
    assert!(again.is_replay);
    assert_eq!(first.stay.json, again.stay.json);

    let mut other = citizen("A-1", 1);
    other["room"] = json!("204");
    let refused = door.declare(None, &other).await;
    assert!(
        matches!(refused, Err(Refusal::ReferenceConflict { stay_id }) if stay_id == first.stay.id)
    );
    Ok(())
}

#[tokio::test]
async fn content_without_reference_replays_for_seven_days() -> anyhow::Result<()> {
    let door = open_door().await?;
    let mut body = citizen("", 1);
    body["arrival_at"] = json!("2026-11-22T14:00:00+07:00");
    let first = door.accepted(None, &body).await?;
    door.time.advance(chrono::Duration::days(6));
    assert!(door.accepted(None, &body).await?.is_replay);
    door.time.advance(chrono::Duration::days(2));
    let anew = door.accepted(None, &body).await?;
    assert!(!anew.is_replay);
    assert_ne!(first.stay.id, anew.stay.id);
    Ok(())
}

#[tokio::test]
async fn fifty_twins_at_once_make_one_stay() -> anyhow::Result<()> {
    let door = open_door().await?;
    let body = citizen("A-1", 1);
    let twins = (0..50).map(|_| door.accepted(Some("k-1"), &body));
    let answers = futures_util::future::try_join_all(twins).await?;
    assert_eq!(answers.iter().filter(|answer| !answer.is_replay).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.stay.json == answers[0].stay.json)
    );
    Ok(())
}

#[tokio::test]
async fn two_hundred_at_once_are_all_accepted() -> anyhow::Result<()> {
    let door = open_door().await?;
    let bodies: Vec<Value> = (0..200).map(|n| citizen(&format!("R-{n}"), n)).collect();
    let answers =
        futures_util::future::try_join_all(bodies.iter().map(|body| door.accepted(None, body)))
            .await?;
    assert_eq!(answers.len(), 200);
    assert!(answers.iter().all(|answer| !answer.is_replay));
    Ok(())
}

#[tokio::test]
async fn a_bad_item_of_a_batch_harms_no_other_and_a_resend_makes_nothing_twice()
-> anyhow::Result<()> {
    let door = open_door().await?;
    let mut items: Vec<Value> = (0..100).map(|n| citizen(&format!("R-{n}"), n)).collect();
    items[7]["guest"]["document"]["number"] = json!("123");
    items[8]["reference"] = json!("R-9");
    items[8]["guest"] = items[9]["guest"].clone();
    let request = json!({"stays": items.clone()});
    let send = || {
        door.intake
            .declare_batch(door.occasion(Some("b-1")), &request, &items)
    };

    let first = send()
        .await
        .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    assert_eq!(first.iter().filter(|item| item.is_ok()).count(), 99);
    assert!(matches!(&first[7], Err(Refusal::Invalid(violations))
        if violations[0].pointer == "/guest/document/number"));
    let replays = first.iter().flatten().filter(|item| item.is_replay).count();
    assert_eq!(replays, 1, "twins inside a batch are one stay");

    let again = send()
        .await
        .map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    assert!(again.iter().flatten().all(|item| item.is_replay));
    let other = json!({"stays": items[..1]});
    let reused = door
        .intake
        .declare_batch(door.occasion(Some("b-1")), &other, &items[..1])
        .await;
    assert!(matches!(reused, Err(Refusal::IdempotencyKeyReused)));
    Ok(())
}

#[tokio::test]
async fn a_full_queue_refuses_and_saves_nothing() -> anyhow::Result<()> {
    let settings = IntakeSettings {
        queue_count_max: 4,
        ..IntakeSettings::default()
    };
    let door = open_door_with(settings).await?;
    let items: Vec<Value> = (0..5).map(|n| citizen(&format!("R-{n}"), n)).collect();
    let request = json!({"stays": items.clone()});
    let refused = door
        .intake
        .declare_batch(door.occasion(None), &request, &items)
        .await;
    assert!(matches!(refused, Err(Refusal::Overloaded)));
    let filter = store::stays::StayFilter {
        facility_ids: vec![door.hotel.facilities[0].id],
        ..store::stays::StayFilter::default()
    };
    assert!(
        store::stays::list(&door.db, &filter, store::stays::Order::Newest(None), 10)
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn stopping_commits_what_was_accepted_and_refuses_the_rest() -> anyhow::Result<()> {
    let door = open_door().await?;
    let bodies: Vec<Value> = (0..50).map(|n| citizen(&format!("R-{n}"), n)).collect();
    let running =
        futures_util::future::join_all(bodies.iter().map(|body| door.declare(None, body)));
    let (answers, ()) = tokio::join!(running, door.intake.stop());
    for (answer, body) in answers.iter().zip(&bodies) {
        match answer {
            Ok(accepted) => {
                assert!(
                    store::stays::get(&door.db, accepted.stay.id).await.is_ok(),
                    "{body}"
                );
            }
            Err(refusal) => assert!(matches!(refusal, Refusal::Stopping), "{refusal:?}"),
        }
    }
    let late = tokio::time::timeout(Duration::from_secs(5), door.declare(None, &bodies[0])).await?;
    assert!(matches!(late, Err(Refusal::Stopping)));
    Ok(())
}
