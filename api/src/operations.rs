//! Operations whose nouns do not describe themselves yet: a handler here names who may call it and
//! what it takes; the work is done in the module of its noun.

use std::sync::Arc;

use poem_openapi::{OpenApi, param::Path};

use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Administering, Admitted, Reviewing};
use crate::idempotency::IdempotencyKey;
use crate::payload::Document;
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
    ReviewCase, ReviewPage, ReviewSummary,
};
use crate::topic::Topic;
use crate::{admin, police};

/// Operations whose nouns do not describe themselves yet.
pub(crate) struct Operations(pub(crate) Arc<App>);

#[OpenApi]
impl Operations {
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
        police::notifications::list(&self.0, &admitted, query).await
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
        police::notifications::show(&self.0, &admitted, &id.0).await
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
        police::claims::make(&self.0, admitted, key, document).await
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
        police::claims::extend(&self.0, &admitted, &lease_id.0, key).await
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
        police::claims::release(&self.0, &admitted, &lease_id.0).await
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
        police::decision::make(&self.0, admitted, &id.0, key, document).await
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
        police::summary::show(&self.0, &admitted).await
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
        admin::deliveries::list(&self.0, &admitted, query).await
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
        admin::deliveries::show(&self.0, &admitted, &id.0).await
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
        admin::requeue::one(&self.0, &admitted, &id.0, key).await
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
        admin::requeue::many(&self.0, &admitted, key, document).await
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
        admin::destinations::list(&self.0, &admitted, query).await
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
        admin::destinations::show(&self.0, &code.0).await
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
        admin::destinations::pause(&self.0, &admitted, &code.0, key, document).await
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
        admin::destinations::resume(&self.0, &admitted, &code.0, key).await
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
        admin::directory::organisations::list(&self.0, &admitted, query).await
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
        admin::directory::organisations::create(&self.0, &admitted, key, document).await
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
        admin::directory::organisations::show(&self.0, &id.0).await
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
        admin::directory::organisations::change(&self.0, &admitted, &id.0, &if_match, key, document)
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
        admin::directory::organisations::end(&self.0, &admitted, &id.0, &if_match).await
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
        admin::directory::facilities::list(&self.0, &admitted, query).await
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
        admin::directory::facilities::create(&self.0, &admitted, key, document).await
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
        admin::directory::facilities::show(&self.0, &id.0).await
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
        admin::directory::facilities::change(&self.0, &admitted, &id.0, &if_match, key, document)
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
        admin::directory::facilities::end(&self.0, &admitted, &id.0, &if_match).await
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
        admin::directory::keys::list(&self.0, &admitted, query).await
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
        admin::directory::keys::create(&self.0, &admitted, key, document).await
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
        admin::directory::keys::show(&self.0, &id.0).await
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
        admin::directory::keys::revoke(&self.0, &admitted, &id.0).await
    }
}
