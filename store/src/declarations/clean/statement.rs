//! The statements for the clean rows of a group, and for those with neighbours: their parameters
//! and their texts.

use std::sync::LazyLock;

use entity::word::Word;
use sea_orm::sqlx::{Arguments, Encode, Postgres, Type, postgres::PgArguments};

use super::{super::NewDeclaration, Offered};
use crate::{Backend, Error, Result, neighbours, review::NewCase};

/// A statement and whether it has parameters for cases.
pub(super) struct CleanStatement {
    pub(super) text: String,
    has_cases: bool,
}

impl CleanStatement {
    /// Its parameters for these rows.
    pub(super) fn arguments(&self, rows: &[Offered<'_>]) -> Result<PgArguments> {
        let mut arrays = Arrays::of(rows)?;
        if self.has_cases {
            arrays.add_cases(rows)?;
        }
        Ok(arrays.arguments)
    }
}

/// Parameters: an array for each column that differs from row to row, and after the columns of a
/// table the number of its rows.
#[derive(Default)]
struct Arrays {
    names: Vec<&'static str>,
    arguments: PgArguments,
}

impl Arrays {
    fn of(noticed: &[Offered<'_>]) -> Result<Self> {
        let rows: Vec<&NewDeclaration> = noticed.iter().map(|row| row.declaration).collect();
        let rows = rows.as_slice();
        let mut arrays = Self::default();
        arrays.add_stays(rows)?;
        arrays.add_versions(rows)?;
        let warnings = noticed.iter().map(|row| match &row.warnings {
            Some(warnings) => warnings.as_str(),
            None => row.declaration.version.warnings.as_str(),
        });
        arrays.add("warnings", warnings)?;
        arrays.add_keys(rows)?;
        let tasks = || rows.iter().map(|one| one.task.as_ref());
        arrays.add("task_id", tasks().map(|task| Some(task?.id)))?;
        let due = rows.iter().map(|one| match &one.task {
            Some(task) => task.due_at,
            None => one.stay.received_at,
        });
        arrays.add("due_at", due)?;
        let traces = tasks().map(|task| task?.trace_parent.as_deref());
        arrays.add("trace_parent", traces)?;
        arrays.add("audit_id", rows.iter().map(|one| one.audit.id))?;
        arrays.add("event_id", rows.iter().map(|one| one.event.id))?;
        arrays.add(
            "event_detail",
            rows.iter().map(|one| one.event.detail.as_str()),
        )?;
        arrays.bind_count(rows.len())?;
        Ok(arrays)
    }

    fn add_cases(&mut self, rows: &[Offered<'_>]) -> Result<()> {
        let cases: Vec<&NewCase> = rows.iter().flat_map(|row| &row.cases).collect();
        let cases = || cases.iter();
        self.add("case_id", cases().map(|case| case.id))?;
        self.add("case_of", cases().map(|case| case.stay_id))?;
        self.add("case_kind", cases().map(|case| case.kind.as_str()))?;
        self.add("priority", cases().map(|case| case.kind.priority()))?;
        self.add("detail", cases().map(|case| case.detail.to_string()))?;
        self.bind_count(cases().len())
    }

    fn bind_count(&mut self, row_count: usize) -> Result<()> {
        self.bind(i64::try_from(row_count).unwrap_or(i64::MAX))
    }

    fn add_stays(&mut self, rows: &[&NewDeclaration]) -> Result<()> {
        let stays = || rows.iter().map(|one| &one.stay);
        self.add("stay_id", stays().map(|stay| stay.id))?;
        self.add("organisation_id", stays().map(|stay| stay.organisation_id))?;
        self.add("facility_id", stays().map(|stay| stay.facility_id))?;
        self.add(
            "facility_kind",
            stays().map(|stay| stay.facility_kind.as_stored()),
        )?;
        self.add(
            "commune_code",
            stays().map(|stay| stay.commune_code.as_str()),
        )?;
        self.add(
            "province_code",
            stays().map(|stay| stay.province_code.as_str()),
        )?;
        self.add(
            "completion_state",
            stays().map(|stay| stay.completion_state.as_stored()),
        )?;
        self.add("owed", stays().map(|stay| stay.owed.as_deref()))?;
        self.add(
            "timeliness",
            stays().map(|stay| stay.timeliness.as_stored()),
        )?;
        self.add("arrival_at", stays().map(|stay| stay.arrival_at))?;
        self.add("arrival_on", stays().map(|stay| stay.arrival_on))?;
        self.add("ends_at", stays().map(|stay| stay.expected_departure_at))?;
        self.add("received_at", stays().map(|stay| stay.received_at))?;
        self.add("deadline_at", stays().map(|stay| stay.deadline_at))?;
        self.add("purpose", stays().map(|stay| stay.purpose.as_stored()))?;
        self.add(
            "sex",
            stays().map(|stay| stay.sex.as_ref().map(Word::as_stored)),
        )?;
        self.add("age_band", stays().map(|stay| stay.age_band.as_deref()))?;
        self.add(
            "nationality",
            stays().map(|stay| stay.nationality.as_deref()),
        )?;
        self.add(
            "document_kind",
            stays().map(|stay| stay.document_kind.as_stored()),
        )?;
        self.add(
            "reference_index",
            stays().map(|stay| stay.reference_index.as_deref()),
        )?;
        self.add(
            "document_index",
            stays().map(|stay| stay.document_index.as_deref()),
        )?;
        self.add("name_index", stays().map(|stay| stay.name_index.as_deref()))?;
        self.add(
            "party_index",
            stays().map(|stay| stay.party_index.as_deref()),
        )?;
        self.add("sealed_key", stays().map(|stay| stay.sealed_key.as_deref()))
    }

    fn add_versions(&mut self, rows: &[&NewDeclaration]) -> Result<()> {
        let versions = || rows.iter().map(|one| &one.version);
        self.add(
            "channel",
            versions().map(|version| version.channel.as_stored()),
        )?;
        self.add("created_by", versions().map(|version| version.created_by))?;
        self.add(
            "sealed",
            versions().map(|version| version.sealed.as_slice()),
        )?;
        self.add(
            "content_index",
            versions().map(|version| version.content_index.as_slice()),
        )?;
        self.add(
            "content_sha256",
            versions().map(|version| version.content_sha256.as_slice()),
        )?;
        self.add(
            "receipt_number",
            versions().map(|version| version.receipt_number.as_str()),
        )?;
        self.add(
            "receipt_kid",
            versions().map(|version| version.receipt_kid.as_str()),
        )?;
        let signatures = versions().map(|version| version.receipt_signature.as_slice());
        self.add("receipt_signature", signatures)
    }

    fn add_keys(&mut self, rows: &[&NewDeclaration]) -> Result<()> {
        let declared = || rows.iter().map(|one| &one.uniqueness);
        self.add("key_hash", declared().map(|key| key.key_hash.as_slice()))?;
        self.add("key_expires_at", declared().map(|key| key.expires_at))?;
        let sent = || rows.iter().map(|one| one.idempotency.as_ref());
        self.add(
            "sent_hash",
            sent().map(|key| Some(key?.key_hash.as_slice())),
        )?;
        self.add("sent_expires_at", sent().map(|key| Some(key?.expires_at)))?;
        let tries = || rows.iter().map(|one| one.identity_try.as_ref());
        self.add(
            "number_hash",
            tries().map(|tried| Some(tried?.number_hash.as_slice())),
        )?;
        self.add(
            "person_hash",
            tries().map(|tried| Some(tried?.person_hash.as_slice())),
        )
    }

    /// One column. Name and values are given together, so that they cannot be crossed.
    fn add<'q, T>(&mut self, name: &'static str, values: impl Iterator<Item = T>) -> Result<()>
    where
        Vec<T>: Encode<'q, Postgres> + Type<Postgres>,
    {
        self.names.push(name);
        self.bind(values.collect::<Vec<T>>())
    }

    fn bind<'q, T>(&mut self, value: T) -> Result<()>
    where
        T: Encode<'q, Postgres> + Type<Postgres>,
    {
        self.arguments.add(value).map_err(|_| Error::Database {
            code: "driver".to_owned(),
        })
    }
}

/// What a table gets: its columns, each with what is written there.
struct Insert {
    table: &'static str,
    columns: &'static [(&'static str, &'static str)],
    /// Which of the clean rows, and what goes before.
    condition: &'static str,
    tail: &'static str,
}

impl Insert {
    fn text(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(column, _)| *column).collect();
        let values: Vec<&str> = self.columns.iter().map(|(_, value)| *value).collect();
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM judged WHERE is_clean{} {}",
            self.table,
            columns.join(", "),
            values.join(", "),
            self.condition,
            self.tail
        )
    }
}

