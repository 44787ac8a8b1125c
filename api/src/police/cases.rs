//! The list of cases, and one of them.

use std::sync::Arc;

use domain::review::{ReviewKind, ReviewState};
use domain::sender::Sender;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    registry::{MetaSchema, MetaSchemaRef},
};
use serde::Serialize;
use store::review::queue::{self, CaseFilter};
use uuid::Uuid;

use super::{item, note_reads, scope_of};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::cursor;
use crate::examples::Examples;
use crate::parameters::{Paged, Parameter, Query, inline, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::review::ReviewCase;
use crate::topic::Topic;

/// What cursors of this list are good for.
const LIST: &str = "review_cases";
/// Digits of a commune's code.
const COMMUNE_CODE_LENGTH: usize = 5;

query! {
    /// Which cases are listed.
    pub(crate) struct CaseFilters {
        /// Only cases opened for this reason.
        kind: Option<ReviewKind>,
        /// Only cases in this state; left out, all but closed ones.
        state: Option<ReviewState>,
        /// Only cases of this commune.
        commune: Option<CommuneFilter>,
        /// Only cases that this lease of yours holds.
        lease_id: Option<Uuid>,
    }
}

/// The code of a commune.
pub(crate) struct CommuneFilter(pub(super) String);

impl Parameter for CommuneFilter {
    fn read(text: &str) -> Option<Self> {
        let is_code =
            text.len() == COMMUNE_CODE_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| Self(text.to_owned()))
    }

    fn schema() -> MetaSchemaRef {
        inline(MetaSchema {
            pattern: Some("^[0-9]{5}$".to_owned()),
            ..MetaSchema::new("string")
        })
    }
}

/// A page of cases, the most urgent first, among equals the oldest.
#[derive(Object, Serialize)]
pub(crate) struct ReviewPage {
    /// The cases.
    items: Vec<ReviewCase>,
    /// Cases of this page that are stored damaged and cannot be read; left out when all can. The
    /// operator knows of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<Vec<Uuid>>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Cases are listed.
#[derive(ApiResponse)]
pub(crate) enum CasesListed {
    /// A page of cases.
    #[oai(status = 200)]
    Page(Json<ReviewPage>),
}

/// A case is shown.
#[derive(ApiResponse)]
pub(crate) enum CaseShown {
    /// The case.
    #[oai(status = 200)]
    Case(Json<ReviewCase>),
}

/// Cases, listed and shown.
pub(crate) struct CasesApi(pub(crate) Arc<App>);

impl Examples for CasesApi {
    const EXAMPLES: &'static str = include_str!("cases.examples.json");
}

#[OpenApi]
impl CasesApi {
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
    async fn list(
        &self,
        admitted: Admitted<op::ListCases>,
        mut query: Query<Paged<CaseFilters>>,
    ) -> Result<CasesListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.page(&app.vault, LIST, sender.key_id);
        let filters = query.finish()?.filters;
        let filter = CaseFilter {
            kinds: filters.kind.into_iter().collect(),
            state: filters.state,
            commune_code: filters.commune.map(|commune| commune.0),
            lease: filters.lease_id.map(|lease_id| (lease_id, sender.key_id)),
            ..CaseFilter::default()
        };
        let (scope, limit) = (scope_of(sender), page.limit + 1);
        let mut cases = queue::list(&app.db, &scope, &filter, page.after, limit).await?;
        let last = page.cut(&mut cases);
        let next_cursor = last.map(|case| cursor::write(&app.vault, LIST, sender.key_id, case.id));
        let shown = item::render(app, sender.key_id, &cases).await?;
        note_reads(app, sender, &cases).await?;
        Ok(CasesListed::Page(Json(ReviewPage {
            items: shown.items,
            unreadable: shown.unreadable,
            next_cursor,
        })))
    }

    /// See a case
    #[oai(
        path = "/v1/police/notifications/:id",
        method = "get",
        operation_id = "showCase",
        tag = "Topic::Police"
    )]
    async fn show(
        &self,
        admitted: Admitted<op::ShowCase>,
        /// The case's id.
        Path(id): Path<Uuid>,
    ) -> Result<CaseShown, Failure> {
        let case = shown(&self.0, admitted.sender(), id).await?;
        Ok(CaseShown::Case(Json(case)))
    }
}

/// A case as an officer sees it, which is audited.
///
/// Errors: 404 for one that is not there or of others; the sight cannot be audited.
pub(crate) async fn shown(app: &App, sender: &Sender, id: Uuid) -> Result<ReviewCase, Failure> {
    let case = queue::find_readable(&app.db, &scope_of(sender), sender.key_id, id).await?;
    // Absent and of another commune are the same 404.
    let Some(case) = case else {
        return Err(super::absent(app, sender, id).await);
    };
    let cases = [case];
    let mut shown = item::render(app, sender.key_id, &cases).await?;
    note_reads(app, sender, &cases).await?;
    let item = shown.items.pop();
    item.ok_or_else(|| Failure::internal("a case is damaged"))
}
