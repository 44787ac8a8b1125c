//! Indexes of the lists narrowed to what few stays are: late, incomplete, cancelled, with a guest
//! whom the registry does not know as declared, changed since they were declared, over, or without
//! a planned end.
//!
//! Without them a list that finds less than a page reads every stay of the facility. A stay that is
//! none of this is in none of them, so that most declarations write nothing more.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let identity = || Expr::col("identity_state");
        let review = || Expr::col("identity_review");
        let is_flagged = identity().is_in(["mismatch", "not_found"]);
        for (name, is_so) in [
            ("stay_late", Expr::col("timeliness").eq("late")),
            ("stay_incomplete", Expr::col("completion_state").eq("due")),
            ("stay_cancelled", Expr::col("presence").eq("cancelled")),
            ("stay_attention", is_flagged.or(review().eq("attention"))),
            (
                "stay_deferred_or_reviewed",
                identity().eq("deferred").or(review().is_not_null()),
            ),
        ] {
            manager.create_index(newest(name, is_so)).await?;
        }
        manager.drop_index(owing()).await?;
        manager.create_index(changed()).await?;
        manager.create_index(left()).await?;
        manager.create_index(open_ended()).await
    }
}

/// The stays of a facility of which this is so, in the order in which they were declared.
fn newest(name: &'static str, is_so: Expr) -> IndexCreateStatement {
    Index::create()
        .name(name)
        .table("stay")
        .col("facility_id")
        .col("id")
        .and_where(is_so)
        .take()
}

/// The index of incomplete stays that are not cancelled: a part of the new one, which serves the
/// previous release as well.
fn owing() -> IndexDropStatement {
    Index::drop().name("stay_owing").table("stay").to_owned()
}

/// Serves the list of what has changed since. A stay enters with its first change; one that is as
/// it was declared is found by its id, which begins with the time.
fn changed() -> IndexCreateStatement {
    Index::create()
        .name("stay_changed")
        .table("stay")
        .col("facility_id")
        .col("changed_at")
        .and_where(Expr::col("changed_at").ne(Expr::col("received_at")))
        .take()
}

/// Serves the list of stays planned to end between two days. Those whose guests are still there
/// have an index of their own.
fn left() -> IndexCreateStatement {
    Index::create()
        .name("stay_left_by_facility")
        .table("stay")
        .col("facility_id")
        .col("expected_departure_at")
        .and_where(Expr::col("presence").ne("present"))
        .and_where(Expr::col("expected_departure_at").is_not_null())
        .take()
}

/// Serves, together with the index of departures to come, the list of the guests of a facility.
fn open_ended() -> IndexCreateStatement {
    Index::create()
        .name("stay_open_ended")
        .table("stay")
        .col("facility_id")
        .col("id")
        .and_where(Expr::col("presence").eq("present"))
        .and_where(Expr::col("expected_departure_at").is_null())
        .take()
}
