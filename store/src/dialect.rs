//! The differences between SQLite and PostgreSQL. The only `match` on the back end.

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, Statement, Value,
    sea_query::{ArrayType, OnConflict},
};

use uuid::Uuid;

use crate::{
    Backend, Result,
    rows::{self, AsRow, RowColumn, ValueKind},
};

/// SQLite's parameters of one statement.
pub(crate) const PARAMETER_COUNT_MAX: usize = 32_766;
/// Stands for NULL inside a PostgreSQL array parameter; no real instant of ours is the epoch.
const NO_INSTANT: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// Stands for NULL inside a PostgreSQL array parameter of integers.
const NO_INTEGER: i32 = i32::MIN;

/// `WITH v (…) AS (…)` over the given rows, with its bound parameters, starting at `$1`.
///
/// PostgreSQL gets one array per column: the statement's text does not depend on the number of
/// rows, so that it is parsed once. SQLite gets a list of VALUES, of few lengths.
pub(crate) fn with_rows<R: AsRow>(backend: Backend, rows: Vec<R>) -> (String, Vec<Value>) {
    let rows = rows.into_iter().map(AsRow::into_values).collect();
    match backend {
        Backend::Postgres => with_arrays(R::COLUMNS, rows),
        Backend::Sqlite => with_values(R::COLUMNS, rows),
    }
}

/// Longer lists are filled up with NULL and cut off again, so that their texts are few and stay
/// prepared: to prepare one costs more than to run it.
fn with_values(columns: &[RowColumn], rows: Vec<Vec<Value>>) -> (String, Vec<Value>) {
    let row_count = rows.len();
    let length = list_length(row_count, columns.len());
    let marks = vec!["?"; columns.len()].join(", ");
    let lists = vec![format!("({marks})"); length].join(", ");
    let names = names(columns);
    let mut values: Vec<Value> = rows.into_iter().flatten().collect();
    if row_count == 1 {
        return (format!("WITH v ({names}) AS (VALUES {lists})"), values);
    }
    values.resize(length * columns.len(), Value::Int(None));
    values.push(Value::BigInt(i64::try_from(row_count).ok()));
    // A bare `LIMIT ?` may change the plan: SQLite would prepare the statement again each time.
    let text =
        format!("WITH v ({names}) AS (SELECT * FROM (VALUES {lists}) LIMIT CAST(? AS INTEGER))");
    (text, values)
}

/// The next power of two, as far as SQLite takes so many parameters.
fn list_length(row_count: usize, column_count: usize) -> usize {
    let most = (PARAMETER_COUNT_MAX - 1) / column_count.max(1);
    row_count.next_power_of_two().min(most).max(row_count)
}

fn with_arrays(columns: &[RowColumn], rows: Vec<Vec<Value>>) -> (String, Vec<Value>) {
    let row_count = rows.len();
    let mut arrays: Vec<Vec<Value>> = columns
        .iter()
        .map(|_| Vec::with_capacity(row_count))
        .collect();
    for row in rows {
        for ((array, value), column) in arrays.iter_mut().zip(row).zip(columns) {
            array.push(if column.is_nullable {
                or_stand_in(value)
            } else {
                value
            });
        }
    }
    let parameters = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("${}::{}[]", index + 1, type_name(column.kind)))
        .collect::<Vec<_>>()
        .join(", ");
    let selected = columns.iter().map(selected).collect::<Vec<_>>().join(", ");
    let text = format!(
        "WITH v AS (SELECT {selected} FROM UNNEST({parameters}) AS u ({}))",
        names(columns)
    );
    let values = arrays
        .into_iter()
        .zip(columns)
        .map(|(array, column)| Value::Array(array_type(column.kind), Some(Box::new(array))))
        .collect();
    (text, values)
}

fn names(columns: &[RowColumn]) -> String {
    columns
        .iter()
        .map(|column| column.name)
        .collect::<Vec<_>>()
        .join(", ")
}

fn selected(column: &RowColumn) -> String {
    let name = column.name;
    if !column.is_nullable {
        return name.to_owned();
    }
    let stand_in = match column.kind {
        ValueKind::Uuid => "'00000000-0000-0000-0000-000000000000'::uuid".to_owned(),
        ValueKind::Text => "''".to_owned(),
        ValueKind::Bytes => "''::bytea".to_owned(),
        ValueKind::Instant => "'epoch'::timestamptz".to_owned(),
        ValueKind::Date => "'epoch'::date".to_owned(),
        ValueKind::Integer => NO_INTEGER.to_string(),
        ValueKind::Boolean => "NULL::boolean".to_owned(),
    };
    format!("NULLIF({name}, {stand_in}) AS {name}")
}

