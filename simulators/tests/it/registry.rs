//! The population registry: lookups and storage.

use serde_json::{Value, json};
use simulators::Person;

use crate::harness::{Outcome, Simulator, registry};

const NUMBER: &str = "038090001234";

async fn verify(registry: &Simulator, body: &Value) -> anyhow::Result<(u16, Value)> {
    let response = registry.post("/v1/verifications").json(body).send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

fn recorded() -> Value {
    json!({"full_name": "Nguyễn Văn An", "birth_date": "1990-05-17", "sex": "male"})
}

#[tokio::test]
async fn a_loaded_person_is_found_and_survives_a_restart() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (before, _) = registry(&directory).await?;
    let asked = json!({"personal_id": NUMBER, "full_name": "AN"});
    let (status, answer) = verify(&before, &asked).await?;
    assert_eq!((status, answer), (200, json!({"outcome": "not_found"})));

    let path = format!("/v1/persons/{NUMBER}");
    assert_eq!(before.put(&path, &recorded()).await?.status(), 201);
    assert_eq!(before.put(&path, &recorded()).await?.status(), 200);
    let found = json!({"outcome": "found", "person": recorded()});
    assert_eq!(verify(&before, &asked).await?, (200, found.clone()));
    before.stop().await?;

    let (after, _) = registry(&directory).await?;
    assert_eq!(verify(&after, &asked).await?, (200, found));
    let stats = after.get("/stats").await?;
    assert_eq!(
        (&stats["effects"], &stats["persons"]),
        (&json!(1), &json!(1))
    );
    after.stop().await
}

#[tokio::test]
async fn loading_adds_who_is_missing_and_leaves_the_rest() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (simulator, registry) = registry(&directory).await?;
    simulator
        .put(&format!("/v1/persons/{NUMBER}"), &recorded())
        .await?;
    let people = || {
        (0..2_500).map(|number| Person {
            personal_id: format!("0380{:08}", 90_001_000 + number),
            full_name: "Trần Thị Bình".to_owned(),
            birth_date: "1991".to_owned(),
            sex: "female".to_owned(),
        })
    };
    assert_eq!(registry.load_persons(people()).await?, 2_499);
    assert_eq!(registry.load_persons(people()).await?, 0);
    let asked = json!({"personal_id": NUMBER, "full_name": "AN"});
    let (_, answer) = verify(&simulator, &asked).await?;
    assert_eq!(answer["person"], recorded());
    simulator.stop().await?;
    assert!(
        registry.load_persons(people()).await.is_err(),
        "the file is closed"
    );
    Ok(())
}

#[tokio::test]
async fn a_verification_of_another_form_is_400() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (registry, _) = registry(&directory).await?;
    let table = [
        json!([]),
        json!({"full_name": "AN"}),
        json!({"personal_id": NUMBER}),
        json!({"personal_id": 38_090_001_234_u64, "full_name": "AN"}),
        json!({"personal_id": NUMBER, "full_name": "AN", "birth_date": "17/05/1990"}),
        json!({"personal_id": NUMBER, "full_name": "AN", "sex": 1}),
    ];
    for body in table {
        assert_eq!(verify(&registry, &body).await?.0, 400, "{body}");
    }
    registry.stop().await
}

#[tokio::test]
async fn a_person_without_sound_members_is_422() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (registry, _) = registry(&directory).await?;
    for (member, value) in [("birth_date", "1990-13"), ("sex", "m"), ("full_name", " ")] {
        let mut person = recorded();
        person[member] = json!(value);
        let path = format!("/v1/persons/{NUMBER}");
        assert_eq!(
            registry.put(&path, &person).await?.status(),
            422,
            "{member}"
        );
    }
    let mut person = recorded();
    person["personal_id"] = json!("038090009999");
    let path = format!("/v1/persons/{NUMBER}");
    assert_eq!(registry.put(&path, &person).await?.status(), 422);
    registry.stop().await
}

#[tokio::test]
async fn faults_and_refusals_reach_verifications_but_not_loading() -> Outcome {
    let directory = tempfile::tempdir()?;
    let (registry, _) = registry(&directory).await?;
    let asked = json!({"personal_id": NUMBER, "full_name": "AN"});
    registry.put("/faults", &json!({"outage": true})).await?;
    assert!(verify(&registry, &asked).await.is_err());
    let path = format!("/v1/persons/{NUMBER}");
    assert_eq!(registry.put(&path, &recorded()).await?.status(), 201);
    registry.delete("/faults").await?;

    let refusal = json!([{"document_number": NUMBER, "status": 403, "code": "no_access"}]);
    registry.put("/refusals", &refusal).await?;
    let (status, answer) = verify(&registry, &asked).await?;
    assert_eq!((status, &answer["code"]), (403, &json!("no_access")));
    let stats = registry.get("/stats").await?;
    assert_eq!(
        (&stats["effects"], &stats["refused"]),
        (&json!(0), &json!(1))
    );
    registry.stop().await
}
