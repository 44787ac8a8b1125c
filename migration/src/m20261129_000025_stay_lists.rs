//! Indexes of the lists that had to read every stay of a facility.
//!
//! Each follows an order in which stays come, so that a new stay touches a page that its facility
//! touched just before. There is none on `reference_index`: hashes are random, and each stay would
//! touch a page of its own. A reference leads to its stay by its declaration key.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(by_arrival()).await?;
        manager.create_index(not_acknowledged()).await?;
        manager.create_index(cancelled_by_reference()).await
    }
}

/// Serves the digest of a facility's day, and lists narrowed to days of arrival.
fn by_arrival() -> IndexCreateStatement {
    Index::create()
        .name("stay_by_arrival")
        .table("stay")
        .col("facility_id")
        .col("arrival_on")
        .col("id")
        .take()
}

/// Serves lists narrowed to a state of delivery. Nearly all stays are acknowledged and not in it;
/// a list of those finds enough of them among the newest.
fn not_acknowledged() -> IndexCreateStatement {
    Index::create()
        .name("stay_not_acknowledged")
        .table("stay")
        .col("facility_id")
        .col("delivery_state")
        .col("id")
        .and_where(Expr::col("delivery_state").ne("acknowledged"))
        .take()
}

/// Serves the search by reference. A cancelled stay gives up its declaration key, so that this
/// index holds only what the key does not lead to.
fn cancelled_by_reference() -> IndexCreateStatement {
    Index::create()
        .name("stay_cancelled_by_reference")
        .table("stay")
        .col("reference_index")
        .and_where(Expr::col("presence").eq("cancelled"))
        .and_where(Expr::col("reference_index").is_not_null())
        .take()
}