const DECLARATION_KEYS: Insert = Insert {
    table: "declaration_key",
    columns: &[
        ("key_hash", "key_hash"),
        ("stay_id", "stay_id"),
        ("created_at", "received_at"),
        ("expires_at", "key_expires_at"),
    ],
    condition: "",
    tail: "ORDER BY key_hash RETURNING 1",
};

const IDEMPOTENCY_KEYS: Insert = Insert {
    table: "idempotency_key",
    columns: &[
        ("key_hash", "sent_hash"),
        ("request_hash", "content_index"),
        ("stay_id", "stay_id"),
        ("version", "1"),
        ("created_at", "received_at"),
        ("expires_at", "sent_expires_at"),
    ],
    condition: " AND sent_hash IS NOT NULL AND (SELECT COUNT(*) FROM declared) > 0",
    tail: "ORDER BY sent_hash RETURNING 1",
};

const IDENTITY_TRIES: Insert = Insert {
    table: "identity_try",
    columns: &[
        ("number_hash", "number_hash"),
        ("person_hash", "person_hash"),
        ("first_at", "received_at"),
        ("last_at", "received_at"),
    ],
    condition: " AND number_hash IS NOT NULL AND (SELECT COUNT(*) FROM declared) > 0 \
        AND (SELECT COUNT(*) FROM sent) >= 0",
    tail: "ORDER BY number_hash, person_hash \
        ON CONFLICT (number_hash, person_hash) DO UPDATE SET \
          first_at = LEAST(identity_try.first_at, excluded.first_at), \
          last_at = GREATEST(identity_try.last_at, excluded.last_at)",
};

