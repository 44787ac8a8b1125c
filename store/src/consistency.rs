//! Invariants between the rows of a database, checked by one statement each.
//!
//! A count other than 0 means that a write was incomplete, or that somebody changed rows without
//! going through the service.

mod words;

use std::collections::HashMap;

use entity::{outbox_task, review_answer, review_decision, stay, stay_version};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use uuid::Uuid;

use crate::{
    Database, Result, dialect,
    stays::{StayRow, StayVersionRow},
};
use words::TableWords;

/// A rule between rows, and how many rows break it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRule {
    /// The rule, as a stable word.
    pub rule: &'static str,
    /// Rows that break it.
    pub count: i64,
}

/// The rules: a name, and the statement that counts violations.
const RULES: [(&str, &str); 10] = [
    (
        "versions_without_gap",
        "SELECT COUNT(*) AS broken FROM stay WHERE version <> \
           (SELECT COUNT(*) FROM stay_version v WHERE v.stay_id = stay.id \
             AND v.version BETWEEN 1 AND stay.version)",
    ),
    (
        "version_belongs_to_a_stay",
        "SELECT COUNT(*) AS broken FROM stay_version v WHERE NOT EXISTS \
           (SELECT 1 FROM stay s WHERE s.id = v.stay_id AND s.version >= v.version)",
    ),
    (
        "forwardable_version_has_a_task",
        "SELECT COUNT(*) AS broken FROM stay_version v \
         LEFT JOIN (SELECT DISTINCT stay_id, version FROM outbox_task) t \
           ON t.stay_id = v.stay_id AND t.version = v.version \
         WHERE v.is_forwardable AND t.stay_id IS NULL AND NOT EXISTS \
           (SELECT 1 FROM stay s WHERE s.id = v.stay_id AND s.delivery_reason = 'withdrawn')",
    ),
    (
        "task_belongs_to_a_version",
        "SELECT COUNT(*) AS broken FROM outbox_task t WHERE NOT EXISTS \
           (SELECT 1 FROM stay_version v WHERE v.stay_id = t.stay_id AND v.version = t.version)",
    ),
    (
        "version_is_in_the_audit",
        "SELECT COUNT(*) AS broken FROM stay_version v \
         LEFT JOIN (SELECT DISTINCT subject_id, subject_version FROM audit_entry \
             WHERE subject_kind = 'stay' AND action LIKE 'stay.%') a \
           ON a.subject_id = v.stay_id AND a.subject_version = v.version \
         WHERE a.subject_id IS NULL",
    ),
    (
        "declaration_key_leads_to_a_stay",
        "SELECT COUNT(*) AS broken FROM declaration_key k WHERE NOT EXISTS \
           (SELECT 1 FROM stay s WHERE s.id = k.stay_id)",
    ),
    (
        // The search by reference goes this way.
        "reference_leads_to_its_stay",
        "SELECT COUNT(*) AS broken FROM stay s \
         WHERE s.presence <> 'cancelled' AND s.reference_index IS NOT NULL AND NOT EXISTS \
           (SELECT 1 FROM declaration_key k \
             WHERE k.key_hash = s.reference_index AND k.stay_id = s.id)",
    ),
    (
        // Keys of declarations lead to a stay, those of officers to a claim or a decision, those of
        // facilities that answer to the answer, those of operators to the audit or a notification,
        // those of receivers of events to a webhook, which may have been removed, or a delivery.
        "idempotency_key_leads_to_what_was_made",
        "SELECT COUNT(*) AS broken FROM idempotency_key k WHERE k.stay_id IS NOT NULL \
           AND NOT EXISTS (SELECT 1 FROM stay s WHERE s.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM review_claim c WHERE c.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM review_decision d WHERE d.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM review_answer a WHERE a.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM outbox_task t WHERE t.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM webhook_delivery w WHERE w.id = k.stay_id) \
           AND NOT EXISTS (SELECT 1 FROM audit_entry e \
             WHERE e.subject_id = k.stay_id AND e.subject_kind = 'webhook')",
    ),
    (
        "settled_task_is_held_by_nobody",
        "SELECT COUNT(*) AS broken FROM outbox_task WHERE settled_at IS NOT NULL \
           AND (lease_id IS NOT NULL OR state IN ('waiting', 'claimed') \
             OR (sealed_body IS NOT NULL AND state <> 'parked'))",
    ),
    (
        "withdrawn_stay_was_never_sent",
        "SELECT COUNT(*) AS broken FROM stay s WHERE s.delivery_reason = 'withdrawn' \
           AND (s.presence <> 'cancelled' OR s.delivery_state <> 'not_required' \
             OR EXISTS (SELECT 1 FROM outbox_task t WHERE t.stay_id = s.id))",
    ),
];

/// Checks every rule and returns all of them, broken or not.
pub async fn check(db: &Database) -> Result<Vec<BrokenRule>> {
    let mut findings = Vec::with_capacity(RULES.len() + 2);
    findings.push(words_are_known(db).await?);
    for (rule, text) in RULES {
        let statement = Statement::from_string(db.db_backend(), text);
        let row = db.reader().query_one_raw(statement).await?;
        let count = row.map_or(Ok(0), |row| row.try_get("", "broken"))?;
        findings.push(BrokenRule { rule, count });
    }
    if let Some(text) = dialect::file_faults(db.backend()) {
        let statement = Statement::from_string(db.db_backend(), text);
        let faults = db.reader().query_all_raw(statement).await?.len();
        findings.push(BrokenRule {
            rule: "file_is_whole",
            count: i64::try_from(faults).unwrap_or(i64::MAX),
        });
    }
    Ok(findings)
}

