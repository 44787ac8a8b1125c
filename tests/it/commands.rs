//! Commands as an operator's scripts use them: what they print in a pipe, and the load generator.

use serde_json::Value;
use tests::{Database, ProcessExit, River, Services, on_both_databases, run_to_end};

on_both_databases![
    a_long_command_in_a_pipe_prints_its_result_and_no_progress,
    a_load_with_resends_and_returning_guests_is_accepted_and_replayed,
];

/// Progress is drawn with control sequences, and a bar goes back to the start of its line.
fn assert_plain(command: &str, ending: &ProcessExit) {
    for text in [&ending.output, &ending.log] {
        assert!(!text.contains(['\u{1b}', '\r']), "{command}: {text:?}");
    }
}

async fn a_long_command_in_a_pipe_prints_its_result_and_no_progress(database: Database) {
    let services = Services::install(database).await;
    let table: [(&[&str], bool); 4] = [
        (&["migrate"], false),
        (&["seed"], false),
        (&["check"], true),
        (&["rewrite"], true),
    ];
    for (arguments, has_result) in table {
        let ending = run_to_end(arguments, services.settings()).await;
        assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
        assert_plain(arguments[0], &ending);
        let is_result = serde_json::from_str::<Value>(&ending.output).is_ok();
        assert_eq!(is_result, has_result, "{arguments:?}: {}", ending.output);
    }
}

async fn load(river: &River, arguments: &[&str]) -> Value {
    let common = ["load", "--json", "--concurrency", "1"];
    let settings = [
        ("LUUTRU_LOAD_URL", river.api().to_owned()),
        ("LUUTRU_LOAD_KEYS", river.key("integrator").to_owned()),
    ];
    let ending = run_to_end(&[&common, arguments].concat(), &settings).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    assert_plain("load", &ending);
    serde_json::from_str(&ending.output).unwrap()
}

async fn a_load_with_resends_and_returning_guests_is_accepted_and_replayed(database: Database) {
    let river = River::start(database).await;
    let shares = ["--resend-share", "0.4", "--returning-share", "0.3"];
    let count = ["--count", "120"];
    let mixed = load(&river, &[count, ["--seed", "7"]].concat()).await;
    assert_eq!(
        (&mixed["accepted"], &mixed["replayed"]),
        (&120.into(), &0.into())
    );
    assert_eq!(mixed["seed"], 7);

    let mixed = load(&river, &[&shares[..], &count].concat()).await;
    let replayed = mixed["replayed"].as_u64().unwrap();
    assert!((25..75).contains(&replayed), "{mixed}");
    assert_eq!(
        mixed["accepted"].as_u64().unwrap(),
        120 - replayed,
        "{mixed}"
    );
    let other = load(&river, &["--count", "1"]).await;
    assert_ne!(
        mixed["seed"], other["seed"],
        "a run without --seed has its own"
    );
}

#[tokio::test]
async fn a_report_of_a_load_is_a_page_and_a_path_that_is_none_is_refused_before_the_load() {
    let river = River::start(Database::Sqlite).await;
    let directory = tempfile::tempdir().unwrap();
    let settings = [
        ("LUUTRU_LOAD_URL", river.api().to_owned()),
        ("LUUTRU_LOAD_KEYS", river.key("hotel").to_owned()),
    ];
    let page = directory.path().join("load.html").display().to_string();
    let arguments = ["load", "--count", "3", "--concurrency", "1", "--html"];
    let ending = run_to_end(&[&arguments[..], &[&page]].concat(), &settings).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("<svg"));

    let nowhere = directory.path().join("no/load.html").display().to_string();
    let ending = run_to_end(&[&arguments[..], &[&nowhere]].concat(), &settings).await;
    assert_eq!(ending.code, Some(2));
    assert!(
        ending.log.contains("--html: cannot write"),
        "{}",
        ending.log
    );
    assert!(ending.output.is_empty(), "{}", ending.output);
}

#[tokio::test]
async fn completions_and_manual_pages_come_from_the_binary() {
    let table: [(&[&str], &str); 3] = [
        (&["completions", "bash"], "complete -F _luutru"),
        (&["man"], ".TH luutru 1"),
        (&["man", "key", "create"], "\\-\\-organisation"),
    ];
    for (arguments, expected) in table {
        let ending = run_to_end(arguments, &[]).await;
        assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
        assert!(ending.output.contains(expected), "{arguments:?}");
    }
    let ending = run_to_end(&["man", "forge"], &[]).await;
    assert_eq!(ending.code, Some(2), "{}", ending.output);
}