const STAYS: Insert = Insert {
    table: "stay",
    columns: &[
        ("id", "stay_id"),
        ("organisation_id", "organisation_id"),
        ("facility_id", "facility_id"),
        ("facility_kind", "facility_kind"),
        ("commune_code", "commune_code"),
        ("province_code", "province_code"),
        ("version", "1"),
        ("presence", "'present'"),
        ("identity_state", "'pending'"),
        (
            "delivery_state",
            "CASE WHEN task_id IS NULL THEN 'not_required' ELSE 'queued' END",
        ),
        ("delivery_version", "1"),
        ("completion_state", "completion_state"),
        ("owed", "owed"),
        ("timeliness", "timeliness"),
        ("arrival_at", "arrival_at"),
        ("arrival_on", "arrival_on"),
        ("expected_departure_at", "ends_at"),
        ("received_at", "received_at"),
        ("deadline_at", "deadline_at"),
        ("purpose", "purpose"),
        ("sex", "sex"),
        ("age_band", "age_band"),
        ("nationality", "nationality"),
        ("document_kind", "document_kind"),
        ("reference_index", "reference_index"),
        ("document_index", "document_index"),
        ("name_index", "name_index"),
        ("party_index", "party_index"),
        ("changed_at", "received_at"),
        ("sealed_key", "sealed_key"),
    ],
    condition: "",
    tail: "",
};

const VERSIONS: Insert = Insert {
    table: "stay_version",
    columns: &[
        ("stay_id", "stay_id"),
        ("version", "1"),
        ("channel", "channel"),
        ("created_by", "created_by"),
        ("received_at", "received_at"),
        ("sealed", "sealed"),
        ("content_index", "content_index"),
        ("content_sha256", "content_sha256"),
        ("receipt_number", "receipt_number"),
        ("receipt_kid", "receipt_kid"),
        ("receipt_signature", "receipt_signature"),
        ("warnings", "warnings"),
        ("owed", "owed"),
        ("is_forwardable", "task_id IS NOT NULL"),
        ("change_kind", "'declared'"),
        ("presence", "'present'"),
        (
            "delivery_version",
            "CASE WHEN task_id IS NULL THEN 0 ELSE 1 END",
        ),
    ],
    condition: "",
    tail: "",
};

