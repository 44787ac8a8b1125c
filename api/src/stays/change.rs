//! Changing a stay: amendment, departure, extension, cancellation.

use std::sync::Arc;

use domain::{
    change::{Change, Operation},
    problem::Code,
    stay::Channel,
};
use intake::{Accepted, Expected, Occasion, Refusal};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use store::stays::StayRow;
use uuid::Uuid;

use super::{charge, facility_ids};
use crate::app::App;
use crate::auth::{Access, Admitted, op};
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::idempotency::IdempotencyKey;
use crate::payload::{JsonDocument, MERGE_PATCH, Proposal, Shape};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::reply::{ETag, JSON, Location, Replayed, Written};
use crate::shapes::text::{
    CountryCode, Day, DocumentKindWord, Instant, Name, NoDocumentReasonWord, Note, PartialDate,
    Place, PurposeWord, Reason, Reference, SexWord, Word,
};
use crate::shapes::{Guardian, Party, Residence, Stay, Visa};
use crate::topic::Topic;

/// What changes of a stay, as a merge patch: `null` takes a member away, what is left out stays.
#[derive(Object)]
pub(crate) struct StayPatch {
    /// The sender's own name for this stay.
    reference: Option<Reference>,
    /// The room.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward.
    ward: Option<Place>,
    /// When the stay began; at most 62 days before it was declared.
    arrival_at: Option<Instant>,
    /// When it is expected to end.
    expected_departure_at: Option<Instant>,
    /// When the guest left; `null` takes a departure back.
    departed_at: Option<Instant>,
    /// Why the guest is here.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who. A document that is shown ends the reason for having had none.
    guest: Option<GuestPatch>,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
    /// Why the stay is changed: kept with the version, never forwarded.
    reason: Reason,
}

/// What changes of a guest.
#[derive(Object)]
pub(crate) struct GuestPatch {
    /// As on the document, in one piece.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// ISO 3166-1 alpha-3 or a code of ICAO 9303.
    nationality: Option<CountryCode>,
    /// What was shown.
    document: Option<IdentityDocumentPatch>,
    /// Why there is no document.
    no_document_reason: Option<NoDocumentReasonWord>,
    /// Where the guest lives.
    residence: Option<Residence>,
    /// Telephone.
    phone: Option<Word>,
    /// Who answers for a child or a patient.
    guardian: Option<Guardian>,
    /// A newborn's mother: the reference of her stay.
    mother_reference: Option<Reference>,
    /// Foreigners: the last permitted day.
    permitted_stay_until: Option<Day>,
    /// Foreigners: the visa.
    visa: Option<Visa>,
    /// Foreigners: the day of entry.
    entered_on: Option<Day>,
    /// Foreigners: the gate of entry.
    entry_gate: Option<Name>,
}

/// What changes of a document.
#[derive(Object)]
pub(crate) struct IdentityDocumentPatch {
    /// Its kind.
    kind: Option<DocumentKindWord>,
    /// Its number.
    number: Option<Word>,
}

/// A guest has left.
#[derive(Object)]
#[oai(rename = "Departure")]
pub(crate) struct DepartureDraft {
    /// When; not before the arrival, at most 10 minutes ahead.
    departed_at: Instant,
}

/// A guest stays longer.
#[derive(Object)]
#[oai(rename = "Extension")]
pub(crate) struct ExtensionDraft {
    /// Until when; after the arrival.
    expected_departure_at: Instant,
}

/// A stay was declared in error.
#[derive(Object)]
#[oai(rename = "Cancellation")]
pub(crate) struct CancellationDraft {
    /// Why: kept with the version, never forwarded.
    reason: Reason,
}

impl Shape for StayPatch {
    const MEDIA_TYPES: &'static [&'static str] = &[MERGE_PATCH, JSON];
}

impl Shape for DepartureDraft {}

impl Shape for ExtensionDraft {}

impl Shape for CancellationDraft {}

/// Changing a stay that was declared.
pub(crate) struct StayChangesApi(pub(crate) Arc<App>);

/// A stay was changed.
#[derive(ApiResponse)]
pub(crate) enum StayChanged {
    /// The stay as the change left it, or the first answer again.
    #[oai(status = 200)]
    Stay(
        Written<Stay>,
        #[oai(header = "Location")] Location,
        #[oai(header = "ETag")] ETag,
        #[oai(header = "Idempotent-Replayed")] Option<Replayed>,
    ),
}

impl Examples for StayChangesApi {
    const EXAMPLES: &'static str = include_str!("change.examples.json");
}

