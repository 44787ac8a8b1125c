//! **D**: the database, read with separate SQL. Columns are listed explicitly, so that a new column
//! changes nothing here.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// A stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Stay {
    pub id: String,
    pub facility_id: String,
    pub version: i64,
    pub presence: String,
    pub identity_state: String,
    pub delivery_state: String,
    pub delivery_version: i64,
    pub police_reference: Option<String>,
    pub timeliness: String,
    pub arrival_on: String,
    pub received_at: i64,
    pub deadline_at: i64,
}

/// A version of a stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Version {
    pub stay_id: String,
    pub version: i64,
    pub received_at: i64,
    pub content_sha256: String,
    pub receipt_number: String,
    pub receipt_kid: String,
    pub receipt_signature: String,
    pub is_forwardable: bool,
}

/// A notification on its way, or arrived.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Task {
    pub id: String,
    pub stay_id: String,
    pub version: i64,
    pub kind: String,
    pub state: String,
    pub lease_id: Option<String>,
    pub body_sha256: Option<String>,
    pub created_at: i64,
    pub settled_at: Option<i64>,
}

/// A call to a peer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Attempt {
    pub id: String,
    pub task_id: String,
    pub peer: String,
    pub lease_id: String,
    pub started_at: i64,
    pub latency_ms: i64,
    pub outcome: String,
    pub http_status: Option<i64>,
    pub code: Option<String>,
}

/// An entry of the audit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Audit {
    pub id: String,
    pub action: String,
    pub subject_id: String,
    pub subject_version: Option<i64>,
    pub digest: Option<String>,
}

/// An `Idempotency-Key` that is kept; the guard of a batch leads to no stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct IdempotencyKey {
    pub key_hash: String,
    pub request_hash: String,
    pub stay_id: Option<String>,
    pub version: Option<i64>,
}

/// What prevents a declaration from being made twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct DeclarationKey {
    pub key_hash: String,
    pub stay_id: String,
}

/// What senders hear of a stay.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns have the names of the table's")]
pub struct Event {
    pub id: String,
    pub kind: String,
    pub stay_id: Option<String>,
    pub version: Option<i64>,
    pub sequence: Option<i64>,
}

/// Everything that the checker looks at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "tables, in the order of their names' meaning")]
pub struct Records {
    pub stays: Vec<Stay>,
    pub versions: Vec<Version>,
    pub tasks: Vec<Task>,
    pub attempts: Vec<Attempt>,
    pub audits: Vec<Audit>,
    pub idempotency_keys: Vec<IdempotencyKey>,
    pub declaration_keys: Vec<DeclarationKey>,
    pub events: Vec<Event>,
}

#[derive(Clone, Copy)]
enum Kind {
    Id,
    Text,
    Bytes,
    Instant,
    Integer,
    Boolean,
}

use Kind::{Boolean, Bytes, Id, Instant, Integer, Text};

impl Records {
    /// Reads a database, each table in one statement.
    pub async fn read(url: &str) -> Self {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let connection = sea_orm::Database::connect(options)
            .await
            .unwrap_or_else(|error| panic!("the checker cannot read the database: {error}"));
        let records = Self::read_from(&connection).await;
        connection.close().await.expect("a connection closes");
        records
    }