const TASKS: Insert = Insert {
    table: "outbox_task",
    columns: &[
        ("id", "task_id"),
        ("stay_id", "stay_id"),
        ("version", "1"),
        ("kind", "'stay'"),
        ("facility_id", "facility_id"),
        ("destination", "commune_code"),
        ("deadline_at", "deadline_at"),
        ("state", "'waiting'"),
        ("step", "'check_identity'"),
        ("due_at", "due_at"),
        ("claim_count", "0"),
        ("attempt_count", "0"),
        ("unclear_count", "0"),
        ("trace_parent", "trace_parent"),
        ("created_at", "received_at"),
    ],
    condition: " AND task_id IS NOT NULL",
    tail: "",
};

const AUDIT_ENTRIES: Insert = Insert {
    table: "audit_entry",
    columns: &[
        ("id", "audit_id"),
        ("at", "received_at"),
        ("actor_kind", "'api_key'"),
        ("actor_id", "created_by"),
        ("action", "'stay.declared'"),
        ("subject_kind", "'stay'"),
        ("subject_id", "stay_id"),
        ("subject_version", "1"),
        ("digest", "content_sha256"),
    ],
    condition: "",
    tail: "",
};

const EVENTS: Insert = Insert {
    table: "event",
    columns: &[
        ("id", "event_id"),
        ("organisation_id", "organisation_id"),
        ("facility_id", "facility_id"),
        ("stay_id", "stay_id"),
        ("version", "1"),
        ("kind", "'stay.accepted'"),
        ("detail", "event_detail"),
        ("created_at", "received_at"),
    ],
    condition: "",
    tail: "",
};

/// Writes what nothing stands against.
pub(super) static CLEAN: LazyLock<CleanStatement> = LazyLock::new(|| CleanStatement {
    text: text(
        &format!(" AND NOT {}", neighbours::may_exist(Backend::Postgres)),
        "",
    ),
    has_cases: false,
});

/// Writes what has neighbours, with the cases that follow from them. A new stay has no case yet, so
/// that none can be in the way.
pub(super) static NOTICED: LazyLock<CleanStatement> = LazyLock::new(|| {
    let first = names().len() + 2;
    let marks: Vec<String> = (first..first + 5)
        .map(|number| format!("${number}"))
        .collect();
    let cases = format!(
        ", opened AS (INSERT INTO review_case (id, kind, state, priority, commune_code, \
           province_code, facility_id, stay_id, version, detail, opened_at) \
         SELECT c.id, c.kind, 'open', c.priority, judged.commune_code, judged.province_code, \
           judged.facility_id, judged.stay_id, 1, c.detail, judged.received_at \
         FROM (SELECT * FROM UNNEST({marks}) AS u (id, stay_id, kind, priority, detail) \
             LIMIT ${limit}) c \
           JOIN judged ON judged.stay_id = c.stay_id WHERE judged.is_clean)",
        marks = marks.join(", "),
        limit = first + 5,
    );
    CleanStatement {
        text: text("", &cases),
        has_cases: true,
    }
});

/// The names of the columns, in the order of their parameters.
fn names() -> Vec<&'static str> {
    Arrays::of(&[])
        .map(|arrays| arrays.names)
        .unwrap_or_default()
}

