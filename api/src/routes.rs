//! Every route: the nouns whose operations make up the API. An operation is described, read and
//! answered in one place, the file of its noun.

mod described;
mod paths;

use std::collections::HashMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};

use crate::app::App;
use crate::docs::{DocsApi, Documents};
use crate::examples::Examples;
use crate::{
    accounts, admin, catalogues, census, day_receipts, events, facilities, health, imports, limits,
    police, scans, stays, webhooks,
};

pub(crate) use described::specification;

/// Endpoints by path and method.
type Endpoints = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// Puts the operations of all nouns together.
macro_rules! nouns {
    ($($noun:path,)+) => {
        /// The examples of the nouns.
        const EXAMPLES: &[&str] = &[$(<$noun as Examples>::EXAMPLES,)+];

        /// The same, each with what the framework derives from its noun.
        #[cfg(test)]
        pub(crate) const EXAMPLES_BY_NOUN: &[(fn() -> Vec<MetaApi>, &str)] =
            &[$((<$noun as OpenApi>::meta, <$noun as Examples>::EXAMPLES),)+];

        impl OpenApi for Api {
            fn meta() -> Vec<MetaApi> {
                paths::merged([$(<$noun>::meta(),)+ DocsApi::meta()].into_iter().flatten())
            }

            fn register(registry: &mut Registry) {
                $(<$noun>::register(registry);)+
                DocsApi::register(registry);
            }

            fn add_routes(self, endpoints: &mut Endpoints) {
                $($noun(Arc::clone(&self.app)).add_routes(endpoints);)+
                self.docs.add_routes(endpoints);
            }
        }
    };
}

nouns! {
    stays::StaysApi,
    stays::batch::StayBatchApi,
    stays::list::StayListApi,
    stays::search::StaySearchApi,
    stays::receipt::StayReceiptApi,
    stays::history::StayHistoryApi,
    stays::change::StayChangesApi,
    stays::answers::StayAnswersApi,
    scans::ScansApi,
    imports::upload::UploadApi,
    imports::template::ImportTemplateApi,
    imports::ImportsApi,
    imports::rows::ImportRowsApi,
    imports::rejected::RejectedRowsApi,
    facilities::FacilitiesApi,
    day_receipts::DayReceiptsApi,
    facilities::digest::DigestsApi,
    facilities::due::DueApi,
    facilities::rooms::RoomsApi,
    facilities::occupancy::OccupancyApi,
    facilities::wards::WardsApi,
    facilities::expected_guests::ExpectedGuestsApi,
    census::CensusApi,
    limits::LimitsApi,
    events::EventsApi,
    webhooks::WebhooksApi,
    webhooks::deliveries::DeliveriesApi,
    catalogues::CataloguesApi,
    health::HealthApi,
    police::queue::QueueApi,
    police::cases::CasesApi,
    police::versions::CaseVersionsApi,
    police::claims::ClaimsApi,
    police::decision::DecisionsApi,
    police::summary::CaseCountsApi,
    police::statistics::StatisticsApi,
    police::withdrawals::WithdrawalsApi,
    admin::notifications::NotificationsApi,
    admin::requeue::RequeueApi,
    admin::destinations::DestinationsApi,
    admin::duty_desks::DutyDesksApi,
    admin::parked::ParkedApi,
    admin::health::ServiceHealthApi,
    admin::directory::organisations::OrganisationsApi,
    admin::directory::facilities::FacilityRecordsApi,
    admin::directory::keys::KeysApi,
    accounts::session::SessionApi,
    accounts::sessions::SessionsApi,
    accounts::invitations::InvitationsApi,
    accounts::machines::MachinesApi,
    accounts::AccountsApi,
}

/// The service's operations.
pub(crate) struct Api {
    app: Arc<App>,
    docs: DocsApi,
}

impl Api {
    /// The operations on what `app` has.
    pub(crate) fn new(app: &Arc<App>) -> Self {
        let docs = DocsApi {
            documents: Documents::new(specification()),
            clock: app.clock.clone(),
        };
        Self {
            app: Arc::clone(app),
            docs,
        }
    }

    /// The paths of the document by the router's patterns, which number their parameters.
    pub(crate) fn templates() -> HashMap<String, String> {
        let paths = Self::meta().into_iter().flat_map(|api| api.paths);
        paths
            .map(|path| (paths::to_pattern(&path.path), path.path))
            .collect()
    }
}
