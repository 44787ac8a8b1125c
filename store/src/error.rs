//! Database errors. Small, free of HTTP and of personal values.

use entity::word::Unreadable;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use uuid::Uuid;

/// The result of every function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// The advice for a damaged file.
const DAMAGED: &str = "the database file is damaged: stop whatever uses it, keep it aside, and put \
    the newest backup in its place (cp BACKUP.db LUUTRU.db, and remove LUUTRU.db-wal and \
    LUUTRU.db-shm); then run `luutru check`";

/// With what the fault lies, and so what may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The database gave nothing in time, or has no room: the same may work later.
    Server,
    /// The database does not take the rows that were written: fewer of them may be taken.
    Rows,
    /// Something stored is absent or damaged: only what rests on it fails.
    Data,
    /// Somebody else holds the lease by now.
    Lease,
    /// The database is not one that this binary works with: an operator is needed.
    Installation,
}

/// Why the database could not answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No such row.
    #[error("no such row")]
    NotFound,
    /// A row that must be unique already exists.
    #[error("a row that must be unique exists already")]
    Duplicate,
    /// The lease named in a write no longer holds.
    #[error("the lease on {id} was lost")]
    LeaseLost {
        /// What the lease covered: an uploaded file, or a facility's census.
        id: Uuid,
    },
    /// A stored value cannot be parsed as its type.
    #[error("stored value of {what} cannot be read")]
    Corrupt {
        /// Which column or entry.
        what: &'static str,
    },
    /// Another writer held a row or the file for too long. Nothing was written.
    #[error("a lock was not granted in time")]
    LockTimeout,
    /// The database does not answer. Nothing was written.
    #[error("the database does not answer")]
    Unavailable,
    /// The disk under the database is full. Nothing was written.
    #[error("the disk of the database is full")]
    StorageFull,
    /// The connection was lost during COMMIT: the rows may or may not be stored.
    #[error("the outcome of a commit is not known")]
    OutcomeUnknown,
    /// The database is not one that this binary works with: another schema, an unsafe setting, a
    /// damaged file. The text says what to do.
    #[error("{0}")]
    Unusable(String),
    /// Anything else; its text may quote values and is never printed.
    #[error("the database refused a statement (code {code})")]
    Database {
        /// The driver's error code, or `unknown`.
        code: String,
    },
}

impl Error {
    /// A corrupt SQLite file.
    pub(crate) fn damaged() -> Self {
        Self::Unusable(DAMAGED.to_owned())
    }

    /// With what the fault lies.
    pub fn blame(&self) -> Blame {
        match self {
            Self::LockTimeout | Self::Unavailable | Self::StorageFull | Self::OutcomeUnknown => {
                Blame::Server
            }
            Self::Duplicate | Self::Database { .. } => Blame::Rows,
            Self::NotFound | Self::Corrupt { .. } => Blame::Data,
            Self::LeaseLost { .. } => Blame::Lease,
            Self::Unusable(_) => Blame::Installation,
        }
    }

    /// True when the database itself failed to answer in time, whatever the query.
    pub fn is_of_the_server(&self) -> bool {
        matches!(
            self,
            Self::LockTimeout | Self::Unavailable | Self::OutcomeUnknown
        )
    }

    /// True when a group may be split to find the one of its rows with which the fault lies.
    pub fn is_of_the_rows(&self) -> bool {
        matches!(self.blame(), Blame::Rows | Blame::Data)
    }
}

impl From<Unreadable> for Error {
    fn from(Unreadable { what }: Unreadable) -> Self {
        Self::Corrupt { what }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::of(&error)
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the driver's enumerations, not ours"
)]
impl Error {
    /// What an error of the driver means.
    pub(crate) fn of(error: &DbErr) -> Self {
        match error {
            DbErr::ConnectionAcquire(_) => Self::Unavailable,
            DbErr::RecordNotFound(_) => Self::NotFound,
            DbErr::Conn(RuntimeErr::SqlxError(source))
            | DbErr::Exec(RuntimeErr::SqlxError(source))
            | DbErr::Query(RuntimeErr::SqlxError(source)) => Self::from_driver(source),
            _ => Self::Database {
                code: "unknown".to_owned(),
            },
        }
    }

    fn from_driver(error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(source) => {
                if source.is_unique_violation() {
                    return Self::Duplicate;
                }
                Self::from_code(source.code().as_deref().unwrap_or("unknown"))
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable,
            _ => Self::Database {
                code: "driver".to_owned(),
            },
        }
    }

    /// SQLSTATE of PostgreSQL (five characters) or the extended result code of SQLite (a number
    /// whose lowest byte is the primary code).
    fn from_code(code: &str) -> Self {
        if code.len() == 5 && !code.starts_with("SQL") {
            return match code {
                "53100" => Self::StorageFull,
                "55P03" | "57014" | "40P01" | "40001" => Self::LockTimeout,
                _ if ["08", "53", "57", "58"].contains(&&code[..2]) => Self::Unavailable,
                _ => Self::Database {
                    code: code.to_owned(),
                },
            };
        }
        match code.parse::<i64>().map(|number| number & 0xff) {
            Ok(5 | 6) => Self::LockTimeout,
            Ok(13) => Self::StorageFull,
            Ok(10 | 14) => Self::Unavailable,
            Ok(11 | 26) => Self::damaged(),
            _ => Self::Database {
                code: code.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_databases_tell_who_is_to_blame() {
        let table = [
            ("53100", "the disk of the database is full"),
            ("13", "the disk of the database is full"),
            ("5", "a lock was not granted in time"),
            ("517", "a lock was not granted in time"),
            ("55P03", "a lock was not granted in time"),
            ("57P01", "the database does not answer"),
            ("08006", "the database does not answer"),
            ("22021", "the database refused a statement (code 22021)"),
            ("11", DAMAGED),
            ("26", DAMAGED),
            ("779", DAMAGED),
        ];
        for (code, expected) in table {
            assert_eq!(Error::from_code(code).to_string(), expected, "code {code}");
        }
    }
}
