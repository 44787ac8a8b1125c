//! The police endpoint: exactly once, signed, stored.

use std::{collections::HashSet, io::Write};

use futures_util::future::try_join_all;
use serde_json::{Value, json};

use crate::harness::{self, Outcome, Simulator, ledger_file, notification, police, signed_police};

async fn answer_of(request: reqwest::RequestBuilder) -> anyhow::Result<(u16, Value)> {
    let response = request.send().await?;
    Ok((response.status().as_u16(), response.json().await?))
}

async fn items(police: &Simulator, query: &str) -> anyhow::Result<Vec<Value>> {
    let page = police.get(&format!("/v1/notifications{query}")).await?;
    Ok(page["items"].as_array().cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_notification_is_accepted_and_listed() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let (status, answer) = answer_of(police.notify("key-1", &notification("stay-1"))).await?;
    assert_eq!(status, 200);
    let received_at = "2026-11-18T18:06:40+07:00";
    let expected = json!({"police_reference": "CA-38-2026-000001", "received_at": received_at});
    assert_eq!(answer, expected);

    let listed = items(&police, "?stay_id=stay-1").await?;
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        notification("stay-1").to_string().as_bytes(),
    );
    let expected = json!({
        "notification_id": "key-1", "stay_id": "stay-1", "version": 1, "kind": "stay",
        "received_at": received_at, "deliveries": 1,
        "body_sha256": hex::encode(digest), "police_reference": "CA-38-2026-000001",
    });
    assert_eq!(listed, [expected]);
    assert!(items(&police, "?stay_id=stay-2").await?.is_empty());
    police.stop().await
}

#[tokio::test]
async fn fifty_at_once_under_one_key_have_one_effect_and_one_answer() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let body = notification("stay-1");
    let answers = try_join_all((0..50).map(|_| answer_of(police.notify("key-1", &body)))).await?;
    let different: HashSet<String> = answers.iter().map(|answer| format!("{answer:?}")).collect();
    assert_eq!(different.len(), 1, "{different:?}");

    let listed = items(&police, "").await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["deliveries"], 50);
    let stats = police.get("/stats").await?;
    assert_eq!(stats["requests"], 50);
    assert_eq!(stats["effects"], 1);
    assert_eq!(stats["deliveries"], 50);
    assert_eq!(stats["in_flight"], 0);
    police.stop().await
}

#[tokio::test]
async fn another_body_under_a_known_key_is_a_conflict() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    answer_of(police.notify("key-1", &notification("stay-1"))).await?;
    let (status, answer) = answer_of(police.notify("key-1", &notification("stay-2"))).await?;
    assert_eq!(
        (status, &answer["code"]),
        (409, &json!("idempotency_conflict"))
    );
    assert_eq!(items(&police, "").await?[0]["deliveries"], 1);
    police.stop().await
}

#[tokio::test]
async fn a_restart_keeps_the_ledger_and_its_answers() -> Outcome {
    let directory = tempfile::tempdir()?;
    let before = police(&directory).await?;
    let first = answer_of(before.notify("key-1", &notification("stay-1"))).await?;
    answer_of(before.notify("key-1", &notification("stay-1"))).await?;
    answer_of(before.notify("key-2", &notification("stay-2"))).await?;
    let listed = items(&before, "").await?;
    before.stop().await?;

    let after = police(&directory).await?;
    assert_eq!(items(&after, "").await?, listed);
    assert_eq!(after.get("/stats").await?["effects"], 2);
    after.clock.advance(chrono::TimeDelta::hours(1));
    let again = answer_of(after.notify("key-1", &notification("stay-1"))).await?;
    assert_eq!(again, first);
    let (_, third) = answer_of(after.notify("key-3", &notification("stay-1"))).await?;
    assert_eq!(third["police_reference"], "CA-38-2026-000003");
    assert_eq!(items(&after, "?stay_id=stay-1").await?.len(), 2);
    after.stop().await
}

