//! The documentation works as printed: runs the blocks of `docs/operations.md` unchanged, from an
//! empty database to the first acknowledged stay.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tests::{Database, on_both_databases};

on_both_databases![production_is_set_up_from_the_document_alone];

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/documents.py");

async fn production_is_set_up_from_the_document_alone(database: Database) {
    // Empty: not even a schema.
    let database = database.create().await;
    let binary = tests::binary_path().to_owned();
    let url = database.url().to_owned();
    let outcome = tokio::task::spawn_blocking(move || run(&binary, &url)).await;
    outcome.expect("the document was run");
    let acknowledged = "SELECT COUNT(*) FROM stay WHERE delivery_state = 'acknowledged'";
    assert_eq!(database.count(acknowledged).await, 1);
    let keys = "SELECT COUNT(*) FROM audit_entry WHERE action = 'key.created'";
    assert_eq!(database.count(keys).await, 3);
}

fn run(binary: &Path, url: &str) {
    let outcome = Command::new("python3")
        .arg(RUNNER)
        .arg("--binary")
        .arg(binary)
        .args(["--database-url", url, "docs/operations.md"])
        .stdin(Stdio::null())
        .output()
        .expect("python3 cannot be started: install it, the documents are run with it");
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{said}");
}