#[OpenApi]
impl StayChangesApi {
    /// Amend a stay
    ///
    /// A merge patch (RFC 7396): the members that change, `null` for those that go, and beside them
    /// the `reason`. The whole stay is judged again by the rules of declaring. Also completes what
    /// was owed, corrects a departure, and takes one back with `departed_at` `null`. Timeliness
    /// stays that of version 1.
    #[oai(
        path = "/v1/stays/:id",
        method = "patch",
        operation_id = "amendStay",
        tag = "Topic::Stays"
    )]
    async fn amend(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::AmendStay>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<StayPatch>,
    ) -> Result<StayChanged, Failure> {
        let intent = Intent {
            operation: Operation::Amendment,
            stay_id: id,
            if_match,
            key,
        };
        change(&self.0, &exchange, admitted, intent, proposal).await
    }

    /// Record a departure
    ///
    /// The guest has left. A PATCH corrects it or takes it back.
    #[oai(
        path = "/v1/stays/:id/departure",
        method = "post",
        operation_id = "departStay",
        tag = "Topic::Stays"
    )]
    async fn depart(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::DepartStay>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<DepartureDraft>,
    ) -> Result<StayChanged, Failure> {
        let intent = Intent {
            operation: Operation::Departure,
            stay_id: id,
            if_match,
            key,
        };
        change(&self.0, &exchange, admitted, intent, proposal).await
    }

    /// Extend a stay
    ///
    /// Moves the expected departure. From 30 days on the answer warns that temporary residence is
    /// to be registered.
    #[oai(
        path = "/v1/stays/:id/extension",
        method = "post",
        operation_id = "extendStay",
        tag = "Topic::Stays"
    )]
    async fn extend(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ExtendStay>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<ExtensionDraft>,
    ) -> Result<StayChanged, Failure> {
        let intent = Intent {
            operation: Operation::Extension,
            stay_id: id,
            if_match,
            key,
        };
        change(&self.0, &exchange, admitted, intent, proposal).await
    }

    /// Cancel a stay
    ///
    /// It was declared in error. Final; its reference and its content are free again.
    #[oai(
        path = "/v1/stays/:id/cancellation",
        method = "post",
        operation_id = "cancelStay",
        tag = "Topic::Stays"
    )]
    async fn cancel(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::CancelStay>,
        /// The stay's id.
        Path(id): Path<Uuid>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<CancellationDraft>,
    ) -> Result<StayChanged, Failure> {
        let intent = Intent {
            operation: Operation::Cancellation,
            stay_id: id,
            if_match,
            key,
        };
        change(&self.0, &exchange, admitted, intent, proposal).await
    }
}

/// What a change does, to which stay, and under which conditions.
struct Intent {
    operation: Operation,
    stay_id: Uuid,
    /// The version it is meant for.
    if_match: IfMatch,
    /// The guard against carrying it out twice.
    key: IdempotencyKey,
}

async fn change<T>(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<impl Access>,
    intent: Intent,
    proposal: Proposal<T>,
) -> Result<StayChanged, Failure> {
    let facilities = facility_ids(admitted.sender());
    let stay = match store::stays::find(&app.db, intent.stay_id, &facilities).await {
        Ok(stay) => stay,
        Err(error) => return Err(admitted.ticket.refuse(error)),
    };
    let document = proposed(proposal, stay.as_ref(), &intent.if_match.0)?;
    if let Some(stay) = stay {
        let cost = [(stay.facility_id, 1)];
        charge(app, exchange, &mut admitted.ticket, 1, &cost).await?;
    }
    let outcome = submit(app, exchange, &admitted, &intent, document).await;
    match outcome {
        Ok(accepted) => Ok(StayChanged::of(accepted)),
        Err(refusal) => Err(admitted.ticket.refuse(refusal)),
    }
}

/// The document of a change. It is judged after the stay and the version; without a document there
/// is no known key to look for.
fn proposed<T>(
    proposal: Proposal<T>,
    stay: Option<&StayRow>,
    expected: &Expected,
) -> Result<JsonDocument<T>, Failure> {
    match (proposal.0, stay, expected) {
        (Ok(document), _, _) => Ok(document),
        (Err(_), None, _) => Err(Failure::new(Code::NotFound)),
        (Err(_), Some(_), Expected::Unnamed) => Err(Failure::new(Code::PreconditionRequired)),
        (Err(failure), Some(_), Expected::Current | Expected::Versions(_)) => Err(failure),
    }
}

async fn submit<T>(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<impl Access>,
    intent: &Intent,
    document: JsonDocument<T>,
) -> Result<Accepted, Refusal> {
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender: admitted.sender(),
        channel: Channel::Rest,
        idempotency_key: intent.key.0.as_deref(),
        received_at: document.received_at,
        trace_parent: Some(&trace_parent),
    };
    let change = Change {
        operation: intent.operation,
        document: document.value,
    };
    let expected = &intent.if_match.0;
    app.intake
        .change(occasion, intent.stay_id, expected, &change)
        .await
}

impl StayChanged {
    fn of(Accepted { stay, is_replay }: Accepted) -> Self {
        let location = Location::of(format!("/v1/stays/{}", stay.id));
        let tag = ETag::of(stay.version);
        Self::Stay(
            Written::new(stay.json),
            location,
            tag,
            Replayed::when(is_replay),
        )
    }
}