/// The value, or what stands for NULL: the driver's arrays cannot hold NULL.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's enumeration; the rest is not NULL"
)]
fn or_stand_in(value: Value) -> Value {
    match value {
        Value::Uuid(None) => Value::Uuid(Some(uuid::Uuid::nil())),
        Value::String(None) => Value::String(Some(String::new())),
        Value::Bytes(None) => Value::Bytes(Some(Vec::new())),
        Value::ChronoDateTimeUtc(None) => Value::ChronoDateTimeUtc(Some(NO_INSTANT)),
        Value::ChronoDate(None) => Value::ChronoDate(Some(NO_INSTANT.date_naive())),
        Value::Int(None) => Value::Int(Some(NO_INTEGER)),
        other => other,
    }
}

fn type_name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Uuid => "uuid",
        ValueKind::Text => "text",
        ValueKind::Bytes => "bytea",
        ValueKind::Instant => "timestamptz",
        ValueKind::Date => "date",
        ValueKind::Integer => "int4",
        ValueKind::Boolean => "bool",
    }
}

fn array_type(kind: ValueKind) -> ArrayType {
    match kind {
        ValueKind::Uuid => ArrayType::Uuid,
        ValueKind::Text => ArrayType::String,
        ValueKind::Bytes => ArrayType::Bytes,
        ValueKind::Instant => ArrayType::ChronoDateTimeUtc,
        ValueKind::Date => ArrayType::ChronoDate,
        ValueKind::Integer => ArrayType::Int,
        ValueKind::Boolean => ArrayType::Bool,
    }
}

/// Inserts rows into `table` in one statement. `tail` is what follows the rows, such as
/// `ON CONFLICT …`; it may be empty.
pub(crate) fn insert_rows<R: AsRow>(
    backend: Backend,
    table: &str,
    rows: Vec<R>,
    tail: &str,
) -> Statement {
    let (with, values) = with_rows(backend, rows);
    let names = names(R::COLUMNS);
    // `WHERE true` lets SQLite tell `ON CONFLICT` from a join's `ON`.
    let text =
        format!("{with} INSERT INTO {table} ({names}) SELECT {names} FROM v WHERE true {tail}");
    Statement::from_sql_and_values(backend.into(), text, values)
}

/// A statement with `?` marks, numbered for PostgreSQL.
pub(crate) fn statement(backend: Backend, text: &str, values: Vec<Value>) -> Statement {
    match backend {
        Backend::Postgres => Statement::from_sql_and_values(backend.into(), numbered(text), values),
        Backend::Sqlite => Statement::from_sql_and_values(backend.into(), text, values),
    }
}

/// Our own statements hold no `?` inside quotes.
fn numbered(text: &str) -> String {
    let mut number = 0;
    let mut out = String::with_capacity(text.len() + 16);
    for part in text.split_inclusive('?') {
        match part.strip_suffix('?') {
            Some(before) => {
                number += 1;
                out.push_str(before);
                out.push('$');
                out.push_str(&number.to_string());
            }
            None => out.push_str(part),
        }
    }
    out
}

/// Joins to each row of `v` the newest matching rows of `table`, as `n`, at most `limit`. Both
/// databases read the index in order and stop at the limit.
pub(crate) fn join_newest(backend: Backend, table: &str, fitting: &str, limit: u32) -> String {
    match backend {
        Backend::Postgres => format!(
            "CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {table}.{fitting} \
             ORDER BY {table}.id DESC LIMIT {limit}) n"
        ),
        Backend::Sqlite => format!(
            "CROSS JOIN {table} n ON n.id IN (SELECT i.id FROM {table} i WHERE i.{fitting} \
             ORDER BY i.id DESC LIMIT {limit})"
        ),
    }
}

/// Joins to each row of `v` the first rows of `table` in this order that fit, as `n`, at most
/// `limit`. Both databases read the index in order and stop at the limit. Columns of the table
/// stand alone in `fitting`, those of `v` with its name.
pub(crate) fn join_first(
    backend: Backend,
    table: &str,
    fitting: &str,
    order: &str,
    limit: u64,
) -> String {
    match backend {
        Backend::Postgres => format!(
            "CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {fitting} \
             ORDER BY {order} LIMIT {limit}) n"
        ),
        Backend::Sqlite => format!(
            "CROSS JOIN {table} n ON n.id IN (SELECT id FROM {table} WHERE {fitting} \
             ORDER BY {order} LIMIT {limit})"
        ),
    }
}

/// `column` is one of these texts: as one parameter on PostgreSQL, so that the statement's text
/// does not depend on their number. Marks are `?`, for [`statement`].
pub(crate) fn among(backend: Backend, column: &str, texts: &[String]) -> (String, Vec<Value>) {
    let values = texts.iter().cloned().map(rows::text).collect();
    one_of(backend, column, ArrayType::String, values)
}