#[tokio::test]
async fn a_torn_last_line_is_cut_off() -> Outcome {
    let directory = tempfile::tempdir()?;
    let before = police(&directory).await?;
    answer_of(before.notify("key-1", &notification("stay-1"))).await?;
    before.stop().await?;
    let whole = std::fs::read(ledger_file(&directory))?;
    for torn in [&br#"{"line":"effect","notific"#[..], b"\0\0\0\n"] {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(ledger_file(&directory))?;
        file.write_all(torn)?;
        let after = police(&directory).await?;
        assert_eq!(items(&after, "").await?.len(), 1);
        after.stop().await?;
        assert_eq!(std::fs::read(ledger_file(&directory))?, whole);
    }
    Ok(())
}

#[tokio::test]
async fn a_bad_line_before_the_last_stops_the_start() -> Outcome {
    let directory = tempfile::tempdir()?;
    std::fs::write(ledger_file(&directory), "not a line\n{}\n")?;
    let error = police(&directory)
        .await
        .err()
        .map(|error| format!("{error:#}"));
    assert!(error.is_some_and(|text| text.contains("line 1 ")));
    Ok(())
}

#[tokio::test]
async fn a_second_simulator_on_the_same_ledger_is_refused() -> Outcome {
    let directory = tempfile::tempdir()?;
    let first = police(&directory).await?;
    let error = police(&directory)
        .await
        .err()
        .map(|error| format!("{error:#}"));
    assert!(error.is_some_and(|text| text.contains("in use by another simulator")));
    first.stop().await
}

#[tokio::test]
async fn with_a_secret_only_signed_notifications_are_accepted() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = signed_police(&directory).await?;
    let body = notification("stay-1");

    let (status, answer) = answer_of(police.notify("key-1", &body)).await?;
    assert_eq!(
        (status, &answer["code"]),
        (401, &json!("signature_missing"))
    );

    let forged = police
        .notify_signed("key-1", &body, 0)
        .body(r#"{"stay_id":"x"}"#);
    let (status, answer) = answer_of(forged).await?;
    assert_eq!((status, &answer["code"]), (401, &json!("signature_wrong")));

    let (status, answer) = answer_of(police.notify_signed("key-1", &body, -301)).await?;
    assert_eq!(
        (status, &answer["code"]),
        (401, &json!("timestamp_out_of_range"))
    );
    assert!(items(&police, "").await?.is_empty());

    let (status, _) = answer_of(police.notify_signed("key-1", &body, 0)).await?;
    assert_eq!(status, 200);
    // Signed again at another time, it is still the same notification.
    let (status, _) = answer_of(police.notify_signed("key-1", &body, 60)).await?;
    assert_eq!(status, 200);
    assert_eq!(items(&police, "").await?[0]["deliveries"], 2);
    police.stop().await
}

#[tokio::test]
async fn what_is_no_notification_is_refused() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let body = notification("stay-1");
    let path = "/v1/notifications";

    let (status, answer) = answer_of(police.post(path).json(&body)).await?;
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("idempotency_key_required"))
    );
    let (status, _) = answer_of(police.notify("key 1", &body)).await?;
    assert_eq!(status, 400);
    let (status, answer) = answer_of(police.notify("key-1", &json!({"stay_id": "s"}))).await?;
    assert_eq!(
        (status, &answer["code"]),
        (400, &json!("notification_incomplete"))
    );
    let (status, answer) = answer_of(police.notify("key-1", &body).body("{")).await?;
    assert_eq!((status, &answer["code"]), (400, &json!("malformed")));
    let large = json!({"stay_id": "s", "version": 1, "kind": "stay", "note": "x".repeat(1 << 20)});
    let (status, answer) = answer_of(police.notify("key-1", &large)).await?;
    assert_eq!((status, &answer["code"]), (413, &json!("body_too_large")));
    let (status, _) = answer_of(police.post("/v1/nothing")).await?;
    assert_eq!(status, 404);
    let (status, _) = answer_of(police.post("/stats")).await?;
    assert_eq!(status, 405);
    assert!(items(&police, "").await?.is_empty());
    police.stop().await
}

