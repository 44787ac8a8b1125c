//! The template as workbooks, written once at the start.

use domain::{problem::Language, sex::Sex};
use formats::template::{self, Lists, TemplateWord};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::catalogues::StoredCatalogue;

/// The workbooks of the template in both languages, and their lists.
pub(crate) struct Templates {
    vi: Vec<u8>,
    en: Vec<u8>,
    /// The words that are offered in drop-down lists.
    pub(crate) lists: Lists,
}

impl Templates {
    /// Writes the workbooks from the catalogues; empty when that failed.
    pub(crate) fn new(catalogues: &[StoredCatalogue]) -> Self {
        let lists = Lists {
            document_kinds: words(catalogues, "document_kinds"),
            purposes: words(catalogues, "purposes"),
            sexes: sexes(),
            countries: words(catalogues, "countries"),
        };
        let workbook = |language| {
            template::xlsx(&lists, language).unwrap_or_else(|error| {
                tracing::error!(%error, "could not write the file template");
                Vec::new()
            })
        };
        Self {
            vi: workbook(Language::Vi),
            en: workbook(Language::En),
            lists,
        }
    }

    pub(super) fn of(&self, language: Language) -> &[u8] {
        match language {
            Language::Vi => &self.vi,
            Language::En => &self.en,
        }
    }
}

fn words(catalogues: &[StoredCatalogue], name: &str) -> Vec<TemplateWord> {
    let found = catalogues.iter().find(|catalogue| catalogue.name == name);
    let entries = found.map(|catalogue| catalogue.entries.as_slice());
    entries.unwrap_or_default().iter().map(word).collect()
}

/// The names of a catalogue's entry; an entry without one goes by its code.
#[derive(Default, Deserialize)]
struct Names {
    #[serde(rename = "name_vi")]
    vi: Option<String>,
    #[serde(rename = "name_en")]
    en: Option<String>,
}

fn word((code, body): &(String, Box<RawValue>)) -> TemplateWord {
    let names: Names = serde_json::from_str(body.get()).unwrap_or_default();
    TemplateWord {
        code: code.clone(),
        name_vi: names.vi.unwrap_or_else(|| code.clone()),
        name_en: names.en.unwrap_or_else(|| code.clone()),
    }
}

fn sexes() -> Vec<TemplateWord> {
    let names = |sex: Sex| match sex {
        Sex::Male => ("Nam", "Male"),
        Sex::Female => ("Nữ", "Female"),
        Sex::Unspecified => ("Không ghi", "Unspecified"),
    };
    let word = |sex: &Sex| {
        let (vi, en) = names(*sex);
        TemplateWord {
            code: sex.as_str().to_owned(),
            name_vi: vi.to_owned(),
            name_en: en.to_owned(),
        }
    };
    Sex::ALL.iter().map(word).collect()
}
