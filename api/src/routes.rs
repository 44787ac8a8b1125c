//! Every route, in one table. A handler here names who may call it and what it takes; the work is
//! done in the module of its noun.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{change::Operation, problem::Code};
use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderMap, Method, StatusCode, header};
use poem_openapi::{
    OpenApi, OpenApiService, Tags,
    param::Path,
    registry::{MetaApi, Registry},
    types::Any,
};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{
    Administering, Admitted, Asking, Declaring, DeclaringMany, Managing, Reading, Reviewing,
};
use crate::docs::{Asset, Documents, Page};
use crate::exchange::Current;
use crate::idempotency::IdempotencyKey;
use crate::payload::{Document, Proposal, Scanned, StayDocument, Upload};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::query::Query;
use crate::shapes::admin::{
    DestinationPage, DestinationView, NotificationPage, NotificationView, PauseDraft, PauseState,
    RequeueAnswer, RequeueDraft, RequeueManyAnswer,
};
use crate::shapes::directory::{
    FacilityRecordDraft, FacilityRecordPage, FacilityRecordPatch, FacilityRecordView, KeyDraft,
    KeyMade, KeyPage, KeyView, OrganisationDraft, OrganisationPage, OrganisationPatch,
    OrganisationView,
};
use crate::shapes::review::{
    ClaimAnswer, ClaimExtension, ClaimRelease, ClaimRequest, DecisionAnswer, DecisionRequest,
    QuestionAnswer, QuestionAnswerDraft, ReviewCase, ReviewPage, ReviewSummary,
};
use crate::shapes::text::FileContent;
use crate::shapes::{
    Alive, BatchAnswer, CancellationDraft, CatalogueList, CatalogueView, CensusAnswer, CensusDraft,
    ComparisonView, DayReceipt, DepartureDraft, DigestView, DuePage, EventPage, ExtensionDraft,
    FacilityPage, FacilityView, HeldReceipts, History, ImportRowPage, ImportView, Judgement, Jwks,
    LimitsView, OccupancyView, Ready, Receipt, RoomListDraft, RoomPage, ScanView, Stay, StayBatch,
    StayPage, StayPatch, StaySearch, WebhookDeliveryPage, WebhookDeliveryView, WebhookDraft,
    WebhookPage, WebhookView,
};
use crate::{
    admin, census, day_receipts, events, facilities, imports, limits, police, scans, stays,
    webhooks,
};

/// The service's operations.
pub(crate) struct Api {
    /// What they work with.
    pub(crate) app: Arc<App>,
    /// What describes them.
    pub(crate) documents: Documents,
}

/// How operations are grouped in the document.
#[derive(Tags)]
enum Topic {
    /// Declaring stays, and seeing them again.
    Stays,
    /// Declaring the stays of a file.
    Files,
    /// Where stays may be declared, and how many.
    Facilities,
    /// Hearing what became of stays.
    Events,
    /// The review queue of the police. For keys of officers; to others it is not there.
    Police,
    /// The way to the police, for who operates the service. To others it is not there.
    Administration,
    /// Who declares, from where, and by which keys; for who operates the service. To others it is
    /// not there.
    Directory,
    /// Published lists and keys.
    Catalogues,
    /// Whether the service is there.
    Operation,
}