/// Counts the words that are none of their sets.
async fn words_are_known(db: &Database) -> Result<BrokenRule> {
    let mut count = 0;
    for TableWords { table, columns } in words::TABLES {
        let unknown = columns.iter().map(|column| {
            let known = (column.words)().into_iter().map(|word| format!("'{word}'"));
            let known = known.collect::<Vec<_>>().join(", ");
            format!(
                "COUNT(CASE WHEN {} NOT IN ({known}) THEN 1 END)",
                column.name
            )
        });
        let unknown = unknown.collect::<Vec<_>>().join(" + ");
        let text = format!("SELECT {unknown} AS broken FROM {table}");
        let statement = Statement::from_string(db.db_backend(), text);
        let row = db.reader().query_one_raw(statement).await?;
        count += row.map_or(Ok(0), |row| row.try_get("", "broken"))?;
    }
    Ok(BrokenRule {
        rule: "words_are_known",
        count,
    })
}

/// Every column that holds a word, with its table.
pub fn word_columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tables = words::TABLES.iter();
    tables.flat_map(|of| of.columns.iter().map(|column| (of.table, column.name)))
}

/// How many versions of stays there are: a scan of an index.
pub async fn version_count(db: &Database) -> Result<u64> {
    Ok(stay_version::Entity::find().count(db.reader()).await?)
}

/// The versions after `after` (stay and version), at most `limit`, each with its stay, for reading
/// all of them page by page.
pub async fn versions_after(
    db: &Database,
    after: Option<(Uuid, i32)>,
    limit: u64,
) -> Result<Vec<(StayRow, StayVersionRow)>> {
    let mut query = stay_version::Entity::find();
    if let Some((stay_id, version)) = after {
        let of_the_same_stay = Condition::all()
            .add(stay_version::Column::StayId.eq(stay_id))
            .add(stay_version::Column::Version.gt(version));
        query = query.filter(
            Condition::any()
                .add(stay_version::Column::StayId.gt(stay_id))
                .add(of_the_same_stay),
        );
    }
    let versions = query
        .order_by_asc(stay_version::Column::StayId)
        .order_by_asc(stay_version::Column::Version)
        .limit(limit)
        .all(db.reader())
        .await?;
    let ids = versions.iter().map(|version| version.stay_id);
    let stays: HashMap<Uuid, StayRow> = stay::Entity::find()
        .filter(stay::Column::Id.is_in(ids))
        .all(db.reader())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let pairs = versions.into_iter().filter_map(|version| {
        let stay = stays.get(&version.stay_id).cloned()?;
        Some((stay, version))
    });
    Ok(pairs.collect())
}

/// Sealed data of stays other than their versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfStay {
    /// Bodies of notifications.
    Bodies,
    /// What officers wrote.
    Words,
    /// What facilities answered them.
    Answers,
}

/// Something sealed of a stay.
pub struct SealedOfStay {
    /// The stay.
    pub stay: StayRow,
    /// Its row.
    pub row_id: Uuid,
    /// The version it is bound to; 0 where there is none.
    pub version: i32,
    /// The blob.
    pub sealed: Vec<u8>,
}

/// Sealed rows of stays, in the order of their ids: those after `after`, with their stays.
pub async fn sealed_of_stays(
    db: &Database,
    what: OfStay,
    after: Uuid,
    limit: u64,
) -> Result<Vec<SealedOfStay>> {
    let found: Vec<(Uuid, Uuid, i32, Option<Vec<u8>>)> = match what {
        OfStay::Bodies => {
            let rows = outbox_task::Entity::find()
                .filter(outbox_task::Column::SealedBody.is_not_null())
                .filter(outbox_task::Column::Id.gt(after))
                .order_by_asc(outbox_task::Column::Id)
                .limit(limit)
                .all(db.reader())
                .await?;
            let row = |row: outbox_task::Model| (row.id, row.stay_id, row.version, row.sealed_body);
            rows.into_iter().map(row).collect()
        }
        OfStay::Words => {
            let rows = review_decision::Entity::find()
                .filter(review_decision::Column::Sealed.is_not_null())
                .filter(review_decision::Column::Id.gt(after))
                .order_by_asc(review_decision::Column::Id)
                .limit(limit)
                .all(db.reader())
                .await?;
            let row = |row: review_decision::Model| (row.id, row.stay_id, 0, row.sealed);
            rows.into_iter().map(row).collect()
        }
        OfStay::Answers => {
            let rows = review_answer::Entity::find()
                .filter(review_answer::Column::Id.gt(after))
                .order_by_asc(review_answer::Column::Id)
                .limit(limit)
                .all(db.reader())
                .await?;
            let row = |row: review_answer::Model| (row.id, row.stay_id, 0, Some(row.sealed));
            rows.into_iter().map(row).collect()
        }
    };
    let ids = found.iter().map(|(_, stay_id, ..)| *stay_id);
    let stays = stay::Entity::find()
        .filter(stay::Column::Id.is_in(ids))
        .all(db.reader())
        .await?;
    let stays: HashMap<Uuid, StayRow> = stays.into_iter().map(|row| (row.id, row)).collect();
    let rows = found
        .into_iter()
        .filter_map(|(row_id, stay_id, version, sealed)| {
            Some(SealedOfStay {
                stay: stays.get(&stay_id)?.clone(),
                row_id,
                version,
                sealed: sealed?,
            })
        });
    Ok(rows.collect())
}
