//! Every route: the nouns whose operations make up the API. An operation is described, read and
//! answered in one place, the file of its noun.

use std::collections::HashMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::Method;
use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, MetaPath, Registry},
};
use serde_json::Value;

use crate::app::App;
use crate::docs::{DocsApi, Documents};
use crate::parameters;
use crate::{
    admin, catalogues, census, day_receipts, events, facilities, health, imports, limits, police,
    scans, stays, webhooks,
};

/// Endpoints by path and method.
type Endpoints = HashMap<String, HashMap<Method, BoxEndpoint<'static>>>;

/// Puts the operations of all nouns together.
macro_rules! nouns {
    ($($noun:path,)+) => {
        impl OpenApi for Api {
            fn meta() -> Vec<MetaApi> {
                merged([$(<$noun>::meta(),)+ DocsApi::meta()].into_iter().flatten())
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
    census::CensusApi,
    limits::LimitsApi,
    events::EventsApi,
    webhooks::WebhooksApi,
    webhooks::deliveries::DeliveriesApi,
    catalogues::CataloguesApi,
    health::HealthApi,
    police::cases::CasesApi,
    police::claims::ClaimsApi,
    police::decision::DecisionsApi,
    police::summary::CaseCountsApi,
    admin::notifications::NotificationsApi,
    admin::requeue::RequeueApi,
    admin::destinations::DestinationsApi,
    admin::directory::organisations::OrganisationsApi,
    admin::directory::facilities::FacilityRecordsApi,
    admin::directory::keys::KeysApi,
}

/// The service's operations.
pub(crate) struct Api {
    app: Arc<App>,
    docs: DocsApi,
}

/// One table of paths: nouns may share a path by different methods.
fn merged(nouns: impl Iterator<Item = MetaApi>) -> Vec<MetaApi> {
    let mut paths: Vec<MetaPath> = Vec::new();
    for mut path in nouns.flat_map(|noun| noun.paths) {
        path.operations.iter_mut().for_each(parameters::spread);
        match paths.iter_mut().find(|known| known.path == path.path) {
            Some(known) => known.operations.extend(path.operations),
            None => paths.push(path),
        }
    }
    vec![MetaApi { paths }]
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
            .map(|path| (to_pattern(&path.path), path.path))
            .collect()
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

    fn add_routes(self, _: &mut Endpoints) {}
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
