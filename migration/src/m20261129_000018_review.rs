//! The police's review of identities, written answers of facilities, and persons tried for a
//! number.

use sea_orm_migration::{
    prelude::*,
    schema::{binary, string_null, timestamp_with_time_zone, uuid},
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let review = Table::alter()
            .table("stay")
            .add_column(string_null("identity_review"))
            .take();
        manager.alter_table(review).await?;
        manager.create_index(probed()).await?;
        manager.create_table(answer()).await?;
        manager.create_index(answer_by_question()).await?;
        manager.create_table(identity_try()).await?;
        manager.create_index(identity_try_by_time()).await
    }
}

/// Serves the list of stays that a sender is to look at because many persons were tried for their
/// number. The others of that list have an index by what the registry said.
fn probed() -> IndexCreateStatement {
    Index::create()
        .name("stay_probed_by_deadline")
        .table("stay")
        .col("facility_id")
        .col("deadline_at")
        .col("id")
        .and_where(Expr::col("presence").eq("present"))
        .and_where(Expr::col("identity_review").eq("attention"))
        .take()
}

/// What a facility answered to a question, sealed. A row of its own: the question's row is the
/// police's.
fn answer() -> TableCreateStatement {
    Table::create()
        .table("review_answer")
        .col(uuid("id").primary_key())
        .col(uuid("question_id"))
        .col(uuid("case_id"))
        .col(uuid("stay_id"))
        .col(uuid("answered_by"))
        .col(timestamp_with_time_zone("answered_at"))
        .col(binary("sealed"))
        .take()
}

/// A question is answered in words once.
fn answer_by_question() -> IndexCreateStatement {
    Index::create()
        .name("review_answer_by_question")
        .table("review_answer")
        .col("question_id")
        .unique()
        .take()
}

/// Which persons an organisation tried for a number: keyed hashes of both, and since and until when.
fn identity_try() -> TableCreateStatement {
    Table::create()
        .table("identity_try")
        .col(binary("number_hash"))
        .col(binary("person_hash"))
        .col(timestamp_with_time_zone("first_at"))
        .col(timestamp_with_time_zone("last_at"))
        .primary_key(Index::create().col("number_hash").col("person_hash"))
        .take()
}

/// Serves the sweep of what is too old to count.
fn identity_try_by_time() -> IndexCreateStatement {
    Index::create()
        .name("identity_try_by_time")
        .table("identity_try")
        .col("last_at")
        .take()
}
