//! Column shapes that recur: short text that must be one of a few words.

use sea_orm_migration::{prelude::*, schema::string};

/// A word out of a closed set: short text with a check, readable in any database client.
pub(crate) fn word(name: &'static str, words: &[&'static str]) -> ColumnDef {
    string(name)
        .check(Expr::col(name).is_in(words.iter().copied()))
        .take()
}
