//! The template for files of stays.

use domain::problem::{Code, Language};
use formats::{table::FileKind, template};
use poem::http::{HeaderMap, header};

use super::named;
use crate::accept;
use crate::answer::Answer;
use crate::app::App;
use crate::exchange::Exchange;
use crate::problem::Failure;
use crate::shapes::text::FileContent;

/// The template in the form that `Accept` prefers: a workbook, or the heading of a CSV.
pub(crate) fn show(
    app: &App,
    exchange: &Exchange,
    headers: &HeaderMap,
) -> Result<Answer<FileContent>, Failure> {
    let offered = [FileKind::Xlsx, FileKind::Csv].map(FileKind::media_type);
    let chosen = accept::choose(headers, &offered).and_then(FileKind::of_media_type);
    let kind = chosen.ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let bytes = match kind {
        FileKind::Xlsx => app.templates.of(exchange.language).to_vec(),
        FileKind::Csv => template::csv(exchange.language),
    };
    if bytes.is_empty() {
        return Err(Failure::internal("the template was not written"));
    }
    let answer = Answer::of_type(kind.media_type(), bytes)
        .with_header(header::VARY, "Accept, Accept-Language")
        .with_header(header::CONTENT_LANGUAGE, exchange.language.as_str());
    let name = match exchange.language {
        Language::Vi => "luutru-mau",
        Language::En => "luutru-template",
    };
    Ok(named(answer, &format!("{name}.{}", kind.as_str())))
}
