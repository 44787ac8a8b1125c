//! The operations as they are described, without what they work with.

use poem_openapi::{
    OpenApi, OpenApiService,
    registry::{MetaApi, Registry},
};

use super::{Api, EXAMPLES, Endpoints};
use crate::docs::Derived;

/// What the framework derives from the operations: the document without what it cannot know.
pub(crate) fn specification() -> Derived {
    let service = OpenApiService::new(Described, "luutru", env!("CARGO_PKG_VERSION"));
    Derived {
        document: serde_json::from_str(&service.spec()).unwrap_or_default(),
        examples: EXAMPLES,
    }
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
