//! The clean declarations of a group, written by one statement that is its own transaction.
//!
//! A declaration is clean when nothing in the database bears on it: its declaration key and its
//! `Idempotency-Key` are free, and no other stay of its document is at the same time. That is the
//! ordinary case, and PostgreSQL charges by the round trip: one instead of eleven.
//!
//! The statement looks and writes in one snapshot. What it finds not clean it does not write, and
//! says so; [`super::write()`] decides about that. It takes no `ON CONFLICT` for keys: where another
//! process takes one in between, the unique index undoes the whole statement, since a key that
//! silently stayed with somebody else would leave its stay without one.
//!
//! A guest who is known from another stay at the same time is not clean, but nearly: the same
//! statement without its look at the neighbours writes those, once they have been read.

mod ordinary;
mod statement;

use std::collections::{HashMap, HashSet};

use sea_orm::sqlx::{Decode, Postgres, Row, Type, postgres::PgRow};
use uuid::Uuid;

use self::{
    ordinary::is_ordinary,
    statement::{CLEAN, CleanStatement, NOTICED},
};
use super::{DeclarationOutcome, Judged, NewDeclaration, Noticed, judge_by_key};
use crate::{
    Backend, Database, Error, Result,
    idempotency::{self, RecordedKey},
    review::NewCase,
    write,
};

/// Writes those of a group that are clean, and judges those whose `Idempotency-Key` is known.
/// Answers in the order of the group, with `None` for what is left.
///
/// On SQLite, where a statement costs little, that is all of them.
///
/// No two declarations of a group may share a declaration key or an idempotency key. Errors: any;
/// except for [`Error::OutcomeUnknown`] nothing of the group was written.
pub async fn write_clean(db: &Database, group: &[&NewDeclaration]) -> Result<Vec<Option<Judged>>> {
    let offered: Vec<Offered<'_>> = offered(db.backend(), group)
        .into_iter()
        .map(Offered::new)
        .collect();
    run(db, group, &offered, &CLEAN).await
}

/// Writes those that [`write_clean`] left for nothing but their neighbours, with the warnings and
/// cases that these give rise to. Answers in the order of the group, with `None` for what
/// [`super::write()`] must decide.
///
/// The neighbours are read before: two statements instead of eleven. One that is written in
/// between goes unnoticed, as it does between two transactions.
///
/// What is asked of the group, and the errors, are those of [`write_clean`].
pub async fn write_noticed(
    db: &Database,
    group: &[&NewDeclaration],
) -> Result<Vec<Option<Judged>>> {
    let offered = offered(db.backend(), group);
    if offered.is_empty() {
        return Ok(vec![None; group.len()]);
    }
    let mut notices = super::notice_neighbours(db.writer(), &offered).await?;
    let noticed: Vec<Offered<'_>> = offered
        .into_iter()
        .filter_map(|one| Some(Offered::with(one, notices.remove(&one.stay.id)?)))
        .collect();
    run(db, group, &noticed, &NOTICED).await
}

/// Runs a statement that writes the offered rows of a group.
async fn run(
    db: &Database,
    group: &[&NewDeclaration],
    offered: &[Offered<'_>],
    statement: &'static CleanStatement,
) -> Result<Vec<Option<Judged>>> {
    if offered.is_empty() {
        return Ok(vec![None; group.len()]);
    }
    let arguments = statement.arguments(offered)?;
    let left: HashMap<Uuid, UncleanDeclaration> = match write::commit_alone(
        db,
        &statement.text,
        arguments,
    )
    .await
    {
        // By now the rows are written: what cannot be read of the answer is looked for.
        Ok(rows) => {
            let left = rows
                .iter()
                .map(UncleanDeclaration::read)
                .collect::<Result<_>>();
            left.map_err(|_| Error::OutcomeUnknown)?
        }
        // Somebody took a key in between.
        Err(Error::Duplicate) => return Ok(vec![None; group.len()]),
        // A row that cannot be stored: the transaction finds out which one.
        Err(error) if error.is_of_the_rows() => {
            tracing::warn!(%error, count = offered.len(), "a statement for a group was refused");
            return Ok(vec![None; group.len()]);
        }
        Err(error) => return Err(error),
    };
    let is_written = |one: &NewDeclaration| !left.contains_key(&one.stay.id);
    if offered
        .iter()
        .any(|row| row.declaration.task.is_some() && is_written(row.declaration))
    {
        db.wake().notify();
    }
    Ok(judge(group, offered, &left))
}

/// A declaration with what its neighbours add to it.
pub(super) struct Offered<'a> {
    declaration: &'a NewDeclaration,
    /// All of its warnings as they are to be stored, where there are further ones.
    warnings: Option<String>,
    cases: Vec<NewCase>,
}

