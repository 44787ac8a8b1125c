//! Which persons an organisation tries for a number of the population registry.
//!
//! Every version, through any door, that names another person for a number is recorded in the
//! transaction that stores it; the registry's answer is shown only while few are recorded. The
//! count is read after the registry has answered and sees everything stored by then, so of many
//! concurrent tries no more than [`domain::identity::TRIES_MAX`] learn anything.

use chrono::{DateTime, Utc};
use domain::{
    identity::TRIES_COUNTED,
    review::ReviewKind,
    stay::{IdentityReview, IdentityState},
};
use entity::{identity_try, word::Word};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter,
};
use uuid::Uuid;

use crate::{
    Backend, Database, Result, dialect,
    rows::{self, columns},
    table_rows::EventRow,
    write,
};

/// A person tried for a number, as keyed hashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Try {
    /// Keyed hash of organisation and number.
    pub number_hash: Vec<u8>,
    /// Keyed hash of name, birth date and sex.
    pub person_hash: Vec<u8>,
    /// When the version that says so was received.
    pub at: DateTime<Utc>,
}

/// Records tries in one statement.
pub(crate) async fn note(
    connection: &impl ConnectionTrait,
    tries: impl Iterator<Item = Try>,
) -> Result<()> {
    // In key order, each once, so that two groups cannot deadlock.
    let mut tries: Vec<Try> = tries.collect();
    tries.sort_unstable();
    tries.dedup_by(|next, kept| {
        let is_same =
            (&next.number_hash, &next.person_hash) == (&kept.number_hash, &kept.person_hash);
        if is_same {
            kept.at = Ord::max(kept.at, next.at);
        }
        is_same
    });
    if tries.is_empty() {
        return Ok(());
    }
    let tail = "ON CONFLICT (number_hash, person_hash) DO UPDATE SET \
         first_at = CASE WHEN excluded.first_at < identity_try.first_at \
           THEN excluded.first_at ELSE identity_try.first_at END, \
         last_at = CASE WHEN excluded.last_at > identity_try.last_at \
           THEN excluded.last_at ELSE identity_try.last_at END";
    let tries = tries.into_iter().map(TryRow).collect();
    let statement = dialect::insert_rows(Backend::of(connection), "identity_try", tries, tail);
    connection.execute_raw(statement).await?;
    Ok(())
}

/// How many persons were tried for a number around this instant: in the day before, and in the one
/// after as far as it has passed, for what waited meanwhile.
pub async fn count(db: &Database, number_hash: &[u8], at: DateTime<Utc>) -> Result<u64> {
    Ok(identity_try::Entity::find()
        .filter(identity_try::Column::NumberHash.eq(number_hash))
        .filter(identity_try::Column::LastAt.gt(at - TRIES_COUNTED))
        .filter(identity_try::Column::FirstAt.lt(at + TRIES_COUNTED))
        .count(db.index_reader())
        .await?)
}

/// Stays of one organisation and one document.
#[derive(Clone, Copy, Debug)]
pub struct SameNumber<'a> {
    /// The organisation.
    pub organisation_id: Uuid,
    /// Keyed hash of the number.
    pub document_index: &'a [u8],
}

/// Whether a case about tries for this number already exists.
pub async fn has_open_case(db: &Database, number: SameNumber<'_>) -> Result<bool> {
    let text = "SELECT 1 FROM stay JOIN review_case ON review_case.stay_id = stay.id \
         WHERE stay.document_index = ? AND stay.organisation_id = ? \
           AND review_case.kind = ? AND review_case.closed_at IS NULL LIMIT 1";
    let values = vec![
        rows::bytes(number.document_index.to_vec()),
        rows::uuid(number.organisation_id),
        rows::text(ReviewKind::Probing.as_str()),
    ];
    let statement = dialect::statement(db.backend(), text, values);
    Ok(db.reader().query_one_raw(statement).await?.is_some())
}

/// Flags the stays of a number that were declared since and that nobody has reviewed, whatever the
/// registry said of them. `event` is what the senders hear of those that did not need attention
/// before, to be completed with the stay and an id.
pub async fn flag(
    db: &Database,
    number: SameNumber<'_>,
    since: DateTime<Utc>,
    event: &entity::event::Model,
    fresh_id: impl Fn() -> Uuid,
) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Flagged {
        id: Uuid,
        facility_id: Uuid,
        version: i32,
        identity_state: Word<IdentityState>,
    }

    let backend = db.backend();
    let transaction = write::begin(db).await?;
    let statement = dialect::statement(
        backend,
        "UPDATE stay SET identity_review = ?, changed_at = ? \
         WHERE document_index = ? AND organisation_id = ? AND received_at > ? \
           AND identity_review IS NULL \
         RETURNING id, facility_id, version, identity_state",
        vec![
            rows::text(IdentityReview::Attention.as_str()),
            rows::instant(event.created_at),
            rows::bytes(number.document_index.to_vec()),
            rows::uuid(number.organisation_id),
            rows::instant(since),
        ],
    );
    let flagged = Flagged::find_by_statement(statement)
        .all(&transaction)
        .await?;
    // Nobody was told of a state that cannot be read.
    let is_news = |stay: &&Flagged| {
        let state = stay.identity_state.get();
        !state.is_ok_and(|state| state.needs_attention(None))
    };
    let events = flagged.iter().filter(is_news).map(|stay| {
        EventRow(entity::event::Model {
            id: fresh_id(),
            facility_id: Some(stay.facility_id),
            stay_id: Some(stay.id),
            version: Some(stay.version),
            ..event.clone()
        })
    });
    let events: Vec<EventRow> = events.collect();
    if !events.is_empty() {
        let statement = dialect::insert_rows(backend, "event", events, "");
        transaction.execute_raw(statement).await?;
    }
    write::commit(transaction).await?;
    db.wake().notify_events();
    Ok(())
}

columns!(TryRow(Try) {
    number_hash,
    person_hash,
    at as "first_at",
    at as "last_at",
});
