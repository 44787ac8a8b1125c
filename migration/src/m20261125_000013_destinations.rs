//! Where notifications go: destinations, and which communes have one of their own.

use sea_orm_migration::{
    prelude::*,
    schema::{
        date, date_null, integer_null, string, string_null, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid_uniq,
    },
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(destination()).await?;
        manager.create_table(destination_route()).await
    }
}

fn destination() -> TableCreateStatement {
    Table::create()
        .table("destination")
        .col(string("code").primary_key())
        .col(uuid_uniq("id"))
        .col(string("name"))
        .col(string_null("province_code"))
        .col(string_null("endpoint_url"))
        .col(word("state", &["running", "paused"]))
        .col(string_null("paused_by"))
        .col(string_null("paused_reason"))
        .col(timestamp_with_time_zone_null("paused_at"))
        .col(timestamp_with_time_zone_null("paused_until"))
        .col(integer_null("rate_per_second"))
        .col(integer_null("call_count_max"))
        .col(word("breaker", &["closed", "open"]))
        .col(string_null("breaker_reason"))
        .col(timestamp_with_time_zone_null("breaker_since"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn destination_route() -> TableCreateStatement {
    Table::create()
        .table("destination_route")
        .col(string("commune_code"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .col(string("destination_code"))
        .primary_key(Index::create().col("commune_code").col("valid_from"))
        .foreign_key(
            ForeignKey::create()
                .from("destination_route", "destination_code")
                .to("destination", "code"),
        )
        .take()
}
