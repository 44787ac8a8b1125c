//! Indexes that find what a facility still has to do without reading all its stays.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_index(unconfirmed()).await?;
        manager.create_index(flagged()).await?;
        manager.create_index(owing()).await?;
        manager.create_index(open_cases()).await?;
        manager.create_index(census_questions()).await
    }
}

/// Serves the list of stays that the police have refused or not confirmed, by deadline. What is
/// settled leaves it.
fn unconfirmed() -> IndexCreateStatement {
    let words = ["queued", "delivering", "rejected", "parked"];
    Index::create()
        .name("stay_unconfirmed_by_deadline")
        .table("stay")
        .col("facility_id")
        .col("deadline_at")
        .col("id")
        .and_where(Expr::col("presence").ne("cancelled"))
        .and_where(Expr::col("delivery_state").is_in(words))
        .take()
}

/// Serves the list of stays whose guests, still there, the registry does not know as declared.
fn flagged() -> IndexCreateStatement {
    Index::create()
        .name("stay_flagged_by_deadline")
        .table("stay")
        .col("facility_id")
        .col("deadline_at")
        .col("id")
        .and_where(Expr::col("presence").eq("present"))
        .and_where(Expr::col("identity_state").is_in(["mismatch", "not_found"]))
        .take()
}

/// Serves the list of stays with missing data.
fn owing() -> IndexCreateStatement {
    Index::create()
        .name("stay_owing")
        .table("stay")
        .col("facility_id")
        .and_where(Expr::col("presence").ne("cancelled"))
        .and_where(Expr::col("completion_state").eq("due"))
        .take()
}

/// Serves the questions of officers to a facility: a case with an open question is open.
fn open_cases() -> IndexCreateStatement {
    Index::create()
        .name("review_case_open_by_facility")
        .table("review_case")
        .col("facility_id")
        .and_where(Expr::col("closed_at").is_null())
        .take()
}

/// Serves the questions of censuses to a facility.
fn census_questions() -> IndexCreateStatement {
    Index::create()
        .name("census_question_by_facility")
        .table("census_question")
        .col("facility_id")
        .take()
}
