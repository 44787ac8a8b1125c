//! Organisations, their facilities, their API keys, and the data keys that seal their declarations.

use sea_orm_migration::{
    prelude::*,
    schema::{
        binary, boolean, string, string_null, string_uniq, timestamp_with_time_zone,
        timestamp_with_time_zone_null, uuid,
    },
};

use crate::column::word;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(organisation()).await?;
        manager.create_table(facility()).await?;
        manager.create_index(facility_by_organisation()).await?;
        manager.create_table(api_key()).await?;
        manager.create_table(data_key()).await
    }
}

fn organisation() -> TableCreateStatement {
    Table::create()
        .table("organisation")
        .col(uuid("id").primary_key())
        .col(string_uniq("code"))
        .col(string("name"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}

fn facility() -> TableCreateStatement {
    let kinds = [
        "lodging_business",
        "guest_house",
        "official_residence",
        "medical_facility",
        "school",
    ];
    Table::create()
        .table("facility")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(word("kind", &kinds))
        .col(string_null("subkind"))
        .col(string("name"))
        .col(string("address"))
        .col(string("commune_code"))
        .col(string("province_code"))
        .col(boolean("is_remote"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("closed_at"))
        .foreign_key(
            ForeignKey::create()
                .from("facility", "organisation_id")
                .to("organisation", "id"),
        )
        .take()
}

/// Serves the question what an organisation may declare for.
fn facility_by_organisation() -> IndexCreateStatement {
    Index::create()
        .name("facility_by_organisation")
        .table("facility")
        .col("organisation_id")
        .take()
}

fn api_key() -> TableCreateStatement {
    Table::create()
        .table("api_key")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(word(
            "role",
            &["declarant", "integrator", "police", "admin"],
        ))
        .col(string("label"))
        .col(binary("secret_hash"))
        .col(string("facility_ids"))
        .col(string("commune_codes"))
        .col(string("province_codes"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .foreign_key(
            ForeignKey::create()
                .from("api_key", "organisation_id")
                .to("organisation", "id"),
        )
        .take()
}

fn data_key() -> TableCreateStatement {
    Table::create()
        .table("data_key")
        .col(uuid("id").primary_key())
        .col(string_uniq("month"))
        .col(binary("wrapped"))
        .col(timestamp_with_time_zone("created_at"))
        .take()
}
