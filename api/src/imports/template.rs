//! The template for files of stays.

use std::sync::Arc;

use domain::import::FileKind;
use domain::problem::{Code, Language};
use formats::template;
use poem::http::{HeaderMap, header};
use poem::{Endpoint, EndpointExt, middleware::SetHeader};
use poem_openapi::{ApiResponse, OpenApi};

use super::file::TableFile;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::exchange::Current;
use crate::negotiation;
use crate::problem::Failure;
use crate::refused::Refused;
use crate::reply::Localised;
use crate::topic::Topic;

/// The template for files.
pub(crate) struct ImportTemplateApi(pub(crate) Arc<App>);

/// The template is shown.
#[derive(ApiResponse)]
pub(crate) enum TemplateShown {
    /// The template.
    #[oai(status = 200)]
    Template(Localised<TableFile>),
}

impl Examples for ImportTemplateApi {}

#[OpenApi]
impl ImportTemplateApi {
    /// Get a template for files
    ///
    /// An XLSX workbook with drop-down lists and a sheet of examples, or a CSV heading for
    /// `Accept: text/csv`; in the language of `Accept-Language`.
    #[oai(
        path = "/v1/imports/template",
        method = "get",
        operation_id = "showImportTemplate",
        tag = "Topic::Files",
        transform = "varying"
    )]
    async fn show(
        &self,
        Current(exchange): Current,
        headers: &HeaderMap,
        _admitted: Admitted<op::ShowImportTemplate>,
    ) -> Result<TemplateShown, Refused<406>> {
        let language = exchange.language;
        let offered = [FileKind::Xlsx, FileKind::Csv].map(FileKind::media_type);
        let chosen = negotiation::choose(headers, &offered).and_then(FileKind::of_media_type);
        let kind = chosen.ok_or_else(|| Failure::new(Code::NotAcceptable))?;
        let bytes = match kind {
            FileKind::Xlsx => self.0.templates.of(language).to_vec(),
            FileKind::Csv => template::csv(language),
        };
        if bytes.is_empty() {
            return Err(Failure::internal("the template was not written").into());
        }
        let name = match language {
            Language::Vi => "luutru-mau",
            Language::En => "luutru-template",
        };
        let file = TableFile {
            kind,
            bytes,
            name: name.to_owned(),
        };
        Ok(TemplateShown::Template(Localised::new(language, file)))
    }
}

/// Says that the answer depends on the form that is asked for, too.
fn varying(endpoint: impl Endpoint) -> impl Endpoint {
    endpoint.with(SetHeader::new().overriding(header::VARY, "Accept, Accept-Language"))
}
