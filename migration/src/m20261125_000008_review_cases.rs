//! Cases for the police, their holders and decisions; and the index that finds stays of the same
//! document.
//!
//! The previous release's cases are moved here. Their table stays for one release, during which the
//! worker moves rows that a process of the previous release still writes to it.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary_null, integer, string, string_null, text, text_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid, uuid_null,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(review_case()).await?;
        manager.create_index(one_open_case_a_reason()).await?;
        for index in [
            queue("review_case_open_by_commune", "commune_code", true),
            queue("review_case_open_by_province", "province_code", true),
            queue("review_case_closed_by_commune", "commune_code", false),
            queue("review_case_closed_by_province", "province_code", false),
        ] {
            manager.create_index(index).await?;
        }
        manager.create_index(leased()).await?;
        manager.create_table(review_claim()).await?;
        manager.create_table(review_decision()).await?;
        manager.create_index(decision_by_case()).await?;
        manager.create_index(open_question_by_stay()).await?;
        manager.create_index(stay_by_document()).await?;
        let connection = manager.get_connection();
        connection.execute_unprepared(MOVE_OLD_CASES).await?;
        connection.execute_unprepared("DELETE FROM review").await?;
        Ok(())
    }
}

/// Kinds and states are words of the program without a check: there will be more of them, and
/// SQLite cannot widen one.
fn review_case() -> TableCreateStatement {
    Table::create()
        .table("review_case")
        .col(uuid("id").primary_key())
        .col(string("kind"))
        .col(string("state"))
        .col(integer("priority"))
        .col(string("commune_code"))
        .col(string("province_code"))
        .col(uuid("facility_id"))
        .col(uuid("stay_id"))
        .col(integer("version"))
        .col(text("detail"))
        .col(timestamp_with_time_zone("opened_at"))
        .col(uuid_null("lease_id"))
        .col(uuid_null("leased_by"))
        .col(timestamp_with_time_zone_null("leased_until"))
        .col(string_null("decision"))
        .col(uuid_null("decided_by"))
        .col(timestamp_with_time_zone_null("decided_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .take()
}

/// A recurring reason opens no second case while one is open. Also finds the open cases of a stay.
fn one_open_case_a_reason() -> IndexCreateStatement {
    Index::create()
        .name("review_case_open_by_stay")
        .table("review_case")
        .col("stay_id")
        .col("kind")
        .unique()
        .and_where(Expr::col("closed_at").is_null())
        .take()
}

/// Serves the officers' queue in its order. Closed cases leave the open one.
fn queue(name: &'static str, area: &'static str, is_open: bool) -> IndexCreateStatement {
    let closed_at = Expr::col("closed_at");
    let condition = if is_open {
        closed_at.is_null()
    } else {
        closed_at.is_not_null()
    };
    Index::create()
        .name(name)
        .table("review_case")
        .col(area)
        .col("priority")
        .col("opened_at")
        .col("id")
        .and_where(condition)
        .take()
}

/// Serves the extension and the release of a claim.
fn leased() -> IndexCreateStatement {
    Index::create()
        .name("review_case_by_lease")
        .table("review_case")
        .col("lease_id")
        .and_where(Expr::col("lease_id").is_not_null())
        .take()
}

fn review_claim() -> TableCreateStatement {
    Table::create()
        .table("review_claim")
        .col(uuid("id").primary_key())
        .col(uuid("claimed_by"))
        .col(timestamp_with_time_zone("claimed_at"))
        .take()
}

fn review_decision() -> TableCreateStatement {
    Table::create()
        .table("review_decision")
        .col(uuid("id").primary_key())
        .col(uuid("case_id"))
        .col(uuid("stay_id"))
        .col(integer("version"))
        .col(string("decision"))
        .col(string("commune_code"))
        .col(string_null("referred_to"))
        .col(uuid("decided_by"))
        .col(timestamp_with_time_zone("decided_at"))
        .col(text_null("pointers"))
        .col(binary_null("sealed"))
        .col(timestamp_with_time_zone_null("answered_at"))
        .take()
}

/// Serves the history of a case.
fn decision_by_case() -> IndexCreateStatement {
    Index::create()
        .name("review_decision_by_case")
        .table("review_decision")
        .col("case_id")
        .take()
}

/// Serves the questions that a sender sees on a stay.
fn open_question_by_stay() -> IndexCreateStatement {
    Index::create()
        .name("review_decision_open_question")
        .table("review_decision")
        .col("stay_id")
        .and_where(
            Expr::col("decision")
                .eq("request_correction")
                .and(Expr::col("answered_at").is_null()),
        )
        .take()
}

/// Serves the look for stays of the same document, newest first; read to a bounded depth, so that
/// a number that many guests share costs no more than any other.
fn stay_by_document() -> IndexCreateStatement {
    Index::create()
        .name("stay_by_document")
        .table("stay")
        .col("document_index")
        .col("id")
        .and_where(Expr::col("document_index").is_not_null())
        .take()
}

const MOVE_OLD_CASES: &str = "INSERT INTO review_case (\
       id, kind, state, priority, commune_code, province_code, facility_id, stay_id, version, \
       detail, opened_at, closed_at) \
     SELECT review.id, review.kind, review.state, \
       CASE review.kind WHEN 'not_found' THEN 2 ELSE 1 END, \
       stay.commune_code, stay.province_code, stay.facility_id, stay.id, stay.version, \
       '{}', review.opened_at, review.closed_at \
     FROM review JOIN stay ON stay.id = review.stay_id WHERE true \
     ON CONFLICT DO NOTHING";