/// [`among`] of ids.
pub(crate) fn among_ids(backend: Backend, column: &str, ids: &[Uuid]) -> (String, Vec<Value>) {
    let values = ids.iter().copied().map(rows::uuid).collect();
    one_of(backend, column, ArrayType::Uuid, values)
}

fn one_of(
    backend: Backend,
    column: &str,
    kind: ArrayType,
    values: Vec<Value>,
) -> (String, Vec<Value>) {
    match backend {
        Backend::Postgres => (
            format!("{column} = ANY(?)"),
            vec![Value::Array(kind, Some(Box::new(values)))],
        ),
        Backend::Sqlite => {
            let marks = vec!["?"; values.len()].join(", ");
            (format!("{column} IN ({marks})"), values)
        }
    }
}

/// Whether a column of bytes begins with this one.
pub(crate) fn begins_with_byte(backend: Backend, column: &str, byte: u8) -> String {
    match backend {
        Backend::Postgres => format!("substring({column} from 1 for 1) = '\\x{byte:02x}'::bytea"),
        Backend::Sqlite => format!("substr({column}, 1, 1) = x'{byte:02x}'"),
    }
}

/// NULL where an id is expected.
pub(crate) fn no_uuid(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => "NULL::uuid",
        Backend::Sqlite => "NULL",
    }
}

/// Whether the planner joins several indexes for one list when that is cheaper for the values asked
/// for. SQLite does not know the values when it plans.
pub(crate) fn joins_indexes(backend: Backend) -> bool {
    match backend {
        Backend::Postgres => true,
        Backend::Sqlite => false,
    }
}

/// Row locks for a claim: PostgreSQL skips what another worker holds; SQLite's writer is alone.
pub(crate) fn skip_locked(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => "FOR UPDATE SKIP LOCKED",
        Backend::Sqlite => "",
    }
}

/// The hour of an instant in Viet Nam, 0 to 23.
pub(crate) fn local_hour(backend: Backend, column: &str) -> String {
    match backend {
        Backend::Postgres => {
            format!("CAST(EXTRACT(HOUR FROM {column} AT TIME ZONE INTERVAL '7 hours') AS BIGINT)")
        }
        Backend::Sqlite => format!("CAST(strftime('%H', {column}, '+7 hours') AS INTEGER)"),
    }
}

/// A shared lock that keeps a row unchanged until the transaction ends. Not needed on SQLite, which
/// has a single writer.
pub(crate) fn share_lock(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => "FOR SHARE",
        Backend::Sqlite => "",
    }
}

/// The time of leases: the database server's where there is one, so that workers on several
/// hosts agree whatever their own clocks say; the given instant on SQLite, where all share one
/// host.
pub(crate) fn lease_now(backend: Backend, now: DateTime<Utc>) -> (&'static str, Vec<Value>) {
    match backend {
        Backend::Postgres => ("clock_timestamp()", Vec::new()),
        Backend::Sqlite => ("?", vec![Value::ChronoDateTimeUtc(Some(now))]),
    }
}

/// [`lease_now`] plus a number of seconds.
pub(crate) fn lease_end(
    backend: Backend,
    now: DateTime<Utc>,
    lease_seconds: u32,
) -> (&'static str, Value) {
    match backend {
        Backend::Postgres => (
            "clock_timestamp() + make_interval(secs => ?)",
            Value::Double(Some(f64::from(lease_seconds))),
        ),
        Backend::Sqlite => (
            "?",
            Value::ChronoDateTimeUtc(Some(now + chrono::Duration::seconds(lease_seconds.into()))),
        ),
    }
}

/// Converts an instant of a process's clock to the database server's clock, keeping its distance
/// from `told_at`, the process's time when it wrote it. Both are columns.
pub(crate) fn on_server_clock(backend: Backend, instant: &str, told_at: &str) -> String {
    match backend {
        Backend::Postgres => format!("{instant} + (clock_timestamp() - {told_at})"),
        Backend::Sqlite => instant.to_owned(),
    }
}

/// The current instant by the database server's clock; `None` on SQLite, where the server's clock
/// is our own.
pub(crate) async fn server_time(
    connection: &impl ConnectionTrait,
) -> Result<Option<DateTime<Utc>>> {
    let backend = Backend::of(connection);
    let text = match backend {
        Backend::Postgres => "SELECT clock_timestamp() AS now",
        Backend::Sqlite => "SELECT NULL AS now",
    };
    let statement = Statement::from_string(backend.into(), text);
    match connection.query_one_raw(statement).await? {
        Some(row) => Ok(row.try_get("", "now")?),
        None => Ok(None),
    }
}

