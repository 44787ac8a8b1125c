//! Backup, restore and check: after a restore everything is sent again under its old id and has one
//! effect.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::{Value, json};
use tests::{
    Database, Journal, ProcessExit, River, Setting, TestDatabase, measured, on_both_databases,
    people, post_steadily, run_to_end,
};

const DELIVERED: Duration = Duration::from_secs(60);
const STAY_COUNT: usize = 12;

on_both_databases![
    what_is_sent_again_after_a_restore_has_one_effect,
    a_check_finds_what_was_changed_past_the_service,
];

async fn what_is_sent_again_after_a_restore_has_one_effect(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let original = database.create_seeded().await;

    let river = start(directory.path(), &original).await;
    let desk = river.caller("hotel");
    river.police().fail(&json!({"outage": true})).await;
    let mut ids = Vec::new();
    for _ in 0..STAY_COUNT {
        ids.push(
            desk.accepted(&people::citizen(river.facility("hotel")))
                .await,
        );
    }
    stop(river).await;
    let backup = original.copy().await;

    // After the backup the service continues: all deliveries arrive, and one more stay is declared.
    let river = start(directory.path(), &original).await;
    river.police().heal().await;
    let desk = river.caller("hotel");
    let first = references(&desk, &ids).await;
    let lost = desk
        .accepted(&people::citizen(river.facility("hotel")))
        .await;
    desk.delivered(id(&lost), "acknowledged", DELIVERED).await;
    let effect_count = river.police().ledger().await.len();
    stop(river).await;

    // The disaster, and the restore.
    let river = start(directory.path(), &backup).await;
    let desk = river.caller("hotel");
    let again = references(&desk, &ids).await;
    assert_eq!(again, first, "the police know them by their old ids");
    assert_eq!(river.police().ledger().await.len(), effect_count);
    river.police().stays_with_one_effect().await;
    // Stays accepted after the backup are gone, and their sender finds out.
    let answer = desk.get(&format!("/v1/stays/{}", id(&lost))).await;
    answer.expect(404);
    assert_whole(&check(directory.path(), &backup).await);
    stop(river).await;
}

async fn a_check_finds_what_was_changed_past_the_service(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let stored = database.create_seeded().await;
    let river = start(directory.path(), &stored).await;
    let desk = river.caller("hotel");
    for _ in 0..3 {
        let stay = desk
            .accepted(&people::citizen(river.facility("hotel")))
            .await;
        desk.delivered(id(&stay), "acknowledged", DELIVERED).await;
    }
    stop(river).await;
    assert_whole(&check(directory.path(), &stored).await);

    let one = "(SELECT MIN(receipt_number) FROM stay_version)";
    let damages = [
        (
            format!(
                "UPDATE stay_version SET receipt_number = 'LT-000000-0' WHERE receipt_number = {one}"
            ),
            "/versions/receipt_invalid",
        ),
        (
            "DELETE FROM audit_entry WHERE action = 'stay.declared'".to_owned(),
            "/broken_by_rule/version_is_in_the_audit",
        ),
        (
            "DELETE FROM outbox_task".to_owned(),
            "/broken_by_rule/forwardable_version_has_a_task",
        ),
        (
            "UPDATE stay_version SET content_sha256 = content_index".to_owned(),
            "/versions/digest_differs",
        ),
        (
            "UPDATE stay_version SET sealed = content_index".to_owned(),
            "/versions/unreadable",
        ),
    ];
    for (damage, pointer) in damages {
        stored.execute(&damage).await;
        let ending = check(directory.path(), &stored).await;
        assert_eq!(ending.code, Some(1), "{damage}: {}", ending.log);
        let found = report(&ending).pointer(pointer).and_then(Value::as_i64);
        assert!(
            found.is_some_and(|count| count > 0),
            "{damage}: {}",
            ending.output
        );
    }
}

#[tokio::test]
async fn a_backup_taken_under_load_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let stored = Database::Sqlite.create_seeded().await;
    let river = start(directory.path(), &stored).await;
    let desk = river.caller("integrator");
    let file = directory.path().join("backup.db");
    let journal = Journal::default();
    let backup = async {
        let name = file.display().to_string();
        run_to_end(
            &["backup", "--to", &name],
            &settings(directory.path(), &stored),
        )
        .await
    };
    // One is there for certain, however soon the backup is taken.
    journal.post(&desk, river.facility("hotel")).await;
    let mut ending = None;
    let kept = async { ending = Some(backup.await) };
    post_steadily(&journal, &desk, river.facility("hotel"), 40, kept).await;
    let ending = ending.unwrap();
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let written = report(&ending);
    assert_eq!(written["broken_rules"], json!([]));
    assert_eq!(written["byte_count"], file.metadata().unwrap().len());

    let name = file.display().to_string();
    let again = run_to_end(
        &["backup", "--to", &name],
        &settings(directory.path(), &stored),
    )
    .await;
    assert_eq!(
        again.code,
        Some(2),
        "a file that exists is not written over"
    );

    // The copy is a database: it starts, and holds what it held when it was taken.
    stop(river).await;
    let mut restored = settings(directory.path(), &stored);
    restored.push(("LUUTRU_DATABASE_URL", format!("sqlite://{name}")));
    let ending = run_to_end(&["check"], &restored).await;
    assert_whole(&ending);
}