#[OpenApi]
impl Api {
    /// Declare a stay
    ///
    /// Answers with the signed receipt and the statutory deadline, once the stay is stored for
    /// good. Safe to send again: the same request under the same `Idempotency-Key`, the same
    /// content under the same `reference`, or the same content without one gets the first answer
    /// again.
    #[oai(
        path = "/v1/stays",
        method = "post",
        operation_id = "declareStay",
        tag = "Topic::Stays"
    )]
    async fn declare_stay(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: StayDocument,
    ) -> Result<Answer<Stay>, Failure> {
        stays::declare(&self.app, &current.0, admitted, key, document).await
    }

    /// Ask what the rules say of a stay
    ///
    /// The same body and the same rules as declaring; stores nothing. What only shows beside other
    /// stays is not told: whether the guest is present already, or the reference is taken.
    #[oai(
        path = "/v1/stays/validate",
        method = "post",
        operation_id = "validateStay",
        tag = "Topic::Stays"
    )]
    async fn validate_stay(
        &self,
        current: Current,
        admitted: Admitted<Asking>,
        document: StayDocument,
    ) -> Result<Answer<Judgement>, Failure> {
        Ok(stays::validate(&self.app, &current.0, &admitted, &document))
    }

    /// Declare many stays
    ///
    /// Each is judged by itself: a bad one never harms a good one. Sent again, what is stored
    /// already comes back as `replayed`. Costs as many units as it has stays.
    #[oai(
        path = "/v1/stays/batch",
        method = "post",
        operation_id = "declareStays",
        tag = "Topic::Stays"
    )]
    async fn declare_stays(
        &self,
        current: Current,
        admitted: Admitted<DeclaringMany>,
        /// Guards against another body under the same key; items are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<StayBatch>,
    ) -> Result<Answer<BatchAnswer>, Failure> {
        stays::batch::declare(&self.app, &current.0, admitted, key, document).await
    }

    /// Read a scan
    ///
    /// The text of a citizen card's QR code, a machine-readable zone, or a picture (PNG, JPEG) with
    /// the QR code of a card. Answers with the members of a guest; what is in doubt is named.
    /// Nothing is stored.
    #[oai(
        path = "/v1/scans",
        method = "post",
        operation_id = "readScan",
        tag = "Topic::Stays"
    )]
    async fn read_scan(
        &self,
        current: Current,
        admitted: Admitted<Asking>,
        scanned: Scanned,
    ) -> Result<Answer<ScanView>, Failure> {
        scans::read(&self.app, &current.0, admitted, scanned).await
    }

    /// Declare the stays of a file
    ///
    /// A CSV or XLSX file with a row for each stay; headings of hotel programs are recognised. The
    /// file is worked on in the background: ask the address in `Location`. Every stay counts as
    /// filed when the upload was accepted. Sent again, what is stored already comes back as
    /// `replayed`.
    #[oai(
        path = "/v1/imports",
        method = "post",
        operation_id = "importStays",
        tag = "Topic::Files"
    )]
    async fn import_stays(
        &self,
        current: Current,
        admitted: Admitted<DeclaringMany>,
        /// Guards against another file under the same key; rows are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        query: Query,
        upload: Upload,
    ) -> Result<Answer<ImportView>, Failure> {
        imports::upload::accept(&self.app, &current.0, admitted, key, query, upload).await
    }

    /// Get a template for files
    ///
    /// An XLSX workbook with drop-down lists and a sheet of examples, or a CSV heading for
    /// `Accept: text/csv`; in the language of `Accept-Language`.
    #[oai(
        path = "/v1/imports/template",
        method = "get",
        operation_id = "showImportTemplate",
        tag = "Topic::Files"
    )]
    async fn show_import_template(
        &self,
        current: Current,
        headers: &HeaderMap,
        _admitted: Admitted<Reading>,
    ) -> Result<Answer<FileContent>, Failure> {
        imports::template::show(&self.app, &current.0, headers)
    }

    /// See how far a file has come
    #[oai(
        path = "/v1/imports/:id",
        method = "get",
        operation_id = "showImport",
        tag = "Topic::Files"
    )]
    async fn show_import(
        &self,
        current: Current,
        admitted: Admitted<Reading>,
        /// The file's id.
        id: Path<String>,
    ) -> Result<Answer<ImportView>, Failure> {
        imports::show(&self.app, &current.0, &admitted, &id.0).await
    }

    /// See what became of each row of a file
    #[oai(
        path = "/v1/imports/:id/rows",
        method = "get",
        operation_id = "listImportRows",
        tag = "Topic::Files"
    )]
    async fn list_import_rows(
        &self,
        current: Current,
        admitted: Admitted<Reading>,
        /// The file's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<ImportRowPage>, Failure> {
        imports::rows::list(&self.app, &current.0, &admitted, &id.0, query).await
    }

    /// Get the rejected rows of a file
    ///
    /// As a file of the kind that was sent, with the reasons in two more columns. Mend the rows and
    /// send the file again as it is.
    #[oai(
        path = "/v1/imports/:id/rejected",
        method = "get",
        operation_id = "showRejectedRows",
        tag = "Topic::Files"
    )]
    async fn show_rejected_rows(
        &self,
        current: Current,
        admitted: Admitted<Reading>,
        /// The file's id.
        id: Path<String>,
    ) -> Result<Answer<FileContent>, Failure> {
        imports::rejected::show(&self.app, &current.0, &admitted, &id.0).await
    }

    /// List stays
    ///
    /// The stays of the key's facilities, newest first.
    #[oai(
        path = "/v1/stays",
        method = "get",
        operation_id = "listStays",
        tag = "Topic::Stays"
    )]
    async fn list_stays(
        &self,
        admitted: Admitted<Reading>,
        query: Query,
    ) -> Result<Answer<StayPage>, Failure> {
        stays::list::show(&self.app, &admitted, query).await
    }

    /// Search stays
    ///
    /// By the number of a document or by a name, among the stays of the key's facilities, newest
    /// first. In the body, so that nothing personal stands in a URL. What is searched is not kept;
    /// that it was, is in the audit.
    #[oai(
        path = "/v1/stays/search",
        method = "post",
        operation_id = "searchStays",
        tag = "Topic::Stays"
    )]
    async fn search_stays(
        &self,
        admitted: Admitted<Reading>,
        document: Document<StaySearch>,
    ) -> Result<Answer<StayPage>, Failure> {
        stays::search::show(&self.app, &admitted, &document).await
    }

    /// See a stay
    ///
    /// As it stands now.
    #[oai(
        path = "/v1/stays/:id",
        method = "get",
        operation_id = "showStay",
        tag = "Topic::Stays"
    )]
    async fn show_stay(
        &self,
        admitted: Admitted<Reading>,
        /// The stay's id.
        id: Path<String>,
    ) -> Result<Answer<Stay>, Failure> {
        stays::show(&self.app, &admitted, &id.0).await
    }

    /// See a stay's receipt
    ///
    /// As JSON, as the bare JWS for `Accept: application/jose`, or to be printed for
    /// `Accept: application/pdf`.
    #[oai(
        path = "/v1/stays/:id/receipt",
        method = "get",
        operation_id = "showReceipt",
        tag = "Topic::Stays"
    )]
    async fn show_receipt(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<Reading>,
        /// The stay's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<Receipt>, Failure> {
        stays::receipt::show(&self.app, &admitted, headers, &id.0, query).await
    }

    /// See a stay's history
    ///
    /// Every version of it: who made it, when, by which door, what changed and why; the oldest
    /// first.
    #[oai(
        path = "/v1/stays/:id/history",
        method = "get",
        operation_id = "showHistory",
        tag = "Topic::Stays"
    )]
    async fn show_history(
        &self,
        admitted: Admitted<Reading>,
        /// The stay's id.
        id: Path<String>,
    ) -> Result<Answer<History>, Failure> {
        stays::history::show(&self.app, &admitted, &id.0).await
    }

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
    async fn amend_stay(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// The stay's id.
        id: Path<String>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<StayPatch>,
    ) -> Result<Answer<Stay>, Failure> {
        let id = id.0;
        let target = stays::change::Target { id, if_match, key };
        let operation = Operation::Amendment;
        stays::change::change(&self.app, &current.0, admitted, target, operation, proposal).await
    }

    /// Tell a departure
    ///
    /// The guest has left. A PATCH corrects it or takes it back.
    #[oai(
        path = "/v1/stays/:id/departure",
        method = "post",
        operation_id = "departStay",
        tag = "Topic::Stays"
    )]
    async fn depart_stay(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// The stay's id.
        id: Path<String>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<DepartureDraft>,
    ) -> Result<Answer<Stay>, Failure> {
        let id = id.0;
        let target = stays::change::Target { id, if_match, key };
        let operation = Operation::Departure;
        stays::change::change(&self.app, &current.0, admitted, target, operation, proposal).await
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
    async fn extend_stay(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// The stay's id.
        id: Path<String>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<ExtensionDraft>,
    ) -> Result<Answer<Stay>, Failure> {
        let id = id.0;
        let target = stays::change::Target { id, if_match, key };
        let operation = Operation::Extension;
        stays::change::change(&self.app, &current.0, admitted, target, operation, proposal).await
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
    async fn cancel_stay(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// The stay's id.
        id: Path<String>,
        /// The version that the change is meant for: the stay's `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        proposal: Proposal<CancellationDraft>,
    ) -> Result<Answer<Stay>, Failure> {
        let id = id.0;
        let target = stays::change::Target { id, if_match, key };
        let operation = Operation::Cancellation;
        stays::change::change(&self.app, &current.0, admitted, target, operation, proposal).await
    }

    /// Answer a question in words
    ///
    /// To the police, about a question that is open on the stay: for what a change would not say,
    /// such as "passport seen again, the name is right". No version is made and no event is told; the
    /// case goes back to the officers with the answer. A question that is answered already, or that
    /// an officer has decided without: 409 `question_closed`. A change of what is asked about answers
    /// a question by itself.
    #[oai(
        path = "/v1/stays/:id/answers",
        method = "post",
        operation_id = "answerQuestion",
        tag = "Topic::Stays"
    )]
    async fn answer_question(
        &self,
        current: Current,
        admitted: Admitted<Declaring>,
        /// The stay's id.
        id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<QuestionAnswerDraft>,
    ) -> Result<Answer<QuestionAnswer>, Failure> {
        stays::answers::give(&self.app, &current.0, admitted, &id.0, key, document).await
    }

    /// List facilities
    ///
    /// What the key may declare for, by id.
    #[oai(
        path = "/v1/facilities",
        method = "get",
        operation_id = "listFacilities",
        tag = "Topic::Facilities"
    )]
    async fn list_facilities(
        &self,
        admitted: Admitted<Reading>,
        query: Query,
    ) -> Result<Answer<FacilityPage>, Failure> {
        facilities::list(&self.app, &admitted, query)
    }

    /// See a facility
    #[oai(
        path = "/v1/facilities/:id",
        method = "get",
        operation_id = "showFacility",
        tag = "Topic::Facilities"
    )]
    async fn show_facility(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
    ) -> Result<Answer<FacilityView>, Failure> {
        facilities::show(&admitted, &id.0)
    }

    /// See a day's receipt
    ///
    /// Every receipt of the stays that began on a day, with one digest and one signature over all:
    /// as JSON, as the bare JWS for `Accept: application/jose`, or to be printed for
    /// `Accept: application/pdf`.
    #[oai(
        path = "/v1/facilities/:id/receipts",
        method = "get",
        operation_id = "showDayReceipt",
        tag = "Topic::Facilities"
    )]
    async fn show_day_receipt(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<DayReceipt>, Failure> {
        day_receipts::show(&self.app, &admitted, headers, &id.0, query).await
    }

    /// See a day's digest
    ///
    /// Count and hash over the receipt numbers of the stays that began on a day. Make the same of
    /// the receipts you hold: when both agree, nothing is missing on either side; when they
    /// differ, POST your numbers.
    #[oai(
        path = "/v1/facilities/:id/digest",
        method = "get",
        operation_id = "showDigest",
        tag = "Topic::Facilities"
    )]
    async fn show_digest(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<DigestView>, Failure> {
        facilities::digest::show(&self.app, &admitted, &id.0, query).await
    }

    /// Compare a day's receipts
    ///
    /// With the numbers that the sender holds. Stores nothing. Nothing differs exactly when the
    /// digests agree.
    #[oai(
        path = "/v1/facilities/:id/digest",
        method = "post",
        operation_id = "compareReceipts",
        tag = "Topic::Facilities"
    )]
    async fn compare_receipts(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
        document: Document<HeldReceipts>,
    ) -> Result<Answer<ComparisonView>, Failure> {
        facilities::digest::compare(&self.app, &admitted, &id.0, &document).await
    }

    /// See what is due
    ///
    /// What the facility still has to see to, the most urgent first: stays to correct and stays
    /// that the police have not confirmed, by their deadline; members that are owed, by the time
    /// until which they are.
    #[oai(
        path = "/v1/facilities/:id/due",
        method = "get",
        operation_id = "listDue",
        tag = "Topic::Facilities"
    )]
    async fn list_due(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<DuePage>, Failure> {
        facilities::due::show(&self.app, &admitted, &id.0, query).await
    }

    /// See a facility's rooms and beds
    ///
    /// The whole list.
    #[oai(
        path = "/v1/facilities/:id/rooms",
        method = "get",
        operation_id = "showRooms",
        tag = "Topic::Facilities"
    )]
    async fn show_rooms(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
    ) -> Result<Answer<RoomPage>, Failure> {
        facilities::rooms::show(&self.app, &admitted, &id.0).await
    }

    /// List a facility's rooms and beds
    ///
    /// Replaces the whole list. With `If-Match` only the version that was seen; the same list
    /// again changes nothing.
    #[oai(
        path = "/v1/facilities/:id/rooms",
        method = "put",
        operation_id = "replaceRooms",
        tag = "Topic::Facilities"
    )]
    async fn replace_rooms(
        &self,
        admitted: Admitted<Managing>,
        /// The facility's id.
        id: Path<String>,
        /// The `ETag` of the list that is to be replaced.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
        document: Document<RoomListDraft>,
    ) -> Result<Answer<RoomPage>, Failure> {
        facilities::rooms::replace(&self.app, &admitted, &id.0, &if_match, &document).await
    }

    /// See who is where
    ///
    /// On a day: each room and bed of the facility's list with its guests, what is free the night
    /// that follows, and guests in places that are not listed.
    #[oai(
        path = "/v1/facilities/:id/occupancy",
        method = "get",
        operation_id = "showOccupancy",
        tag = "Topic::Facilities"
    )]
    async fn show_occupancy(
        &self,
        admitted: Admitted<Reading>,
        /// The facility's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<OccupancyView>, Failure> {
        facilities::occupancy::show(&self.app, &admitted, &id.0, query).await
    }

    /// Send a census
    ///
    /// Everyone who is present in the facility, or in a ward or some rooms of it, at one instant.
    /// Who is new arrives, what differs changes, who is missing departs or becomes a question.
    /// Sent again, it does what is left. Costs one unit, however many lines it has.
    #[oai(
        path = "/v1/facilities/:id/census",
        method = "put",
        operation_id = "putCensus",
        tag = "Topic::Facilities"
    )]
    async fn put_census(
        &self,
        current: Current,
        admitted: Admitted<DeclaringMany>,
        /// The facility's id.
        id: Path<String>,
        query: Query,
        /// Guards against another body under the same key; lines are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<CensusDraft>,
    ) -> Result<Answer<CensusAnswer>, Failure> {
        let (app, exchange) = (&self.app, &current.0);
        census::take(app, exchange, admitted, &id.0, query, key, document).await
    }

    /// See the key's quotas
    ///
    /// What the key may do, and what is left of it.
    #[oai(
        path = "/v1/limits",
        method = "get",
        operation_id = "showLimits",
        tag = "Topic::Facilities"
    )]
    async fn show_limits(
        &self,
        admitted: Admitted<Reading>,
    ) -> Result<Answer<LimitsView>, Failure> {
        Ok(limits::show(&self.app, &admitted))
    }

    /// Hear what happened
    ///
    /// The events of the key's facilities, oldest first, by polling; or as they happen, as
    /// server-sent events, for `Accept: text/event-stream`. No event is ever passed over: the
    /// cursor moves only over what is complete. Events are kept for 30 days.
    #[oai(
        path = "/v1/events",
        method = "get",
        operation_id = "listEvents",
        tag = "Topic::Events"
    )]
    async fn list_events(
        &self,
        headers: &HeaderMap,
        admitted: Admitted<Reading>,
        query: Query,
    ) -> Result<Answer<EventPage>, Failure> {
        events::show(&self.app, admitted, headers, query).await
    }

    /// List cases
    ///
    /// The cases of the officer's communes, the most urgent first, among equals the oldest. Each
    /// comes with the stay, of which an officer sees what is forwarded to the police. What is shown
    /// is in the audit.
    #[oai(
        path = "/v1/police/notifications",
        method = "get",
        operation_id = "listCases",
        tag = "Topic::Police"
    )]
    async fn list_cases(
        &self,
        admitted: Admitted<Reviewing>,
        query: Query,
    ) -> Result<Answer<ReviewPage>, Failure> {
        police::notifications::list(&self.app, &admitted, query).await
    }

    /// See a case
    #[oai(
        path = "/v1/police/notifications/:id",
        method = "get",
        operation_id = "showCase",
        tag = "Topic::Police"
    )]
    async fn show_case(
        &self,
        admitted: Admitted<Reviewing>,
        /// The case's id.
        id: Path<String>,
    ) -> Result<Answer<ReviewCase>, Failure> {
        police::notifications::show(&self.app, &admitted, &id.0).await
    }

    /// Claim cases
    ///
    /// Those that nobody holds, the most urgent first: nobody else gets them until the lease ends.
    /// It ends by itself, by being given back, and for each case by its decision.
    #[oai(
        path = "/v1/police/claims",
        method = "post",
        operation_id = "claimCases",
        tag = "Topic::Police"
    )]
    async fn claim_cases(
        &self,
        admitted: Admitted<Reviewing>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<ClaimRequest>,
    ) -> Result<Answer<ClaimAnswer>, Failure> {
        police::claims::make(&self.app, admitted, key, document).await
    }

    /// Extend a lease
    ///
    /// By its whole length from now on.
    #[oai(
        path = "/v1/police/claims/:lease_id/extension",
        method = "post",
        operation_id = "extendClaim",
        tag = "Topic::Police"
    )]
    async fn extend_claim(
        &self,
        admitted: Admitted<Reviewing>,
        /// The lease's id.
        lease_id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<ClaimExtension>, Failure> {
        police::claims::extend(&self.app, &admitted, &lease_id.0, key).await
    }

    /// Give back a lease
    ///
    /// What it still holds is free at once. May be sent again.
    #[oai(
        path = "/v1/police/claims/:lease_id",
        method = "delete",
        operation_id = "releaseClaim",
        tag = "Topic::Police"
    )]
    async fn release_claim(
        &self,
        admitted: Admitted<Reviewing>,
        /// The lease's id.
        lease_id: Path<String>,
    ) -> Result<Answer<ClaimRelease>, Failure> {
        police::claims::release(&self.app, &admitted, &lease_id.0).await
    }

    /// Decide a case
    ///
    /// Under a lease that still holds it; else 409 `lease_lost`, and nothing is saved. The same
    /// decision sent again under the same lease gets the first answer again. The sender who is
    /// asked for a correction hears of it by the event `stay.correction_requested` and sees the
    /// question on the stay; an answer in words, or a change of what is asked about, opens the case
    /// again. What is accepted of a guest's identity the sender sees as `reviewed`, and hears of by
    /// the event `stay.reviewed`.
    #[oai(
        path = "/v1/police/notifications/:id/decision",
        method = "post",
        operation_id = "decideCase",
        tag = "Topic::Police"
    )]
    async fn decide_case(
        &self,
        admitted: Admitted<Reviewing>,
        /// The case's id.
        id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<DecisionRequest>,
    ) -> Result<Answer<DecisionAnswer>, Failure> {
        police::decision::make(&self.app, admitted, &id.0, key, document).await
    }

    /// Count cases
    ///
    /// By commune and kind, with the age of the oldest. Nothing personal.
    #[oai(
        path = "/v1/police/summary",
        method = "get",
        operation_id = "summarizeCases",
        tag = "Topic::Police"
    )]
    async fn summarize_cases(
        &self,
        admitted: Admitted<Reviewing>,
    ) -> Result<Answer<ReviewSummary>, Failure> {
        police::summary::show(&self.app, &admitted).await
    }

    /// List notifications
    ///
    /// Those set aside, or those on their way to the police, nearest deadline first. Nothing of
    /// their content. What is shown is in the audit.
    #[oai(
        path = "/v1/admin/deliveries",
        method = "get",
        operation_id = "listNotifications",
        tag = "Topic::Administration"
    )]
    async fn list_notifications(
        &self,
        admitted: Admitted<Administering>,
        query: Query,
    ) -> Result<Answer<NotificationPage>, Failure> {
        admin::deliveries::list(&self.app, &admitted, query).await
    }

    /// See a notification
    ///
    /// With every call that was made for it.
    #[oai(
        path = "/v1/admin/deliveries/:id",
        method = "get",
        operation_id = "showNotification",
        tag = "Topic::Administration"
    )]
    async fn show_notification(
        &self,
        admitted: Admitted<Administering>,
        /// The notification's id.
        id: Path<String>,
    ) -> Result<Answer<NotificationView>, Failure> {
        admin::deliveries::show(&self.app, &admitted, &id.0).await
    }

    /// Send a notification again
    ///
    /// One that was set aside, under its old id and with its old bytes. One that is on its way
    /// stays as it is; what the police have answered is 409 `delivery_settled`, and 409
    /// `delivery_superseded` where a later version carries the whole stay.
    #[oai(
        path = "/v1/admin/deliveries/:id/requeue",
        method = "post",
        operation_id = "requeueNotification",
        tag = "Topic::Administration"
    )]
    async fn requeue_notification(
        &self,
        admitted: Admitted<Administering>,
        /// The notification's id.
        id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<RequeueAnswer>, Failure> {
        admin::requeue::one(&self.app, &admitted, &id.0, key).await
    }

    /// Send all again that were set aside
    ///
    /// Those of a destination or of a facility; all when neither is named. Up to 200 at once, the
    /// nearest deadline first: ask again while there are `more`.
    #[oai(
        path = "/v1/admin/deliveries/requeue",
        method = "post",
        operation_id = "requeueNotifications",
        tag = "Topic::Administration"
    )]
    async fn requeue_notifications(
        &self,
        admitted: Admitted<Administering>,
        /// Guards against another body under the same key; what is left is sent again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<RequeueDraft>,
    ) -> Result<Answer<RequeueManyAnswer>, Failure> {
        admin::requeue::many(&self.app, &admitted, key, document).await
    }

    /// List destinations
    ///
    /// By code: who holds which back and why, bounds, breaker, and what waits.
    #[oai(
        path = "/v1/admin/destinations",
        method = "get",
        operation_id = "listDestinations",
        tag = "Topic::Administration"
    )]
    async fn list_destinations(
        &self,
        admitted: Admitted<Administering>,
        query: Query,
    ) -> Result<Answer<DestinationPage>, Failure> {
        admin::destinations::list(&self.app, &admitted, query).await
    }

    /// See a destination
    #[oai(
        path = "/v1/admin/destinations/:code",
        method = "get",
        operation_id = "showDestination",
        tag = "Topic::Administration"
    )]
    async fn show_destination(
        &self,
        _admitted: Admitted<Administering>,
        /// The destination's code.
        code: Path<String>,
    ) -> Result<Answer<DestinationView>, Failure> {
        admin::destinations::show(&self.app, &code.0).await
    }

    /// Hold a destination back
    ///
    /// Within a second nothing more is sent to it; calls under way go on. What waits keeps its
    /// order. Paused once more, the newer words count.
    #[oai(
        path = "/v1/admin/destinations/:code/pause",
        method = "post",
        operation_id = "pauseDestination",
        tag = "Topic::Administration"
    )]
    async fn pause_destination(
        &self,
        admitted: Admitted<Administering>,
        /// The destination's code.
        code: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<PauseDraft>,
    ) -> Result<Answer<PauseState>, Failure> {
        admin::destinations::pause(&self.app, &admitted, &code.0, key, document).await
    }

    /// Let a destination go again
    #[oai(
        path = "/v1/admin/destinations/:code/resume",
        method = "post",
        operation_id = "resumeDestination",
        tag = "Topic::Administration"
    )]
    async fn resume_destination(
        &self,
        admitted: Admitted<Administering>,
        /// The destination's code.
        code: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<PauseState>, Failure> {
        admin::destinations::resume(&self.app, &admitted, &code.0, key).await
    }

    /// List organisations
    ///
    /// Those that declare, the police and the operator, by id.
    #[oai(
        path = "/v1/admin/organisations",
        method = "get",
        operation_id = "listOrganisations",
        tag = "Topic::Directory"
    )]
    async fn list_organisations(
        &self,
        admitted: Admitted<Administering>,
        query: Query,
    ) -> Result<Answer<OrganisationPage>, Failure> {
        admin::directory::organisations::list(&self.app, &admitted, query).await
    }

    /// Make an organisation
    ///
    /// Facilities and keys belong to one.
    #[oai(
        path = "/v1/admin/organisations",
        method = "post",
        operation_id = "createOrganisation",
        tag = "Topic::Directory"
    )]
    async fn create_organisation(
        &self,
        admitted: Admitted<Administering>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<OrganisationDraft>,
    ) -> Result<Answer<OrganisationView>, Failure> {
        admin::directory::organisations::create(&self.app, &admitted, key, document).await
    }

    /// See an organisation
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "get",
        operation_id = "showOrganisation",
        tag = "Topic::Directory"
    )]
    async fn show_organisation(
        &self,
        _admitted: Admitted<Administering>,
        /// The organisation's id.
        id: Path<String>,
    ) -> Result<Answer<OrganisationView>, Failure> {
        admin::directory::organisations::show(&self.app, &id.0).await
    }

    /// Change an organisation
    ///
    /// Its name, or from when on it takes no declarations; `ended_at` `null` opens it again.
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "patch",
        operation_id = "changeOrganisation",
        tag = "Topic::Directory"
    )]
    async fn change_organisation(
        &self,
        admitted: Admitted<Administering>,
        /// The organisation's id.
        id: Path<String>,
        /// The version that the change is meant for, from `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<OrganisationPatch>,
    ) -> Result<Answer<OrganisationView>, Failure> {
        admin::directory::organisations::change(
            &self.app, &admitted, &id.0, &if_match, key, document,
        )
        .await
    }

    /// End an organisation
    ///
    /// Its facilities take no new declarations from now on; what was declared is still read, changed
    /// and departed. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/organisations/:id",
        method = "delete",
        operation_id = "endOrganisation",
        tag = "Topic::Directory"
    )]
    async fn end_organisation(
        &self,
        admitted: Admitted<Administering>,
        /// The organisation's id.
        id: Path<String>,
        /// The version that is meant to end, from `ETag`; whichever it is when left out.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
    ) -> Result<Answer<OrganisationView>, Failure> {
        admin::directory::organisations::end(&self.app, &admitted, &id.0, &if_match).await
    }

    /// List facilities of all organisations
    ///
    /// By id, each as it stands today, with what holds from a later day on.
    #[oai(
        path = "/v1/admin/facilities",
        method = "get",
        operation_id = "listFacilityRecords",
        tag = "Topic::Directory"
    )]
    async fn list_facility_records(
        &self,
        admitted: Admitted<Administering>,
        query: Query,
    ) -> Result<Answer<FacilityRecordPage>, Failure> {
        admin::directory::facilities::list(&self.app, &admitted, query).await
    }

    /// Make a facility
    ///
    /// Its commune is one of today: an old code is refused with the one it went into.
    #[oai(
        path = "/v1/admin/facilities",
        method = "post",
        operation_id = "createFacility",
        tag = "Topic::Directory"
    )]
    async fn create_facility(
        &self,
        admitted: Admitted<Administering>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<FacilityRecordDraft>,
    ) -> Result<Answer<FacilityRecordView>, Failure> {
        admin::directory::facilities::create(&self.app, &admitted, key, document).await
    }

    /// See a facility of any organisation
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "get",
        operation_id = "showFacilityRecord",
        tag = "Topic::Directory"
    )]
    async fn show_facility_record(
        &self,
        _admitted: Admitted<Administering>,
        /// The facility's id.
        id: Path<String>,
    ) -> Result<Answer<FacilityRecordView>, Failure> {
        admin::directory::facilities::show(&self.app, &id.0).await
    }

    /// Change a facility
    ///
    /// From today on, or from the day `valid_from`: until then everything is judged and sent as it
    /// stands. Stays that are declared keep their deadline.
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "patch",
        operation_id = "changeFacility",
        tag = "Topic::Directory"
    )]
    async fn change_facility(
        &self,
        admitted: Admitted<Administering>,
        /// The facility's id.
        id: Path<String>,
        /// The version that the change is meant for, from `ETag`.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<FacilityRecordPatch>,
    ) -> Result<Answer<FacilityRecordView>, Failure> {
        admin::directory::facilities::change(&self.app, &admitted, &id.0, &if_match, key, document)
            .await
    }

    /// End a facility
    ///
    /// It takes no new declarations from now on; what was declared is still read, changed and
    /// departed. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/facilities/:id",
        method = "delete",
        operation_id = "endFacility",
        tag = "Topic::Directory"
    )]
    async fn end_facility(
        &self,
        admitted: Admitted<Administering>,
        /// The facility's id.
        id: Path<String>,
        /// The version that is meant to end, from `ETag`; whichever it is when left out.
        #[oai(name = "If-Match")]
        if_match: IfMatch<false>,
    ) -> Result<Answer<FacilityRecordView>, Failure> {
        admin::directory::facilities::end(&self.app, &admitted, &id.0, &if_match).await
    }

    /// List keys
    ///
    /// The oldest first: whose each is, what it may do, until when it is good, when it was last used.
    #[oai(
        path = "/v1/admin/keys",
        method = "get",
        operation_id = "listKeys",
        tag = "Topic::Directory"
    )]
    async fn list_keys(
        &self,
        admitted: Admitted<Administering>,
        query: Query,
    ) -> Result<Answer<KeyPage>, Failure> {
        admin::directory::keys::list(&self.app, &admitted, query).await
    }

    /// Make a key
    ///
    /// Its text is in `secret`, this once: a replay has `null` there. It ends in a year unless
    /// something else is said.
    #[oai(
        path = "/v1/admin/keys",
        method = "post",
        operation_id = "createKey",
        tag = "Topic::Directory"
    )]
    async fn create_key(
        &self,
        admitted: Admitted<Administering>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<KeyDraft>,
    ) -> Result<Answer<KeyMade>, Failure> {
        admin::directory::keys::create(&self.app, &admitted, key, document).await
    }

    /// See a key
    #[oai(
        path = "/v1/admin/keys/:id",
        method = "get",
        operation_id = "showKey",
        tag = "Topic::Directory"
    )]
    async fn show_key(
        &self,
        _admitted: Admitted<Administering>,
        /// The key's id.
        id: Path<String>,
    ) -> Result<Answer<KeyView>, Failure> {
        admin::directory::keys::show(&self.app, &id.0).await
    }

    /// End a key
    ///
    /// Requests with it are refused within two seconds. One that has ended stays as it is.
    #[oai(
        path = "/v1/admin/keys/:id",
        method = "delete",
        operation_id = "revokeKey",
        tag = "Topic::Directory"
    )]
    async fn revoke_key(
        &self,
        admitted: Admitted<Administering>,
        /// The key's id.
        id: Path<String>,
    ) -> Result<Answer<KeyView>, Failure> {
        admin::directory::keys::revoke(&self.app, &admitted, &id.0).await
    }

    /// Make a webhook
    ///
    /// Tells an address of what happens from now on, by a POST of `{type, timestamp, data}`, signed
    /// after Standard Webhooks: `webhook-id` (the event's id, the same at every attempt),
    /// `webhook-timestamp`, `webhook-signature`. The `secret` is told once, here. Only 2xx within 15
    /// seconds counts; else it is tried again after 5 seconds, 5 minutes, 30 minutes, 2, 5, 10 and
    /// 10 hours. Redirects are not followed. 410, or 5 days of nothing but failures, switch the
    /// webhook off. Order is not promised, and an event may come twice.
    #[oai(
        path = "/v1/webhooks",
        method = "post",
        operation_id = "createWebhook",
        tag = "Topic::Events"
    )]
    async fn create_webhook(
        &self,
        admitted: Admitted<Asking>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        document: Document<WebhookDraft>,
    ) -> Result<Answer<WebhookView>, Failure> {
        webhooks::create(&self.app, &admitted, &key, &document).await
    }

    /// List webhooks
    ///
    /// Those of the key's facilities.
    #[oai(
        path = "/v1/webhooks",
        method = "get",
        operation_id = "listWebhooks",
        tag = "Topic::Events"
    )]
    async fn list_webhooks(
        &self,
        admitted: Admitted<Asking>,
        query: Query,
    ) -> Result<Answer<WebhookPage>, Failure> {
        webhooks::list(&self.app, &admitted, query).await
    }

    /// See a webhook
    #[oai(
        path = "/v1/webhooks/:id",
        method = "get",
        operation_id = "showWebhook",
        tag = "Topic::Events"
    )]
    async fn show_webhook(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
    ) -> Result<Answer<WebhookView>, Failure> {
        webhooks::show(&self.app, &admitted, &id.0).await
    }

    /// Delete a webhook
    ///
    /// Nothing more is sent; what waits is forgotten.
    #[oai(
        path = "/v1/webhooks/:id",
        method = "delete",
        operation_id = "deleteWebhook",
        tag = "Topic::Events"
    )]
    async fn delete_webhook(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
    ) -> Result<Answer<WebhookView>, Failure> {
        webhooks::delete(&self.app, &admitted, &id.0).await
    }

    /// Switch a webhook on again
    ///
    /// It resumes where it stopped: what happened meanwhile is sent, up to 30 days back.
    #[oai(
        path = "/v1/webhooks/:id/enable",
        method = "post",
        operation_id = "enableWebhook",
        tag = "Topic::Events"
    )]
    async fn enable_webhook(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<WebhookView>, Failure> {
        webhooks::enable(&self.app, &admitted, &id.0, &key).await
    }

    /// Try a webhook
    ///
    /// Sends an event `webhook.test`.
    #[oai(
        path = "/v1/webhooks/:id/test",
        method = "post",
        operation_id = "testWebhook",
        tag = "Topic::Events"
    )]
    async fn test_webhook(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<WebhookDeliveryView>, Failure> {
        webhooks::deliveries::test(&self.app, &admitted, &id.0, &key).await
    }

    /// List a webhook's deliveries
    ///
    /// What was sent to it and what waits, newest first. Settled ones are kept for 30 days.
    #[oai(
        path = "/v1/webhooks/:id/deliveries",
        method = "get",
        operation_id = "listDeliveries",
        tag = "Topic::Events"
    )]
    async fn list_deliveries(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
        query: Query,
    ) -> Result<Answer<WebhookDeliveryPage>, Failure> {
        webhooks::deliveries::list(&self.app, &admitted, &id.0, query).await
    }

    /// Send a delivery again
    ///
    /// Whatever became of it: the same bytes under the same `webhook-id`, as if for the first time.
    #[oai(
        path = "/v1/webhooks/:id/deliveries/:delivery_id/replay",
        method = "post",
        operation_id = "replayDelivery",
        tag = "Topic::Events"
    )]
    async fn replay_delivery(
        &self,
        admitted: Admitted<Asking>,
        /// The webhook's id.
        id: Path<String>,
        /// The delivery's id.
        delivery_id: Path<String>,
        /// Guards the request against being done twice; kept for 7 days.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
    ) -> Result<Answer<WebhookDeliveryView>, Failure> {
        let (app, delivery_id) = (&self.app, &delivery_id.0);
        webhooks::deliveries::replay(app, &admitted, &id.0, delivery_id, &key).await
    }

    /// List catalogues
    #[oai(
        path = "/v1/catalogues",
        method = "get",
        operation_id = "listCatalogues",
        tag = "Topic::Catalogues"
    )]
    async fn list_catalogues(&self, headers: &HeaderMap) -> Result<Answer<CatalogueList>, Failure> {
        Ok(self.app.catalogues.list(headers))
    }

    /// See a catalogue
    ///
    /// Whole, with its version and the day from which it holds.
    #[oai(
        path = "/v1/catalogues/:name",
        method = "get",
        operation_id = "showCatalogue",
        tag = "Topic::Catalogues"
    )]
    async fn show_catalogue(
        &self,
        headers: &HeaderMap,
        /// The catalogue's name.
        name: Path<String>,
    ) -> Result<Answer<CatalogueView>, Failure> {
        self.app.catalogues.show(headers, &name.0)
    }

    /// See the receipt keys
    ///
    /// With these a receipt verifies offline, in any JOSE library.
    #[oai(
        path = "/.well-known/jwks.json",
        method = "get",
        operation_id = "showReceiptKeys",
        tag = "Topic::Catalogues"
    )]
    async fn show_receipt_keys(&self) -> Result<Answer<Jwks>, Failure> {
        let keys = self.app.signer.jwks().to_string();
        Ok(Answer::json(keys).with_header(header::CACHE_CONTROL, "public, max-age=300"))
    }

    /// See this document
    #[oai(
        path = "/openapi.json",
        method = "get",
        operation_id = "showDocument",
        tag = "Topic::Operation"
    )]
    async fn show_document(&self) -> Result<Answer<Any<Value>>, Failure> {
        Ok(self.documents.openapi(self.app.clock.now()))
    }

    /// Try the operations in a browser
    #[oai(
        path = "/docs",
        method = "get",
        operation_id = "showDocs",
        tag = "Topic::Operation"
    )]
    async fn show_docs(&self) -> Result<Page, Failure> {
        let page = self.documents.page();
        page.ok_or_else(|| Failure::internal("the page of the document is not there"))
    }

    /// Get a file of the page
    #[oai(path = "/docs/:file", method = "get", hidden)]
    async fn show_docs_file(&self, file: Path<String>) -> Result<Asset, Failure> {
        let asset = self.documents.page().and_then(|page| page.asset(&file.0));
        asset.ok_or_else(|| Failure::new(Code::NotFound))
    }

    /// Is the process alive
    ///
    /// Asks nobody.
    #[oai(
        path = "/livez",
        method = "get",
        operation_id = "showAlive",
        tag = "Topic::Operation"
    )]
    async fn show_alive(&self) -> Result<Answer<Alive>, Failure> {
        Ok(Answer::json(json!({"status": "alive"}).to_string()))
    }

    /// Should the process get requests
    ///
    /// By database, clock, schema, keys and draining; other systems are listed and change nothing.
    #[oai(
        path = "/readyz",
        method = "get",
        operation_id = "showReady",
        tag = "Topic::Operation"
    )]
    async fn show_ready(&self) -> Result<Answer<Ready>, Failure> {
        let report = self.app.readiness.report().await;
        let status = if report.is_ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        Ok(Answer::json(report.to_json().to_string()).with_status(status))
    }
}

impl Api {
    /// The path of the document behind a pattern of the router, which has numbers for names.
    pub(crate) fn template(pattern: &str) -> String {
        let paths = Self::meta().into_iter().flat_map(|api| api.paths);
        let mut templates = paths.map(|path| path.path);
        templates
            .find(|template| to_pattern(template) == pattern)
            .unwrap_or_else(|| pattern.to_owned())
    }
}

/// What the framework derives from the operations: the document without what it cannot know.
pub(crate) fn specification() -> Value {
    let service = OpenApiService::new(Described, "luutru", env!("CARGO_PKG_VERSION"));
    serde_json::from_str(&service.spec()).unwrap_or_default()
}

/// The operations without what they work with: enough to be described.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        Api::meta()
    }

    fn register(registry: &mut Registry) {
        Api::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// `/v1/stays/{id}` to `/v1/stays/:param0`.
fn to_pattern(template: &str) -> String {
    let mut count = 0;
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            count += 1;
            format!(":param{}", count - 1)
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}