    async fn read_from(db: &DatabaseConnection) -> Self {
        let stays = [
            ("id", Id),
            ("facility_id", Id),
            ("version", Integer),
            ("presence", Text),
            ("identity_state", Text),
            ("delivery_state", Text),
            ("delivery_version", Integer),
            ("police_reference", Text),
            ("timeliness", Text),
            ("arrival_on", Text),
            ("received_at", Instant),
            ("deadline_at", Instant),
        ];
        let versions = [
            ("stay_id", Id),
            ("version", Integer),
            ("received_at", Instant),
            ("content_sha256", Bytes),
            ("receipt_number", Text),
            ("receipt_kid", Text),
            ("receipt_signature", Bytes),
            ("is_forwardable", Boolean),
        ];
        let tasks = [
            ("id", Id),
            ("stay_id", Id),
            ("version", Integer),
            ("kind", Text),
            ("state", Text),
            ("lease_id", Id),
            ("body_sha256", Bytes),
            ("created_at", Instant),
            ("settled_at", Instant),
        ];
        let attempts = [
            ("id", Id),
            ("task_id", Id),
            ("peer", Text),
            ("lease_id", Id),
            ("started_at", Instant),
            ("latency_ms", Integer),
            ("outcome", Text),
            ("http_status", Integer),
            ("code", Text),
        ];
        let audits = [
            ("id", Id),
            ("action", Text),
            ("subject_id", Id),
            ("subject_version", Integer),
            ("digest", Bytes),
        ];
        let idempotency_keys = [
            ("key_hash", Bytes),
            ("request_hash", Bytes),
            ("stay_id", Id),
            ("version", Integer),
        ];
        let declaration_keys = [("key_hash", Bytes), ("stay_id", Id)];
        let events = [
            ("id", Id),
            ("kind", Text),
            ("stay_id", Id),
            ("version", Integer),
            ("sequence", Integer),
        ];
        Self {
            stays: table(db, "stay", &stays).await,
            versions: table(db, "stay_version", &versions).await,
            tasks: table(db, "outbox_task", &tasks).await,
            attempts: table(db, "attempt", &attempts).await,
            audits: table(db, "audit_entry", &audits).await,
            idempotency_keys: table(db, "idempotency_key", &idempotency_keys).await,
            declaration_keys: table(db, "declaration_key", &declaration_keys).await,
            events: table(db, "event", &events).await,
        }
    }
}

/// Reads a table, every column as text.
async fn table<T: DeserializeOwned>(
    db: &DatabaseConnection,
    name: &str,
    columns: &[(&str, Kind)],
) -> Vec<T> {
    let backend = db.get_database_backend();
    let selected: Vec<String> = columns
        .iter()
        .map(|(column, kind)| as_text(backend, column, *kind))
        .collect();
    let query = format!("SELECT {} FROM {name}", selected.join(", "));
    let rows = db
        .query_all_raw(Statement::from_string(backend, query))
        .await
        .unwrap_or_else(|error| panic!("the checker cannot read {name}: {error}"));
    rows.iter()
        .map(|row| {
            let mut members = Map::new();
            for (index, (column, kind)) in columns.iter().enumerate() {
                let text: Option<String> = row.try_get_by_index(index).expect("text");
                let value = text.map_or(Value::Null, |text| value_of(&text, *kind));
                members.insert((*column).to_owned(), value);
            }
            serde_json::from_value(Value::Object(members))
                .unwrap_or_else(|error| panic!("{name} is not what the checker knows: {error}"))
        })
        .collect()
}

fn as_text(backend: DbBackend, column: &str, kind: Kind) -> String {
    let is_postgres = backend == DbBackend::Postgres;
    match kind {
        Bytes if is_postgres => format!("encode({column}, 'hex')"),
        Id if is_postgres => format!("replace({column}::text, '-', '')"),
        Bytes | Id => format!("lower(hex({column}))"),
        Instant if is_postgres => {
            format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
        }
        Boolean => format!("CASE WHEN {column} THEN '1' ELSE '0' END"),
        Text | Integer | Instant => format!("CAST({column} AS TEXT)"),
    }
}

fn value_of(text: &str, kind: Kind) -> Value {
    match kind {
        Id if text.len() == 32 => {
            let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &text[range]);
            Value::from(parts.join("-"))
        }
        Id | Bytes if text.is_empty() => Value::Null,
        Id | Bytes | Text => Value::from(text),
        Integer => Value::from(text.parse::<i64>().expect("a number")),
        Boolean => Value::from(text == "1"),
        Instant => {
            let instant: chrono::DateTime<chrono::Utc> = text.parse().expect("an instant");
            Value::from(instant.timestamp_micros())
        }
    }
}
