//! The card as it is sent: every value as it was typed, by the name of its field.

use domain::problem::{Code, Violation};

macro_rules! form {
    ($( $(#[$doc:meta])* $field:ident = $name:literal at $pointer:literal, )+) => {
        /// The values of a guest's card, as typed.
        #[derive(Clone, Default, PartialEq, Eq)]
        pub struct CardForm {
            $( $(#[$doc])* pub $field: String, )+
            /// What opened the card: a word of [`super::card::Source`].
            pub source: String,
            /// The key that makes sending twice harmless.
            pub key: String,
            /// What the guest was expected under.
            pub expected: String,
            /// Whether all of the guest's fields are open.
            pub is_open: bool,
            /// What deserved a look when the card was scanned.
            pub doubts: Vec<Violation>,
        }

        impl CardForm {
            /// Each value of a guest with its field's name and the member it becomes.
            #[must_use]
            pub fn values(&self) -> Vec<(&'static str, &'static str, &str)> {
                vec![ $( ($name, $pointer, self.$field.as_str()), )+ ]
            }

            /// Fills in a member that nothing is said of yet.
            pub fn fill_at(&mut self, pointer: &str, value: &str) {
                let slot = match pointer {
                    $( $pointer => &mut self.$field, )+
                    _ => return,
                };
                if slot.is_empty() {
                    value.trim().clone_into(slot);
                }
            }

            fn slot(&mut self, name: &str) -> Option<&mut String> {
                match name {
                    $( $name => Some(&mut self.$field), )+
                    "source" => Some(&mut self.source),
                    "key" => Some(&mut self.key),
                    "expected" => Some(&mut self.expected),
                    _ => None,
                }
            }
        }
    };
}

form! {
    /// Which kind of document.
    kind = "kind" at "/guest/document/kind",
    /// Its number.
    number = "number" at "/guest/document/number",
    /// Why there is none.
    no_document_reason = "no_document_reason" at "/guest/no_document_reason",
    /// The sender's own reference.
    reference = "reference" at "/reference",
    /// The guest's name.
    full_name = "full_name" at "/guest/full_name",
    /// The guest's date of birth.
    birth_date = "birth_date" at "/guest/birth_date",
    /// The guest's sex.
    sex = "sex" at "/guest/sex",
    /// The guest's nationality.
    nationality = "nationality" at "/guest/nationality",
    /// Where the guest lives.
    address = "address" at "/guest/residence/address",
    /// The guest's telephone.
    phone = "phone" at "/guest/phone",
    /// The guardian's name.
    guardian_name = "guardian_name" at "/guest/guardian/full_name",
    /// The guardian's relation.
    guardian_relation = "guardian_relation" at "/guest/guardian/relation",
    /// The guardian's telephone.
    guardian_phone = "guardian_phone" at "/guest/guardian/phone",
    /// The room.
    room = "room" at "/room",
    /// The bed.
    bed = "bed" at "/bed",
    /// The last permitted day of a foreigner.
    permitted_until = "permitted_until" at "/guest/permitted_stay_until",
    /// The kind of visa.
    visa_kind = "visa_kind" at "/guest/visa/kind",
    /// The visa's number.
    visa_number = "visa_number" at "/guest/visa/number",
    /// The day of entry.
    entered_on = "entered_on" at "/guest/entered_on",
    /// When the stay begins.
    arrival = "arrival" at "/arrival_at",
    /// When it is expected to end.
    departure = "departure" at "/expected_departure_at",
    /// Why the guest stays.
    purpose = "purpose" at "/purpose",
    /// What the purpose `other` means.
    purpose_text = "purpose_text" at "/purpose_text",
}

/// The most doubts a scan can have; more are none of ours.
const DOUBT_COUNT_MAX: usize = 20;

impl CardForm {
    /// Reads the pairs of a form. Fields that are not the card's are passed over.
    #[must_use]
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name {
                "open" => form.is_open = !value.is_empty(),
                "doubt" if form.doubts.len() < DOUBT_COUNT_MAX => {
                    form.doubts.extend(read_doubt(value));
                }
                _ => {
                    if let Some(slot) = form.slot(name) {
                        value.trim().clone_into(slot);
                    }
                }
            }
        }
        form
    }

    /// A doubt in the form in which it is sent along.
    #[must_use]
    pub fn written_doubt(doubt: &Violation) -> String {
        format!("{} {}", doubt.pointer, doubt.code)
    }
}

fn read_doubt(text: &str) -> Option<Violation> {
    let (pointer, code) = text.rsplit_once(' ')?;
    let is_of_a_guest = pointer.starts_with("/guest");
    let code = Code::parse(code).filter(|_| is_of_a_guest)?;
    Some(Violation::new(pointer, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_by_the_names_of_its_fields() {
        let pairs = [
            ("full_name", " Nguyễn Văn An "),
            ("room", "203"),
            ("open", "1"),
            ("doubt", "/guest/full_name text_repaired"),
            ("doubt", "/note text_repaired"),
            ("doubt", "/guest nonsense"),
            ("stranger", "x"),
        ];
        let form = CardForm::read(pairs);
        assert_eq!(form.full_name, "Nguyễn Văn An");
        assert_eq!(form.room, "203");
        assert!(form.is_open);
        let doubt = Violation::new("/guest/full_name", Code::TextRepaired);
        assert_eq!(form.doubts, std::slice::from_ref(&doubt));
        assert_eq!(CardForm::written_doubt(&doubt), pairs[3].1);
    }
}
