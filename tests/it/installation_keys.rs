//! The keys of an installation: a different key is refused by name, a guessable one is refused in
//! production, and rows forged by others are ignored.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use serde_json::{Value, json};
use tests::{
    Database, ProcessExit, River, Services, Setting, eventually, on_both_databases, people,
    run_to_end,
};

const STARTED: Duration = Duration::from_secs(60);
/// Keys are remembered for a few seconds.
const NOTICED: Duration = Duration::from_secs(20);

on_both_databases![
    another_key_than_that_of_the_database_is_refused_by_name,
    secrets_that_can_be_guessed_or_are_set_twice_do_not_start,
    an_api_key_changed_past_the_service_is_no_key,
    keys_of_an_earlier_release_are_authenticated_once,
    a_check_needs_no_receipt_key_and_makes_nothing,
];

/// The settings with some of them changed.
fn with(settings: &[Setting], changed: &[(&'static str, String)]) -> Vec<Setting> {
    let is_kept = |name: &str| changed.iter().all(|(other, _)| *other != name);
    let kept = settings.iter().filter(|(name, _)| is_kept(name));
    kept.cloned().chain(changed.iter().cloned()).collect()
}

fn assert_refused(ending: &ProcessExit, name: &str) {
    assert_eq!(ending.code, Some(2), "{}", ending.log);
    assert!(ending.log.contains(name), "{name}: {}", ending.log);
}

fn report(ending: &ProcessExit) -> Value {
    serde_json::from_str(&ending.output).unwrap_or_else(|_| panic!("{}", ending.log))
}

async fn another_key_than_that_of_the_database_is_refused_by_name(database: Database) {
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let worker = services.start_worker().await;
    let desk = services.caller(&address, "hotel");
    desk.accepted(&people::citizen(services.facility("hotel")))
        .await;
    api.terminate();
    worker.terminate();
    assert_eq!(api.ended(STARTED).await.code, Some(0));
    assert_eq!(worker.ended(STARTED).await.code, Some(0));

    let create = [
        "key",
        "create",
        "--organisation",
        "demo",
        "--role",
        "integrator",
        "--label",
        "another",
    ];
    let table: [(&str, Vec<&[&str]>); 3] = [
        ("LUUTRU_MASTER_KEY", vec![&["api"], &["worker"], &["check"]]),
        ("LUUTRU_INDEX_KEY", vec![&["api"], &["worker"], &["check"]]),
        ("LUUTRU_KEY_PEPPER", vec![&["api"], &["check"], &create]),
    ];
    for (name, commands) in table {
        let another = hex::encode(rand::random::<[u8; 32]>());
        let settings = with(services.settings(), &[(name, another)]);
        for command in commands {
            assert_refused(&run_to_end(command, &settings).await, name);
        }
    }
    // Nothing was changed by it.
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    desk.accepted(&people::citizen(services.facility("hotel")))
        .await;
    let ending = run_to_end(&["check"], services.settings()).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}

async fn secrets_that_can_be_guessed_or_are_set_twice_do_not_start(database: Database) {
    let services = Services::install(database).await;
    let setting = |name: &str| {
        let found = services.settings().iter().find(|(other, _)| *other == name);
        found.unwrap().1.clone()
    };
    let zeros = || "0".repeat(64);
    let table = [
        ("LUUTRU_MASTER_KEY", zeros(), ["api", "worker"]),
        ("LUUTRU_INDEX_KEY", "ab".repeat(32), ["api", "worker"]),
        (
            "LUUTRU_INDEX_KEY",
            setting("LUUTRU_MASTER_KEY"),
            ["api", "worker"],
        ),
        ("LUUTRU_KEY_PEPPER", zeros(), ["api", "api"]),
        (
            "LUUTRU_KEY_PEPPER",
            setting("LUUTRU_INDEX_KEY"),
            ["api", "api"],
        ),
        (
            "LUUTRU_POLICE_SECRET",
            format!("whsec_{}", "A".repeat(32)),
            ["worker", "worker"],
        ),
    ];
    for (name, value, commands) in table {
        let settings = with(services.settings(), &[(name, value)]);
        for command in commands {
            let ending = run_to_end(&[command], &settings).await;
            assert_refused(&ending, name);
            assert!(ending.log.contains("openssl rand"), "{}", ending.log);
        }
    }
}

async fn an_api_key_changed_past_the_service_is_no_key(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let whole = run_to_end(&["check"], services.settings()).await;
    assert_eq!(whole.code, Some(0), "{}", whole.log);
    let changes = [
        ("hotel", "role = 'police', province_codes = '[\"38\"]'"),
        ("guest_house", "role = 'integrator', facility_ids = '[]'"),
        ("integrator", "expires_at = '2099-01-01 00:00:00+00:00'"),
        ("police", "label = 'desk'"),
        (
            "hospital",
            "organisation_id = (SELECT id FROM organisation \
               WHERE id <> api_key.organisation_id LIMIT 1)",
        ),
        ("school", "mac = NULL"),
    ];
    for (count, (name, change)) in changes.into_iter().enumerate() {
        let caller = services.caller(&address, name);
        caller.get("/v1/limits").await.expect(200);
        let statement = format!("UPDATE api_key SET {change} WHERE label = 'demo {name}'");
        services.database().execute(&statement).await;
        let refused = async || caller.get("/v1/limits").await.status == 401;
        eventually("the changed key to be none", NOTICED, refused).await;
        let ending = run_to_end(&["check"], services.settings()).await;
        assert_eq!(ending.code, Some(1), "{change}: {}", ending.log);
        let found = &report(&ending)["api_keys"]["changed_past_luutru"];
        assert_eq!(*found, json!(count + 1), "{change}");
    }
    // A key that somebody copied under another id is none either.
    let copied = "INSERT INTO api_key (id, organisation_id, role, label, secret_hash, facility_ids, \
         commune_codes, province_codes, created_at, mac) \
         SELECT organisation_id, organisation_id, role, 'copied', secret_hash, facility_ids, \
         commune_codes, province_codes, created_at, mac FROM api_key WHERE label = 'demo admin'";
    services.database().execute(copied).await;
    let ending = run_to_end(&["check"], services.settings()).await;
    let found = report(&ending);
    assert_eq!(found["api_keys"]["changed_past_luutru"], 7);
    assert_eq!(found["api_keys"]["ids"].as_array().unwrap().len(), 7);
}

async fn keys_of_an_earlier_release_are_authenticated_once(database: Database) {
    let services = Services::install(database).await;
    // As the earlier release left it.
    for statement in [
        "UPDATE api_key SET mac = NULL",
        "DELETE FROM installation_fact",
    ] {
        services.database().execute(statement).await;
    }
    let (api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    desk.accepted(&people::citizen(services.facility("hotel")))
        .await;
    let bare = "SELECT COUNT(*) FROM api_key WHERE mac IS NULL";
    assert_eq!(services.database().count(bare).await, 0);

    // From then on a row without it is no key, through a restart too.
    let statement = "UPDATE api_key SET mac = NULL WHERE label = 'demo hotel'";
    services.database().execute(statement).await;
    let refused = async || desk.get("/v1/limits").await.status == 401;
    eventually("the bare row to be no key", NOTICED, refused).await;
    api.terminate();
    assert_eq!(api.ended(STARTED).await.code, Some(0));
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    desk.get("/v1/limits").await.expect(401);
    assert_eq!(services.database().count(bare).await, 1);
}

async fn a_check_needs_no_receipt_key_and_makes_nothing(database: Database) {
    let services = Services::install(database).await;
    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel");
    desk.accepted(&people::citizen(services.facility("hotel")))
        .await;
    let others = tests::Secrets::generate();
    let another = others
        .settings()
        .iter()
        .find(|(name, _)| *name == "LUUTRU_RECEIPT_KEY");
    let without = services.settings().iter();
    let without: Vec<Setting> = without
        .filter(|(name, _)| *name != "LUUTRU_RECEIPT_KEY")
        .cloned()
        .collect();
    for settings in [
        without.clone(),
        with(services.settings(), &[another.unwrap().clone()]),
    ] {
        let ending = run_to_end(&["check"], &settings).await;
        assert_eq!(ending.code, Some(1), "{}", ending.log);
        let versions = &report(&ending)["versions"];
        assert_eq!(versions["receipt_invalid"], 0, "{versions}");
        assert_eq!(versions["receipt_key_absent"], 1, "{versions}");
        let sentence = "signed by a key that is not configured";
        assert!(ending.log.contains(sentence), "{}", ending.log);
    }

    // In development, with nothing there: named, and nothing is made.
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("data");
    let mut settings = vec![
        ("LUUTRU_PROFILE", "development".to_owned()),
        ("LUUTRU_DATA_DIR", data_dir.display().to_string()),
    ];
    let ending = run_to_end(&["check"], &settings).await;
    assert_refused(&ending, "LUUTRU_MASTER_KEY");
    settings.extend(tests::Secrets::generate().settings().iter().cloned());
    let ending = run_to_end(&["check"], &settings).await;
    assert_refused(&ending, "LUUTRU_DATA_DIR");
    assert!(!data_dir.exists());
}

/// `-wal` and `-shm` get the mode of the file they lie beside.
#[tokio::test]
async fn files_of_the_embedded_database_are_for_their_owner() {
    let directory = tempfile::tempdir().unwrap();
    let river = River::start_in(directory.path(), &[]).await;
    let desk = river.caller("hotel");
    desk.accepted(&people::citizen(river.facility("hotel")))
        .await;
    let file = river
        .database_url()
        .trim_start_matches("sqlite://")
        .to_owned();
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy.db").display().to_string();
    let url = [("LUUTRU_DATABASE_URL", river.database_url().to_owned())];
    let ending = run_to_end(&["backup", "--to", &copy], &url).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    for path in [
        file.clone(),
        format!("{file}-wal"),
        format!("{file}-shm"),
        copy,
    ] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
}
