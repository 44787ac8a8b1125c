//! The template for files of stays.

use domain::{
    problem::{Code, Language},
    sex::Sex,
};
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

/// The workbooks of the template in both languages, and their lists.
pub(crate) struct Templates {
    vi: Vec<u8>,
    en: Vec<u8>,
    /// The words that are offered in drop-down lists.
    pub(crate) lists: Lists,
}

impl Templates {
    fn of(&self, language: Language) -> &[u8] {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

/// Writes the workbooks from the catalogues; empty when that failed.
pub(crate) fn write(catalogues: &[StoredCatalogue]) -> Templates {
    let lists = Lists {
        document_kinds: words(catalogues, "document_kinds"),
        purposes: words(catalogues, "purposes"),
        sexes: sexes(),
        countries: words(catalogues, "countries"),
    };
    let workbook = |language| {
        template::xlsx(&lists, language).unwrap_or_else(|error| {
            tracing::error!(%error, "the template for files was not written");
            Vec::new()
        })
    };
    Templates {
        vi: workbook(Language::Vi),
        en: workbook(Language::En),
        lists,
    }
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
        name_vi: body["name_vi"].as_str().unwrap_or(code).to_owned(),
        name_en: body["name_en"].as_str().unwrap_or(code).to_owned(),
    }
}

fn sexes() -> Vec<Word> {
    let names = |sex: Sex| match sex {
        Sex::Male => ("Nam", "Male"),
        Sex::Female => ("Nữ", "Female"),
        Sex::Unspecified => ("Không ghi", "Unspecified"),
    };
    let word = |sex: &Sex| {
        let (vi, en) = names(*sex);
        Word {
            code: sex.as_str().to_owned(),
            name_vi: vi.to_owned(),
            name_en: en.to_owned(),
        }
    };
    Sex::ALL.iter().map(word).collect()
}
