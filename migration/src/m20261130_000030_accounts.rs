//! People who sign in: accounts, their sessions, the machines they work at, and the one-time links
//! by which they choose a password.
//!
//! Words of the program stand without a check: SQLite cannot widen one, and the MAC of each row
//! authenticates them.

use sea_orm_migration::{
    prelude::*,
    schema::{
        big_integer_null, binary, binary_null, binary_uniq, integer, string, string_uniq, text,
        text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    },
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(account()).await?;
        manager
            .create_index(by("account", "organisation_id"))
            .await?;
        manager.create_table(session()).await?;
        manager.create_index(by("session", "account_id")).await?;
        manager.create_table(enrolled_machine()).await?;
        manager
            .create_index(by("enrolled_machine", "organisation_id"))
            .await?;
        manager.create_table(invitation()).await?;
        manager.create_index(by("invitation", "account_id")).await?;
        // A file is read long after it was uploaded, by a key or by a person.
        let kind = string("created_by_kind").default("api_key").take();
        let kind = Table::alter().table("import").add_column(kind).take();
        manager.alter_table(kind).await
    }
}

fn account() -> TableCreateStatement {
    Table::create()
        .table("account")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(string_uniq("name"))
        .col(text("label"))
        .col(string("role"))
        .col(text("facility_ids"))
        .col(text("areas"))
        .col(text_null("password_hash"))
        .col(binary_null("sealed_totp"))
        .col(big_integer_null("totp_step"))
        .col(text("recovery_hashes"))
        .col(integer("generation"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(integer("version"))
        .col(integer("revision"))
        .col(binary("mac"))
        .foreign_key(
            ForeignKey::create()
                .from("account", "organisation_id")
                .to("organisation", "id"),
        )
        .take()
}

fn session() -> TableCreateStatement {
    Table::create()
        .table("session")
        .col(uuid("id").primary_key())
        .col(uuid("account_id"))
        .col(binary_uniq("token_hash"))
        .col(string("stage"))
        .col(integer("generation"))
        .col(binary_null("sealed_totp"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("last_used_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(binary("mac"))
        .foreign_key(
            ForeignKey::create()
                .from("session", "account_id")
                .to("account", "id"),
        )
        .take()
}

fn enrolled_machine() -> TableCreateStatement {
    Table::create()
        .table("enrolled_machine")
        .col(uuid("id").primary_key())
        .col(uuid("organisation_id"))
        .col(uuid("facility_id"))
        .col(text("label"))
        .col(binary_uniq("token_hash"))
        .col(uuid("enrolled_by"))
        .col(timestamp_with_time_zone("enrolled_at"))
        .col(timestamp_with_time_zone_null("ended_at"))
        .col(binary("mac"))
        .take()
}

fn invitation() -> TableCreateStatement {
    Table::create()
        .table("invitation")
        .col(uuid("id").primary_key())
        .col(uuid("account_id"))
        .col(binary_uniq("token_hash"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("expires_at"))
        .col(timestamp_with_time_zone_null("used_at"))
        .col(binary("mac"))
        .foreign_key(
            ForeignKey::create()
                .from("invitation", "account_id")
                .to("account", "id"),
        )
        .take()
}

/// Serves the list of what belongs to one.
fn by(table: &'static str, column: &'static str) -> IndexCreateStatement {
    Index::create()
        .name(format!("{table}_by_{column}"))
        .table(table)
        .col(column)
        .col("id")
        .take()
}