#[tokio::test]
async fn chosen_ones_are_refused_until_the_list_is_empty() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let selectors = [
        json!({"stay_id": "stay-1"}),
        json!({"facility_id": "facility-1"}),
        json!({"document_number": "038090001234"}),
    ];
    for (number, mut refusal) in selectors.into_iter().enumerate() {
        refusal["status"] = json!(422);
        refusal["code"] = json!("facility_not_registered");
        let set = police.put("/refusals", &json!([refusal])).await?;
        assert_eq!(set.status(), 200);
        assert_eq!(police.get("/refusals").await?, json!([refusal]));
        let (status, answer) = answer_of(police.notify("key-1", &notification("stay-1"))).await?;
        assert_eq!((status, &answer["code"]), (422, &refusal["code"]));
        assert_eq!(police.get("/stats").await?["refused"], number + 1);
    }
    let other = json!([{"stay_id": "stay-2", "status": 422, "code": "no"}]);
    police.put("/refusals", &other).await?;
    let (status, _) = answer_of(police.notify("key-1", &notification("stay-1"))).await?;
    assert_eq!(status, 200);

    police
        .put(
            "/refusals",
            &json!([{"stay_id": "stay-1", "status": 422, "code": "no"}]),
        )
        .await?;
    let (status, _) = answer_of(police.notify("key-1", &notification("stay-1"))).await?;
    assert_eq!(status, 200, "what took effect is answered as it was");
    let (status, _) = answer_of(police.notify("key-2", &notification("stay-1"))).await?;
    assert_eq!(status, 422);
    assert_eq!(police.delete("/refusals").await?.status(), 200);
    let (status, _) = answer_of(police.notify("key-2", &notification("stay-1"))).await?;
    assert_eq!(status, 200);
    police.stop().await
}

#[tokio::test]
async fn refusals_without_one_selector_status_and_code_are_422() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let table = [
        json!([{"status": 422, "code": "no"}]),
        json!([{"stay_id": "a", "facility_id": "b", "status": 422, "code": "no"}]),
        json!([{"stay_id": "a", "status": 200, "code": "no"}]),
        json!([{"stay_id": "a", "status": 422}]),
        json!({"stay_id": "a"}),
    ];
    for list in table {
        assert_eq!(
            police.put("/refusals", &list).await?.status(),
            422,
            "{list}"
        );
    }
    assert_eq!(police.get("/refusals").await?, json!([]));
    police.stop().await
}

#[tokio::test]
async fn the_list_is_paged() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    for number in 0..5 {
        let key = format!("key-{number}");
        answer_of(police.notify(&key, &notification("stay-1"))).await?;
    }
    let first = police
        .get("/v1/notifications?stay_id=stay-1&limit=3")
        .await?;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(3));
    let cursor = first["next_cursor"].as_str().unwrap_or_default();
    let rest = police
        .get(&format!("/v1/notifications?limit=3&cursor={cursor}"))
        .await?;
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(rest["next_cursor"], Value::Null);
    for query in ["limit=0", "limit=1001", "limit=x", "cursor=x"] {
        let url = format!("{}/v1/notifications?{query}", police.address);
        assert_eq!(
            police.client.get(url).send().await?.status(),
            422,
            "{query}"
        );
    }
    police.stop().await
}

#[tokio::test]
async fn alive_and_ready_are_told_on_the_ops_address() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    for path in ["/livez", "/readyz"] {
        let url = format!("{}{path}", police.ops_address);
        assert_eq!(police.client.get(url).send().await?.status(), 200, "{path}");
    }
    police.stop().await
}

#[tokio::test]
async fn many_at_once_are_all_kept() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = harness::police(&directory).await?;
    let keys: Vec<String> = (0..400).map(|number| format!("key-{number}")).collect();
    let body = notification("stay-1");
    let sent = keys.iter().map(|key| answer_of(police.notify(key, &body)));
    let answers = try_join_all(sent).await?;
    let references: HashSet<String> = answers
        .iter()
        .map(|(_, answer)| answer["police_reference"].to_string())
        .collect();
    assert_eq!(references.len(), 400);
    assert_eq!(items(&police, "?limit=1000").await?.len(), 400);
    police.stop().await?;
    let lines = std::fs::read_to_string(ledger_file(&directory))?;
    assert_eq!(lines.lines().count(), 400);
    Ok(())
}
