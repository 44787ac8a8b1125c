//! One guest at one facility, from arrival to departure. Clear columns are only what queues,
//! deadlines and reports need; everything personal is sealed in `stay_version`.

use domain::{
    document::DocumentKind,
    facility::FacilityKind,
    purpose::Purpose,
    sex::Sex,
    stay::{CompletionState, DeliveryState, IdentityReview, IdentityState, Presence, Timeliness},
};
use sea_orm::entity::prelude::*;

use crate::word::Word;

/// A row of `stay`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stay")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub organisation_id: Uuid,
    pub facility_id: Uuid,
    pub facility_kind: Word<FacilityKind>,
    pub commune_code: String,
    pub province_code: String,
    pub version: i32,
    pub presence: Word<Presence>,
    pub identity_state: Word<IdentityState>,
    pub identity_review: Option<Word<IdentityReview>>,
    pub delivery_state: Word<DeliveryState>,
    pub delivery_version: i32,
    pub police_reference: Option<String>,
    pub delivery_reason: Option<String>,
    pub completion_state: Word<CompletionState>,
    pub owed: Option<String>,
    pub timeliness: Word<Timeliness>,
    pub arrival_at: DateTimeUtc,
    pub arrival_on: Date,
    pub expected_departure_at: Option<DateTimeUtc>,
    pub departed_at: Option<DateTimeUtc>,
    pub received_at: DateTimeUtc,
    pub deadline_at: DateTimeUtc,
    pub purpose: Word<Purpose>,
    pub sex: Option<Word<Sex>>,
    pub age_band: Option<String>,
    pub nationality: Option<String>,
    pub document_kind: Word<DocumentKind>,
    pub reference_index: Option<Vec<u8>>,
    pub document_index: Option<Vec<u8>>,
    pub name_index: Option<Vec<u8>>,
    /// Keyed hash of the facility and the party's reference.
    pub party_index: Option<Vec<u8>>,
    pub changed_at: DateTimeUtc,
    /// The key under which everything of the stay is sealed, wrapped by a month's data key; none
    /// while the stay is in the first form.
    pub sealed_key: Option<Vec<u8>>,
    /// The planned departure whose passing was reported to the sender.
    pub departure_noted_for: Option<DateTimeUtc>,
    /// The version at which the sender was asked to check this guest's data.
    pub attention_version: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
