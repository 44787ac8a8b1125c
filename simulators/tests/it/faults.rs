//! Each fault as its caller sees it.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::harness::{Outcome, Simulator, notification, police};

/// Sends a notification over a bare connection and answers every byte that comes back until the
/// connection ends.
async fn bytes_until_closed(police: &Simulator, key: &str) -> anyhow::Result<Vec<u8>> {
    let address = police.address.trim_start_matches("http://").to_owned();
    let body = notification("stay-1").to_string();
    let length = body.len();
    let request = format!(
        "POST /v1/notifications HTTP/1.1\r\nHost: {address}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let exchange = move || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut received = Vec::new();
        match stream.read_to_end(&mut received) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error),
            Ok(_) | Err(_) => Ok(received),
        }
    };
    Ok(tokio::task::spawn_blocking(exchange).await??)
}

async fn effects(police: &Simulator) -> anyhow::Result<Value> {
    Ok(police.get("/stats").await?["effects"].clone())
}

async fn count_of(police: &Simulator, fault: &str) -> anyhow::Result<Value> {
    Ok(police.get("/stats").await?["faults"][fault].clone())
}

#[tokio::test]
async fn an_outage_closes_the_connection_without_a_byte() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    assert_eq!(
        police
            .put("/faults", &json!({"outage": true}))
            .await?
            .status(),
        200
    );
    assert_eq!(bytes_until_closed(&police, "key-1").await?, b"");
    assert!(
        police
            .notify("key-1", &notification("stay-1"))
            .send()
            .await
            .is_err()
    );
    assert_eq!(effects(&police).await?, 0);
    assert_eq!(count_of(&police, "outage").await?, 2);

    assert_eq!(police.delete("/faults").await?.status(), 200);
    let response = police
        .notify("key-1", &notification("stay-1"))
        .send()
        .await?;
    assert_eq!(response.status(), 200);
    police.stop().await
}

#[tokio::test]
async fn a_drop_after_accept_takes_effect_and_sends_nothing() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    police
        .put("/faults", &json!({"drop_after_accept_rate": 1}))
        .await?;
    assert_eq!(bytes_until_closed(&police, "key-1").await?, b"");
    assert_eq!(effects(&police).await?, 1);
    assert_eq!(count_of(&police, "drop_after_accept").await?, 1);
    police.stop().await
}

#[tokio::test]
async fn a_hang_gives_no_answer_has_no_effect_and_ends_with_the_process() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    police.put("/faults", &json!({"hang_rate": 1})).await?;
    let impatient = police
        .notify("key-1", &notification("stay-1"))
        .timeout(Duration::from_millis(300));
    assert!(
        impatient
            .send()
            .await
            .is_err_and(|error| error.is_timeout())
    );

    let patient = police.notify("key-2", &notification("stay-1")).send();
    let patient = runtime::tasks::spawn("patient", async {
        assert!(patient.await.is_err());
    });
    while count_of(&police, "hang").await? != 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(effects(&police).await?, 0);
    let asked_to_stop = Instant::now();
    police.stop().await?;
    patient.await?;
    assert!(asked_to_stop.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[tokio::test]
async fn a_malformed_answer_is_html_under_200_and_has_its_effect() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    police.put("/faults", &json!({"malformed_rate": 1})).await?;
    let response = police
        .notify("key-1", &notification("stay-1"))
        .send()
        .await?;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "text/html; charset=utf-8"
    );
    assert!(response.text().await?.starts_with("<!doctype html>"));
    assert_eq!(effects(&police).await?, 1);
    police.stop().await
}

#[tokio::test]
async fn an_error_has_its_status_its_retry_after_and_no_effect() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let faults = json!({"error_rate": 1, "error_status": 429, "retry_after_s": 7});
    police.put("/faults", &faults).await?;
    let response = police
        .notify("key-1", &notification("stay-1"))
        .send()
        .await?;
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");

    police.put("/faults", &json!({"error_rate": 1})).await?;
    let response = police
        .notify("key-1", &notification("stay-1"))
        .send()
        .await?;
    assert_eq!(response.status(), 503);
    assert!(!response.headers().contains_key("retry-after"));
    assert_eq!(effects(&police).await?, 0);
    assert_eq!(count_of(&police, "error").await?, 2);
    police.stop().await
}

#[tokio::test]
async fn latency_comes_between_effect_and_answer() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    police.put("/faults", &json!({"latency_ms": 400})).await?;
    let impatient = police
        .notify("key-1", &notification("stay-1"))
        .timeout(Duration::from_millis(150));
    assert!(
        impatient
            .send()
            .await
            .is_err_and(|error| error.is_timeout())
    );
    assert_eq!(effects(&police).await?, 1);
    let sent = Instant::now();
    let response = police
        .notify("key-1", &notification("stay-1"))
        .send()
        .await?;
    assert_eq!(response.status(), 200);
    assert!(sent.elapsed() >= Duration::from_millis(400));
    police.stop().await
}

#[tokio::test]
async fn one_seed_repeats_its_sequence_of_faults() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let mut sequences = Vec::new();
    for seed in [42, 42, 43] {
        let faults = json!({"error_rate": 0.3, "malformed_rate": 0.3, "seed": seed});
        police.put("/faults", &faults).await?;
        let mut statuses = Vec::new();
        for number in 0..60 {
            let key = format!("key-{seed}-{number}");
            let response = police.notify(&key, &notification("stay-1")).send().await?;
            let is_html = response.headers()["content-type"] != "application/json";
            statuses.push((response.status().as_u16(), is_html));
        }
        sequences.push(statuses);
    }
    assert_eq!(sequences[0], sequences[1]);
    assert_ne!(sequences[0], sequences[2]);
    police.stop().await
}

#[tokio::test]
async fn faults_are_shown_with_their_defaults_and_judged() -> Outcome {
    let directory = tempfile::tempdir()?;
    let police = police(&directory).await?;
    let none = json!({
        "latency_ms": 0, "jitter_ms": 0, "error_rate": 0.0, "error_status": 503,
        "retry_after_s": null, "hang_rate": 0.0, "drop_after_accept_rate": 0.0,
        "malformed_rate": 0.0, "outage": false, "seed": null,
    });
    assert_eq!(police.get("/faults").await?, none);
    let set: Value = police
        .put("/faults", &json!({"error_rate": 0.5, "seed": 5}))
        .await?
        .json()
        .await?;
    let mut expected = none.clone();
    expected["error_rate"] = json!(0.5);
    expected["seed"] = json!(5);
    assert_eq!(set, expected);
    let unsound = [
        json!({"error_rate": 1.5}),
        json!({"hang_rate": -1}),
        json!({"error_status": 200}),
        json!({"latency_ms": -1}),
        json!({"latency_ms": "10"}),
        json!({"no_such_fault": 1}),
        json!([]),
    ];
    for faults in unsound {
        assert_eq!(
            police.put("/faults", &faults).await?.status(),
            422,
            "{faults}"
        );
    }
    let url = format!("{}/faults", police.address);
    assert_eq!(police.client.put(url).body("{").send().await?.status(), 400);
    assert_eq!(
        police.get("/faults").await?,
        expected,
        "the last sound plan stays"
    );
    police.delete("/faults").await?;
    assert_eq!(police.get("/faults").await?, none);
    police.stop().await
}
