//! Tests of the harness that the other tests rely on.

use tests::{Database, on_both_databases};

on_both_databases![each_test_has_an_empty_database_of_its_own];

async fn each_test_has_an_empty_database_of_its_own(database: Database) {
    let (one, two) = (database.create().await, database.create().await);
    assert_ne!(one.url(), two.url());
    // SQLite's file is made by the service.
    if database == Database::Postgres {
        for database in [&one, &two] {
            database
                .execute("CREATE TABLE note (text text NOT NULL)")
                .await;
            database
                .execute("INSERT INTO note VALUES ('here lies a word')")
                .await;
            assert_eq!(database.count("SELECT COUNT(*) FROM note").await, 1);
        }
        let everything = String::from_utf8(one.everything().await).unwrap();
        assert!(everything.contains("here lies a word"));
    }
}
