//! Reads the database over a connection of its own, with SQL of its own.

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryResult, Statement, Value,
};
use sha2::{Digest, Sha256};

/// Columns with sealed, salted or signed data, or derived from it: they differ between runs,
/// because nonces, salts and keys do not come from the seed.
const RANDOM_COLUMNS: [(&str, &str); 8] = [
    ("stay", "sealed_key"),
    ("stay_version", "sealed"),
    ("stay_version", "sealed_reason"),
    ("stay_version", "content_sha256"),
    ("stay_version", "receipt_kid"),
    ("stay_version", "receipt_signature"),
    ("outbox_task", "sealed_body"),
    ("audit_entry", "digest"),
];
/// What a run writes.
const TABLES: [&str; 11] = [
    "stay",
    "stay_version",
    "outbox_task",
    "attempt",
    "audit_entry",
    "event",
    "idempotency_key",
    "declaration_key",
    "review_case",
    "destination",
    "destination_route",
];

/// A connection to the file.
pub(super) async fn open(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

/// The rows of a statement.
pub(super) async fn rows(connection: &DatabaseConnection, text: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(DbBackend::Sqlite, text);
    connection.query_all_raw(statement).await.unwrap()
}

/// The rows of a statement whose columns are all text.
pub(super) async fn texts<const N: usize>(
    connection: &DatabaseConnection,
    text: &str,
) -> Vec<[String; N]> {
    let rows = rows(connection, text).await;
    let column = |row: &QueryResult, index| {
        let value: Option<String> = row.try_get_by_index(index).unwrap();
        value.unwrap_or_default()
    };
    rows.iter()
        .map(|row| std::array::from_fn(|index| column(row, index)))
        .collect()
}

/// The one number that a statement asks for.
pub(super) async fn number(connection: &DatabaseConnection, text: &str) -> i64 {
    rows(connection, text).await[0].try_get_by_index(0).unwrap()
}

/// The tasks that a statement returns.
pub(super) async fn tasks(
    connection: &DatabaseConnection,
    text: &str,
    values: [Value; 4],
) -> Vec<store::outbox::Task> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, text, values);
    let found = entity::outbox_task::Entity::find().from_raw_sql(statement);
    found.all(connection).await.unwrap()
}

/// Digest of everything that a run wrote, except for what is random.
pub(super) async fn digest(connection: &DatabaseConnection) -> String {
    let mut digest = Sha256::new();
    for table in TABLES {
        let names: Vec<[String; 1]> = texts(
            connection,
            &format!("SELECT name FROM pragma_table_info('{table}')"),
        )
        .await;
        assert!(!names.is_empty(), "no table {table}");
        let columns: Vec<String> = names
            .iter()
            .filter(|[name]| !RANDOM_COLUMNS.contains(&(table, name)))
            .map(|[name]| format!("quote({name})"))
            .collect();
        let text = format!(
            "SELECT {} FROM {table} ORDER BY 1",
            columns.join(" || '|' || ")
        );
        for [row] in texts(connection, &text).await {
            digest.update(table);
            digest.update(row);
        }
    }
    format!("{:x}", digest.finalize())
}
