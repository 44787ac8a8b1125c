//! Locates findings about a stay in the file: the column by its heading, and the cell of the row.

use domain::problem::{self, Code, Language, Violation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CellNote;
use crate::columns::{Columns, Field};
use crate::template;

/// The columns of a sheet that are understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceColumns(Vec<PlaceColumn>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PlaceColumn {
    /// The word of the field.
    field: String,
    /// The column, from 1.
    column: usize,
    /// The cell among those that are kept of a row, from 0.
    cell: usize,
    heading: String,
}

/// A violation or a warning in words, as it is kept with a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowNote {
    /// Pointer into the stay.
    pub pointer: String,
    /// Its code.
    pub code: String,
    /// In Vietnamese.
    pub vi: String,
    /// In English.
    pub en: String,
    /// The cell that it is about, among those that are kept of the row, from 0.
    pub cell: Option<usize>,
}

impl RowNote {
    /// About the file as a whole, or about nothing in it.
    #[must_use]
    pub fn of(violation: &Violation) -> Self {
        Self {
            pointer: violation.pointer.clone(),
            code: violation.code.as_str().to_owned(),
            vi: violation.message(Language::Vi),
            en: violation.message(Language::En),
            cell: None,
        }
    }

    /// As it is kept: words in both languages, no value.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "pointer": self.pointer,
            "code": self.code,
            "vi": self.vi,
            "en": self.en,
            "cell": self.cell,
        })
    }

    /// The violation without what its hint added.
    #[must_use]
    pub fn violation(&self) -> Violation {
        let code = Code::parse(&self.code).unwrap_or(Code::Internal);
        Violation::new(self.pointer.clone(), code)
    }
}

impl PlaceColumns {
    pub(super) fn of(columns: &Columns) -> Self {
        let mut ours_before = 0;
        let mut places = Vec::new();
        for column in columns.known() {
            if column.field == Field::Ours {
                ours_before += 1;
            } else if !column.is_passed_over {
                places.push(PlaceColumn {
                    field: column.field.as_str().to_owned(),
                    column: column.place + 1,
                    cell: column.place - ours_before,
                    heading: column.heading.clone(),
                });
            }
        }
        Self(places)
    }

    /// Describes a finding about a cell.
    #[must_use]
    pub fn note(&self, note: &CellNote) -> RowNote {
        let fields = note
            .field
            .map_or_else(|| fields_of(&note.violation.pointer), |field| vec![field]);
        self.note_of(&note.violation, &fields)
    }

    /// Describes a violation of a member. `sources` are the columns that members were read from, if
    /// several could supply one.
    #[must_use]
    pub fn judged(&self, violation: &Violation, sources: &[(String, String)]) -> RowNote {
        let source = sources
            .iter()
            .find(|(pointer, _)| *pointer == violation.pointer);
        let source = source.and_then(|(_, word)| Field::parse(word));
        let fields = source.map_or_else(|| fields_of(&violation.pointer), |field| vec![field]);
        self.note_of(violation, &fields)
    }

    /// The heading of a field, as the file has it or as the template would.
    #[must_use]
    pub fn heading(&self, field: Field, language: Language) -> String {
        let place = self.place(field).map(|place| place.heading.clone());
        place.unwrap_or_else(|| template::heading(field, language).to_owned())
    }

    fn note_of(&self, violation: &Violation, fields: &[Field]) -> RowNote {
        let place = fields.iter().find_map(|field| self.place(*field));
        let message = |language| {
            let column = match (place, fields.first()) {
                (Some(place), _) => problem::SheetColumnRef::Present(place.column, &place.heading),
                (None, Some(field)) if violation.code == Code::Required => {
                    problem::SheetColumnRef::Missing(template::heading(*field, language))
                }
                (None, _) => problem::SheetColumnRef::None,
            };
            problem::in_file(violation, column, language)
        };
        RowNote {
            pointer: violation.pointer.clone(),
            code: violation.code.as_str().to_owned(),
            vi: message(Language::Vi),
            en: message(Language::En),
            cell: place.map(|place| place.cell),
        }
    }

    fn place(&self, field: Field) -> Option<&PlaceColumn> {
        self.0.iter().find(|place| place.field == field.as_str())
    }
}

/// The fields that a member may come from, the likeliest first.
fn fields_of(pointer: &str) -> Vec<Field> {
    let fields: &[Field] = match pointer {
        "/reference" => &[Field::Reference, Field::PersonNumber],
        "/room" => &[Field::Room],
        "/bed" => &[Field::Bed],
        "/ward" => &[Field::Ward],
        "/arrival_at" => &[Field::Arrival, Field::ArrivalTime],
        "/expected_departure_at" => &[Field::Departure, Field::DepartureTime],
        "/departed_at" => &[Field::Departure, Field::DepartureTime],
        "/purpose" => &[Field::Purpose],
        "/purpose_text" => &[Field::PurposeText, Field::Purpose],
        "/guest/full_name" => &[Field::FullName, Field::FamilyName, Field::GivenName],
        "/guest/birth_date" => &[Field::BirthDate, Field::BirthYear],
        "/guest/sex" => &[Field::Sex],
        "/guest/nationality" => &[Field::Nationality],
        "/guest/document/kind" => &[Field::DocumentKind],
        "/guest/document" | "/guest/document/number" => &[
            Field::DocumentNumber,
            Field::PersonalId,
            Field::PassportNumber,
        ],
        "/guest/no_document_reason" => &[Field::NoDocumentReason],
        "/guest/residence/commune_code" => &[Field::CommuneCode],
        "/guest/residence" | "/guest/residence/address" => &[Field::ResidenceAddress],
        "/guest/phone" => &[Field::Phone],
        "/guest/guardian" | "/guest/guardian/full_name" => &[Field::GuardianName],
        "/guest/guardian/relation" => &[Field::GuardianRelation],
        "/guest/guardian/phone" => &[Field::GuardianPhone],
        "/guest/mother_reference" => &[Field::MotherReference],
        "/guest/permitted_stay_until" => &[Field::PermittedStayUntil],
        "/guest/visa/kind" => &[Field::VisaKind],
        "/guest/visa" | "/guest/visa/number" => &[Field::VisaNumber],
        "/guest/visa/expires_on" => &[Field::VisaExpiry],
        "/guest/entered_on" => &[Field::EnteredOn],
        "/guest/entry_gate" => &[Field::EntryGate],
        "/party" | "/party/reference" => &[Field::BookingReference],
        "/party/role" => &[Field::PartyRole],
        "/note" => &[Field::Note],
        _ => &[],
    };
    fields.to_vec()
}