impl<'a> Offered<'a> {
    fn new(declaration: &'a NewDeclaration) -> Self {
        Self {
            declaration,
            warnings: None,
            cases: Vec::new(),
        }
    }

    fn with(declaration: &'a NewDeclaration, noticed: Noticed) -> Self {
        Self {
            declaration,
            warnings: noticed.warnings,
            cases: noticed.cases,
        }
    }
}

fn judge(
    group: &[&NewDeclaration],
    offered: &[Offered<'_>],
    left: &HashMap<Uuid, UncleanDeclaration>,
) -> Vec<Option<Judged>> {
    let offered: HashMap<Uuid, &Offered<'_>> = offered
        .iter()
        .map(|row| (row.declaration.stay.id, row))
        .collect();
    let judged = group.iter().map(|one| {
        let row = offered.get(&one.stay.id)?;
        match left.get(&one.stay.id) {
            None => Some(Judged {
                outcome: DeclarationOutcome::Written,
                warnings: row.warnings.clone(),
            }),
            Some(left) => Some(Judged {
                outcome: left.judge(one)?,
                warnings: None,
            }),
        }
    });
    judged.collect()
}

/// A declaration that was not clean, with what is known of its `Idempotency-Key`.
struct UncleanDeclaration {
    known: Option<RecordedKey>,
}

impl UncleanDeclaration {
    fn read(row: &PgRow) -> Result<(Uuid, Self)> {
        let (stay_id, is_known): (Uuid, bool) = (get(row, "stay_id")?, get(row, "is_known")?);
        if !is_known {
            return Ok((stay_id, Self { known: None }));
        }
        let subject_id: Option<Uuid> = get(row, "known_stay_id")?;
        let version: Option<i32> = get(row, "known_version")?;
        let known = RecordedKey {
            request_hash: get(row, "known_request_hash")?,
            target: idempotency::target(subject_id, version),
            taken_at: get(row, "known_since")?,
        };
        Ok((stay_id, Self { known: Some(known) }))
    }

    /// A known key decides alone, and has nothing written.
    fn judge(&self, declaration: &NewDeclaration) -> Option<DeclarationOutcome> {
        let key = declaration.idempotency.as_ref()?;
        Some(judge_by_key(key, self.known.as_ref()?))
    }
}

fn get<'r, T>(row: &'r PgRow, column: &'static str) -> Result<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    let value = row.try_get(column);
    value.map_err(|_| Error::Corrupt { what: column })
}

/// What of a group the statement may write: the ordinary, and of one document only the first. The
/// others have it for a neighbour.
fn offered<'a>(backend: Backend, group: &[&'a NewDeclaration]) -> Vec<&'a NewDeclaration> {
    if backend == Backend::Sqlite {
        return Vec::new();
    }
    let mut documents = HashSet::new();
    let mut numbers = HashSet::new();
    let offered = group.iter().copied().filter(|one| {
        let document = one.stay.document_index.as_ref();
        let number = one.identity_try.as_ref().map(|tried| &tried.number_hash);
        let is_first = document.is_none_or(|index| documents.insert(index));
        let is_first_try = number.is_none_or(|hash| numbers.insert(hash));
        is_first && is_first_try && is_ordinary(one)
    });
    offered.collect()
}