/// Settings without which a commit would not survive power loss, as `(name, value)` pairs that
/// must be refused; empty when all is well.
pub(crate) async fn undurable_settings(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(String, String)>> {
    let backend = Backend::of(connection);
    let text = match backend {
        Backend::Postgres => {
            "SELECT name, setting FROM pg_settings \
             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'"
        }
        Backend::Sqlite => {
            "SELECT 'synchronous' AS name, CAST(synchronous AS TEXT) AS setting \
             FROM pragma_synchronous WHERE synchronous < 2"
        }
    };
    let rows = connection
        .query_all_raw(Statement::from_string(backend.into(), text))
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("", "name")?, row.try_get("", "setting")?)))
        .collect::<std::result::Result<_, sea_orm::DbErr>>()
        .map_err(Into::into)
}

/// Takes the session-long lock that keeps migrations apart, if the database has such locks. On
/// SQLite the file's write lock and a retry have the same effect.
pub(crate) fn migration_lock(backend: Backend) -> Option<(&'static str, &'static str)> {
    match backend {
        Backend::Postgres => Some((
            "SELECT pg_advisory_lock(7238491021)",
            "SELECT pg_advisory_unlock(7238491021)",
        )),
        Backend::Sqlite => None,
    }
}

/// Limits of a migration's transaction: unlimited time for its own work, one second for a lock that
/// others hold.
pub(crate) fn migration_settings(backend: Backend) -> &'static [&'static str] {
    match backend {
        Backend::Postgres => &[
            "SET LOCAL statement_timeout = 0",
            "SET LOCAL lock_timeout = '1s'",
        ],
        Backend::Sqlite => &[],
    }
}

/// Copies a database that is in use into a new file, where that is the database's own way.
pub(crate) fn copy_into_file(backend: Backend, path: &str) -> Option<Statement> {
    match backend {
        Backend::Postgres => None,
        Backend::Sqlite => Some(Statement::from_sql_and_values(
            backend.into(),
            "VACUUM INTO ?",
            [path.into()],
        )),
    }
}

/// The size of the database's file.
pub(crate) fn file_byte_count(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Postgres => None,
        Backend::Sqlite => Some(
            "SELECT page_count * page_size AS byte_count \
             FROM pragma_page_count(), pragma_page_size()",
        ),
    }
}

/// Faults that the database finds in its own file, one row each. PostgreSQL has checksums and its
/// own tools for this.
pub(crate) fn file_faults(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Postgres => None,
        Backend::Sqlite => Some(
            "SELECT integrity_check AS fault FROM pragma_integrity_check \
             WHERE integrity_check <> 'ok'",
        ),
    }
}

/// Small tables without which nothing works.
const ESSENTIAL_TABLES: [&str; 8] = [
    "data_key",
    "api_key",
    "organisation",
    "facility",
    "catalogue",
    "catalogue_entry",
    "destination",
    "destination_route",
];
/// The largest file checked completely before start-up, in bytes: about two seconds of work.
const STARTED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Integrity checks run on a SQLite file before start-up. A row in the result means a fault.
/// PostgreSQL has checksums and tools of its own for that.
pub(crate) fn start_checks(backend: Backend) -> Vec<String> {
    match backend {
        Backend::Postgres => Vec::new(),
        Backend::Sqlite => {
            let tables = ESSENTIAL_TABLES.iter().map(|table| {
                format!(
                    "SELECT quick_check FROM pragma_quick_check('{table}') \
                     WHERE quick_check <> 'ok' LIMIT 1"
                )
            });
            // For a larger file the join is empty, so nothing is read.
            let whole = format!(
                "SELECT c.quick_check FROM (SELECT 1 FROM pragma_page_count, pragma_page_size \
                   WHERE page_count * page_size <= {STARTED_BYTES_MAX}) AS small \
                 CROSS JOIN pragma_quick_check AS c WHERE c.quick_check <> 'ok' LIMIT 1"
            );
            tables.chain([whole]).collect()
        }
    }
}

/// `ON CONFLICT (column) DO NOTHING`.
pub(crate) fn ignore_conflicts(column: &'static str) -> OnConflict {
    OnConflict::column(column).do_nothing().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_values_have_few_lengths() {
        // Rows, columns, length of the list.
        let table = [
            (1, 34, 1),
            (2, 34, 2),
            (3, 34, 4),
            (17, 34, 32),
            (513, 34, 963),
            (900, 34, 963),
            (900, 4, 1_024),
            (1_000, 40, 1_000),
        ];
        for (row_count, column_count, expected) in table {
            let length = list_length(row_count, column_count);
            assert_eq!(length, expected, "{row_count} rows of {column_count}");
        }
    }

    #[test]
    fn question_marks_become_numbers_in_order() {
        assert_eq!(
            numbered("a = ? AND b IN (?, ?)"),
            "a = $1 AND b IN ($2, $3)"
        );
        assert_eq!(numbered("no marks"), "no marks");
    }
}