#[tokio::test]
async fn postgresql_is_left_to_its_own_tools() {
    let directory = tempfile::tempdir().unwrap();
    let stored = Database::Postgres.create_seeded().await;
    let name = directory.path().join("backup.db").display().to_string();
    let ending = run_to_end(
        &["backup", "--to", &name],
        &settings(directory.path(), &stored),
    )
    .await;
    assert_eq!(ending.code, Some(2));
    assert!(ending.log.contains("pg_basebackup"), "{}", ending.log);
}

/// R26: a hundred pages of the file are damaged. `luutru check` says so, no service starts on it,
/// and both say how to restore.
#[tokio::test]
async fn a_damaged_file_is_found_and_not_worked_on() {
    const PAGE: usize = 4096;
    let directory = tempfile::tempdir().unwrap();
    let stored = Database::Sqlite.create_seeded().await;
    let river = start(directory.path(), &stored).await;
    let desk = river.caller("integrator");
    for _ in 0..3 {
        let hotel = river.facility("hotel");
        let stays: Vec<Value> = (0..100).map(|_| people::citizen(hotel)).collect();
        let body = json!({"stays": stays});
        desk.post("/v1/stays/batch", &body).await.expect(200);
    }
    stop(river).await;
    assert_whole(&check(directory.path(), &stored).await);
    let file = stored.url().trim_start_matches("sqlite://").to_owned();
    let whole = std::fs::read(&file).unwrap();
    let mut outcomes = Vec::new();
    for (round, page_count) in [100, 100, 100].into_iter().enumerate() {
        let mut bytes = whole.clone();
        let pages = bytes.len() / PAGE;
        for number in 0..page_count {
            // Spread over the file, other ones each round.
            let page = 1 + (number * 7_919 + round * 104_729) % (pages - 1);
            let content = (page..page + PAGE).map(|place| place.wrapping_mul(167).to_le_bytes()[0]);
            bytes.splice(page * PAGE..(page + 1) * PAGE, content);
        }
        std::fs::write(&file, bytes).unwrap();
        let checked = check(directory.path(), &stored).await;
        let arguments = ["up", "--ready-json", "--data-dir"];
        let data = directory.path().display().to_string();
        let arguments = [&arguments[..], &[data.as_str()]].concat();
        let started = run_to_end(&arguments, &settings(directory.path(), &stored)).await;
        for ending in [&checked, &started] {
            assert_ne!(ending.code, Some(0), "{}", ending.output);
        }
        let advice = "put the newest backup in its place";
        assert!(started.log.contains(advice), "{}", started.log);
        let has_found = checked.code == Some(1) || checked.log.contains(advice);
        assert!(has_found, "{} {}", checked.output, checked.log);
        outcomes.push((page_count, checked.code));
    }
    std::fs::write(&file, whole).unwrap();
    assert_whole(&check(directory.path(), &stored).await);
    measured(
        "R26",
        &format!("pages damaged and code of check: {outcomes:?}"),
    );
}

async fn start(directory: &Path, database: &TestDatabase) -> River {
    River::start_in(directory, &[database_url(database)]).await
}

fn database_url(database: &TestDatabase) -> Setting {
    ("LUUTRU_DATABASE_URL", database.url().to_owned())
}

/// Of a command that works on what a river left.
fn settings(directory: &Path, database: &TestDatabase) -> Vec<Setting> {
    vec![
        ("LUUTRU_PROFILE", "development".to_owned()),
        ("LUUTRU_DATA_DIR", directory.display().to_string()),
        database_url(database),
    ]
}

async fn stop(river: River) {
    river.process().terminate();
    let ending = river.process().ended(Duration::from_secs(30)).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}

async fn check(directory: &Path, database: &TestDatabase) -> ProcessExit {
    run_to_end(&["check"], &settings(directory, database)).await
}

fn assert_whole(ending: &ProcessExit) {
    assert_eq!(ending.code, Some(0), "{} {}", ending.output, ending.log);
    let report = report(ending);
    assert_eq!(report["whole"], true, "{report}");
    let checked = report["versions"]["checked"].as_u64();
    assert!(checked.is_some_and(|count| count > 0), "{report}");
}

fn report(ending: &ProcessExit) -> Value {
    serde_json::from_str(&ending.output).expect("one line of JSON")
}

fn id(stay: &Value) -> &str {
    stay["id"].as_str().expect("a stay has an id")
}

/// The police's number of each stay, once it has one.
async fn references(desk: &tests::Caller, stays: &[Value]) -> BTreeMap<String, String> {
    let mut references = BTreeMap::new();
    for stay in stays {
        let delivered = desk.delivered(id(stay), "acknowledged", DELIVERED).await;
        let reference = delivered["delivery"]["police_reference"].as_str().unwrap();
        references.insert(id(stay).to_owned(), reference.to_owned());
    }
    references
}
