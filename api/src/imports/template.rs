//! The template for files of stays.

use domain::{problem::Code, sex::Sex};
use formats::{
    table::FileKind,
    template::{self, Lists, Word},
};
use poem::http::{HeaderMap, header};
use serde_json::Value;
use store::catalogues::StoredCatalogue;

use super::named;
use crate::accept;
use crate::answer::Answer;
use crate::app::App;
use crate::problem::Failure;
use crate::shapes::text::FileContent;

/// The template in the form that `Accept` prefers: a workbook, or the heading of a CSV.
pub(crate) fn show(app: &App, headers: &HeaderMap) -> Result<Answer<FileContent>, Failure> {
    let offered = [FileKind::Xlsx, FileKind::Csv].map(FileKind::media_type);
    let chosen = accept::choose(headers, &offered).and_then(FileKind::of_media_type);
    let kind = chosen.ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let bytes = match kind {
        FileKind::Xlsx => app.template.clone(),
        FileKind::Csv => template::csv(),
    };
    if bytes.is_empty() {
        return Err(Failure::internal("the template was not written"));
    }
    let answer = Answer::of_type(kind.media_type(), bytes).with_header(header::VARY, "Accept");
    Ok(named(answer, &format!("luutru-mau.{}", kind.as_str())))
}

/// Writes the workbook from the catalogues; empty when that failed.
pub(crate) fn write(catalogues: &[StoredCatalogue]) -> Vec<u8> {
    let lists = Lists {
        document_kinds: words(catalogues, "document_kinds"),
        purposes: words(catalogues, "purposes"),
        sexes: sexes(),
        countries: words(catalogues, "countries"),
    };
    template::xlsx(&lists).unwrap_or_else(|error| {
        tracing::error!(%error, "the template for files was not written");
        Vec::new()
    })
}

fn words(catalogues: &[StoredCatalogue], name: &str) -> Vec<Word> {
    let found = catalogues.iter().find(|catalogue| catalogue.name == name);
    let entries = found.map(|catalogue| catalogue.entries.as_slice());
    entries.unwrap_or_default().iter().map(word).collect()
}

fn word((code, body): &(String, String)) -> Word {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    Word {
        code: code.clone(),
        name: body["name_vi"].as_str().unwrap_or(code).to_owned(),
    }
}

fn sexes() -> Vec<Word> {
    let name = |sex: Sex| match sex {
        Sex::Male => "Nam",
        Sex::Female => "Nữ",
        Sex::Unspecified => "Không ghi",
    };
    let word = |sex: &Sex| Word {
        code: sex.as_str().to_owned(),
        name: name(*sex).to_owned(),
    };
    Sex::ALL.iter().map(word).collect()
}