/// Everything in one text that never changes, so that a connection parses and plans it once.
///
/// - `$n` of the limit is the number of rows. It cuts nothing off: without it the planner takes an
///   array for ten rows, finds a plan for the two that came cheaper, and plans every small group.
/// - Keys are asked for row by row: a join's plan, made while the tables are small and kept by the
///   connection, would read them whole when they are not any more.
/// - The parts of a statement run in no promised order. The counts make one: declaration keys,
///   idempotency keys, tries, each sorted, as in a transaction. Two processes that lock in one
///   order never wait for each other in a circle.
///
/// `condition` is what a clean row must fulfil besides free keys, `more` what follows the inserts.
fn text(condition: &str, more: &str) -> String {
    let names = names();
    let marks: Vec<String> = (1..=names.len())
        .map(|number| format!("${number}"))
        .collect();
    let inserts = [&STAYS, &VERSIONS, &TASKS, &AUDIT_ENTRIES, &EVENTS]
        .map(|insert| format!("of_{} AS ({})", insert.table, insert.text()));
    format!(
        "WITH judged AS MATERIALIZED (SELECT v.*, \
           known.request_hash AS known_request_hash, known.stay_id AS known_stay_id, \
           known.version AS known_version, known.created_at AS known_since, \
           COALESCE(known.expires_at > v.received_at, FALSE) AS is_known, \
           known.key_hash IS NULL \
             AND (SELECT key.stay_id FROM declaration_key key WHERE key.key_hash = v.key_hash) IS NULL\
             {condition} AS is_clean \
           FROM (SELECT * FROM UNNEST({marks}) AS u ({names}) LIMIT ${limit}) v \
           LEFT JOIN LATERAL (SELECT * FROM idempotency_key key \
             WHERE key.key_hash = v.sent_hash LIMIT 1) known ON TRUE), \
         declared AS ({declared}), sent AS ({sent}), tried AS ({tried}), {inserts}{more} \
         SELECT stay_id, is_known, known_request_hash, known_stay_id, known_version, known_since \
         FROM judged WHERE NOT is_clean",
        marks = marks.join(", "),
        names = names.join(", "),
        limit = names.len() + 1,
        declared = DECLARATION_KEYS.text(),
        sent = IDEMPOTENCY_KEYS.text(),
        tried = IDENTITY_TRIES.text(),
        inserts = inserts.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use domain::{
        change::ChangeKind,
        operator::{TaskState, TaskStep},
        stay::{DeliveryState, IdentityState, NotificationKind, Presence},
    };

    use super::{
        super::ordinary::{ACTION, ACTOR_KIND, SUBJECT_KIND},
        *,
    };
    use crate::{
        outbox::TaskRow,
        rows::{AsRow, RowColumn},
        table_rows::{AuditRow, EventRow, StayRow, VersionRow},
    };

    /// Columns that a clean declaration leaves to be NULL: [`super::super::ordinary::is_ordinary`] asks for each.
    const LEFT_NULL: [&str; 8] = [
        "identity_review",
        "police_reference",
        "delivery_reason",
        "departed_at",
        "change_index",
        "sealed_reason",
        "as_of",
        "identity_state",
    ];

    #[test]
    fn every_column_of_a_row_is_written_or_asked_to_be_null() {
        let tables: [(&Insert, &[RowColumn]); 5] = [
            (&STAYS, StayRow::COLUMNS),
            (&VERSIONS, VersionRow::COLUMNS),
            (&TASKS, TaskRow::COLUMNS),
            (&AUDIT_ENTRIES, AuditRow::COLUMNS),
            (&EVENTS, EventRow::COLUMNS),
        ];
        for (insert, columns) in tables {
            for RowColumn { name, .. } in columns {
                let is_written = insert.columns.iter().any(|(column, _)| column == name);
                let is_known = is_written || LEFT_NULL.contains(name);
                assert!(is_known, "{}.{name}", insert.table);
            }
        }
    }

    #[test]
    fn the_constants_are_the_words_of_the_domain() {
        let text = &CLEAN.text;
        let words = [
            Presence::Present.as_str(),
            IdentityState::Pending.as_str(),
            DeliveryState::NotRequired.as_str(),
            DeliveryState::Queued.as_str(),
            NotificationKind::Stay.as_str(),
            ChangeKind::Declared.as_str(),
            ChangeKind::Declared.event().as_str(),
            TaskState::Waiting.as_str(),
            TaskStep::CheckIdentity.as_str(),
            ACTOR_KIND.as_str(),
            ACTION.as_str(),
            SUBJECT_KIND.as_str(),
        ];
        for word in words {
            assert!(text.contains(&format!("'{word}'")), "{word}");
        }
    }
}
