//! A guest's card: what was read without doubt is text; what is doubtful, missing or wrong is a
//! field. One key opens all of them.

mod guest;

use chrono::{DateTime, NaiveTime, Utc};
use domain::{
    birth_date::BirthDate,
    country,
    deadline::Deadline,
    document::{DocumentKind, NoDocumentReason},
    facility::Facility,
    problem::{Language, Violation},
    purpose::Purpose,
    sex::Sex,
    stay::Timeliness,
    time::local_date,
    typed::{self, Leaning},
};
use uuid::Uuid;

use super::form::CardForm;
use crate::badge::{Badge, Tone};
use crate::field::{Choice, Control, Field, FieldState};
use crate::icon::Icon;
use crate::moment;
use crate::words::Words;
use guest::CardGuest;

/// What opened a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The QR code of a card.
    Qr,
    /// A machine-readable zone.
    Mrz,
    /// A number that was typed.
    Typed,
    /// A guest without a document.
    Nothing,
}

impl Source {
    /// The word that the form sends along.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Qr => "qr",
            Self::Mrz => "mrz",
            Self::Typed => "typed",
            Self::Nothing => "none",
        }
    }

    /// The source of a word; a card without one was typed.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let all = [Self::Qr, Self::Mrz, Self::Nothing];
        let found = all.into_iter().find(|source| source.as_str() == word);
        found.unwrap_or(Self::Typed)
    }

    fn badge(self, words: Words) -> Badge {
        let (icon, word) = match self {
            Self::Qr => (Icon::QrCode, words.source_qr()),
            Self::Mrz => (Icon::Book, words.source_mrz()),
            Self::Typed => (Icon::Keyboard, words.source_typed()),
            Self::Nothing => (Icon::Users, words.source_none()),
        };
        Badge::new(Tone::Go, icon, word)
    }
}

/// What a card is judged with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The words of the reader's language.
    pub words: Words,
    /// When the page is made.
    pub now: DateTime<Utc>,
    /// Where the guest stays.
    pub facility: &'a Facility,
    /// A stay of the same document that is open here.
    pub duplicate: Option<&'a Duplicate>,
    /// Adults who were declared here a moment ago, for a child's guardian.
    pub adults: &'a [Adult],
    /// The countries that can be chosen, by name.
    pub countries: &'a [Choice],
}

/// A stay of the same document that is open at the facility.
#[derive(Clone, Debug)]
pub struct Duplicate {
    /// The stay.
    pub stay_id: Uuid,
    /// Where the guest sleeps.
    pub room: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// An adult who was declared here a moment ago.
#[derive(Clone, Debug)]
pub struct Adult {
    /// The name.
    pub name: String,
    /// Where they sleep.
    pub room: Option<String>,
}

impl Adult {
    /// Name and room in the form in which they are sent when the adult is chosen.
    #[must_use]
    pub fn value(&self) -> String {
        format!("{}|{}", self.room.as_deref().unwrap_or_default(), self.name)
    }

    /// The adult of such a text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (room, name) = text.split_once('|')?;
        Some(Self {
            name: name.to_owned(),
            room: (!room.is_empty()).then(|| room.to_owned()),
        })
    }
}

/// The card as it is shown.
pub struct Card {
    /// The guest's name, or the number of one who is not named yet.
    pub heading: String,
    /// What is known, as text.
    pub facts: Vec<CardFact>,
    /// What opened the card.
    pub source: Badge,
    /// Whether there are fields to open.
    pub can_open: bool,
    /// What is wrong, in the order of the fields: the field and the message.
    pub summary: Vec<(&'static str, String)>,
    /// Heading of the summary.
    pub not_saved: String,
    /// Values that are text on this card.
    pub hidden: Vec<(&'static str, String)>,
    /// The guest's fields.
    pub guest_fields: Vec<Field>,
    /// A stay of the same guest that is open here: what is so, and the stay.
    pub duplicate: Option<(String, Uuid)>,
    /// Whether other stays were looked for.
    pub is_compared: bool,
    /// A foreigner's own deadline.
    pub own_deadline: Option<String>,
    /// The guardian of a child.
    pub guardian: Option<Guardian>,
    /// The fields of the stay.
    pub stay_fields: Vec<Field>,
    /// How to type the day until which a foreigner may stay.
    pub permit_hint: Option<&'static str>,
    /// The deadline in words; `None` when it has passed.
    pub deadline: Option<String>,
    /// Whether the card was sent and not saved for a reason that passes.
    pub is_unsent: bool,
}

/// Something known of a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFact {
    /// In words.
    pub text: String,
    /// Whether it is what people compare first.
    pub is_key: bool,
}

impl CardFact {
    fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_key: false,
        }
    }

    fn key(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_key: true,
        }
    }
}

/// The guardian's part of a card.
pub struct Guardian {
    /// Who may be chosen by one key.
    pub adults: Vec<Adult>,
    /// Name, relation, telephone.
    pub fields: Vec<Field>,
}

impl Card {
    /// The card of a form, with what is wrong with it.
    #[must_use]
    pub fn of(form: &CardForm, faults: &[Violation], around: Surroundings<'_>) -> Self {
        let maker = CardMaker::new(form, faults, around);
        let words = around.words;
        let guest_fields = maker.guest_fields();
        let stay_fields = maker.stay_fields();
        let guardian = maker.guardian();
        let shown: Vec<&'static str> = guest_fields
            .iter()
            .chain(&stay_fields)
            .chain(guardian.iter().flat_map(|guardian| &guardian.fields))
            .map(|field| field.name)
            .collect();
        let summary = maker.summary(&shown);
        Self {
            heading: maker.heading(),
            facts: maker.facts(),
            source: maker.source.badge(words),
            can_open: !form.is_open,
            not_saved: words.not_saved(summary.len()),
            hidden: maker.hidden(&shown),
            duplicate: maker.duplicate(),
            is_compared: !form.number.is_empty() && maker.guest.has_sound_number,
            own_deadline: maker.own_deadline(),
            permit_hint: maker.guest.may_be_foreigner.then(|| words.permit_hint()),
            deadline: maker.deadline(),
            is_unsent: false,
            summary,
            guest_fields,
            guardian,
            stay_fields,
        }
        .focused()
    }

    /// The same card, which was sent and not saved for a reason that passes.
    #[must_use]
    pub fn unsent(self) -> Self {
        Self {
            is_unsent: true,
            ..self.without_focus()
        }
    }

    /// Puts the cursor into the first field that has to be typed, never into a doubtful one. Where
    /// something is wrong the summary has it.
    fn focused(mut self) -> Self {
        if !self.summary.is_empty() {
            return self;
        }
        let fields = self.guest_fields.iter_mut().chain(&mut self.stay_fields);
        let mut empty = fields.filter(|field| field.value.is_empty() && field.aside.is_none());
        if let Some(field) = empty.next() {
            field.is_focused = true;
        }
        self
    }

    fn without_focus(mut self) -> Self {
        let fields = self.guest_fields.iter_mut().chain(&mut self.stay_fields);
        fields.for_each(|field| field.is_focused = false);
        self
    }

    /// Whether the button has the cursor, because nothing is left to type.
    #[must_use]
    pub fn is_button_focused(&self) -> bool {
        let mut fields = self.guest_fields.iter().chain(&self.stay_fields);
        self.summary.is_empty() && !fields.any(|field| field.is_focused)
    }
}

/// Whether a guest's field is to be filled in.
#[derive(Clone, Copy)]
struct Owed {
    /// Shown where the guest is typed, whether or not it is needed.
    is_typed: bool,
    /// Without it the declaration is refused.
    is_needed: bool,
}

impl Owed {
    const fn always() -> Self {
        Self::when(true)
    }

    const fn when(is_owed: bool) -> Self {
        Self {
            is_typed: is_owed,
            is_needed: is_owed,
        }
    }
}

/// Makes a card out of a form.
struct CardMaker<'a> {
    form: &'a CardForm,
    faults: &'a [Violation],
    around: Surroundings<'a>,
    source: Source,
    guest: CardGuest,
}

impl<'a> CardMaker<'a> {
    fn new(form: &'a CardForm, faults: &'a [Violation], around: Surroundings<'a>) -> Self {
        Self {
            form,
            faults,
            around,
            source: Source::parse(&form.source),
            guest: CardGuest::of(form, around.now),
        }
    }

    fn words(&self) -> Words {
        self.around.words
    }

    fn language(&self) -> Language {
        self.words().0
    }

    fn is_typed(&self) -> bool {
        matches!(self.source, Source::Typed | Source::Nothing)
    }

    /// What is to be said about the member of a field: a fault before a doubt.
    fn state(&self, pointers: &[&str]) -> FieldState {
        let is_about = |violation: &&Violation| pointers.contains(&violation.pointer.as_str());
        if let Some(fault) = self.faults.iter().find(is_about) {
            return FieldState::Bad(self.message(fault));
        }
        match self.form.doubts.iter().find(is_about) {
            Some(doubt) => FieldState::Doubtful(doubt.message(self.language())),
            None => FieldState::Plain,
        }
    }

    fn message(&self, fault: &Violation) -> String {
        let said = self.words().of_fault(&fault.pointer, fault.code);
        said.map_or_else(|| fault.message(self.language()), str::to_owned)
    }

    /// A guest's field, if it is to be shown: opened, to be looked at, missing, or typed anyway.
    fn shown(&self, field: Field, pointers: &[&str], owed: Owed) -> Option<Field> {
        let field = field.state(self.state(pointers));
        let is_shown = self.form.is_open
            || field.state != FieldState::Plain
            || (self.is_typed() && owed.is_typed)
            || (owed.is_needed && field.value.is_empty());
        is_shown.then(|| match owed.is_needed {
            true => field,
            false => field.aside(self.words().optional()),
        })
    }

    fn guest_fields(&self) -> Vec<Field> {
        let (words, form) = (self.words(), self.form);
        let phone = Field::line("phone", words.phone(), form.phone.as_str());
        let fields = [
            self.document_kind(),
            self.document_number(),
            self.reason(),
            self.reference(),
            self.full_name(),
            self.birth_date(),
            self.sex(),
            self.nationality(),
            self.opened(Field::line(
                "address",
                words.address(),
                form.address.as_str(),
            )),
            self.opened(phone.with(Control::Telephone)),
        ];
        fields.into_iter().flatten().collect()
    }

    fn document_kind(&self) -> Option<Field> {
        let words = self.words();
        let field = Field::line("kind", words.document_kind(), self.form.kind.as_str())
            .with(Control::Choice(kinds(words)));
        let field = match self.guest.has_ambiguous_number {
            true => field.hint(words.nine_digits_hint()),
            false => field,
        };
        let owed = Owed {
            is_typed: !self.guest.has_personal_id,
            is_needed: true,
        };
        self.shown(field, &["/guest/document/kind"], owed)
            .filter(|_| self.has_document())
    }

    fn document_number(&self) -> Option<Field> {
        let number = self.form.number.as_str();
        let field = Field::line("number", self.words().document_number(), number);
        let owed = Owed {
            is_typed: false,
            is_needed: true,
        };
        let pointers = ["/guest/document/number", "/guest/document"];
        self.shown(field, &pointers, owed)
            .filter(|_| self.has_document())
    }

    /// Why there is no document.
    fn reason(&self) -> Option<Field> {
        let field = Field::line(
            "no_document_reason",
            self.words().reason_without_document(),
            self.form.no_document_reason.as_str(),
        )
        .with(Control::Choice(reasons(self.words())));
        self.shown(field, &["/guest/no_document_reason"], Owed::always())
            .filter(|_| !self.has_document())
    }

    fn full_name(&self) -> Option<Field> {
        let words = self.words();
        let field = Field::line("full_name", words.full_name(), self.form.full_name.as_str());
        let field = match self.is_typed() {
            true => field.hint(words.name_hint()),
            false => field,
        };
        let owed = Owed {
            is_typed: true,
            is_needed: !self.guest.is_unidentified,
        };
        self.shown(field, &["/guest/full_name", "/guest"], owed)
    }

    fn birth_date(&self) -> Option<Field> {
        let words = self.words();
        let field = Field::line(
            "birth_date",
            words.birth_date(),
            self.form.birth_date.as_str(),
        )
        .with(Control::Digits)
        .hint(words.birth_hint());
        let owed = Owed {
            is_typed: true,
            is_needed: self.guest.owes_birth_and_sex,
        };
        self.shown(field, &["/guest/birth_date"], owed)
    }

    fn sex(&self) -> Option<Field> {
        let words = self.words();
        let field = Field::line("sex", words.sex(), self.form.sex.as_str())
            .with(Control::Choice(sexes(words)));
        let owed = Owed::when(self.guest.owes_birth_and_sex);
        self.shown(field, &["/guest/sex"], owed)
    }

    fn nationality(&self) -> Option<Field> {
        let value = self.form.nationality.as_str();
        let field = Field::line("nationality", self.words().nationality(), value)
            .with(Control::Choice(self.countries()));
        let owed = Owed::when(self.guest.owes_nationality);
        self.shown(field, &["/guest/nationality"], owed)
    }

    fn has_document(&self) -> bool {
        self.source != Source::Nothing
    }

    /// A field that shows only when all are open.
    fn opened(&self, field: Field) -> Option<Field> {
        let optional = self.words().optional();
        self.form.is_open.then(|| field.aside(optional))
    }

    /// By which an unidentified person is found again.
    fn reference(&self) -> Option<Field> {
        let value = self.form.reference.as_str();
        let field = Field::line("reference", self.words().reference(), value);
        self.guest
            .is_unidentified
            .then(|| field.state(self.state(&["/reference"])))
    }

    fn stay_fields(&self) -> Vec<Field> {
        let (words, form) = (self.words(), self.form);
        let room = Field::line("room", words.room(), form.room.as_str())
            .class("room-in")
            .state(self.state(&["/room", "/bed"]));
        let arrival = Field::line("arrival", words.arrival(), form.arrival.as_str())
            .with(Control::Digits)
            .state(self.state(&["/arrival_at"]));
        let is_now = form.arrival == typed::written_instant(self.around.now);
        let arrival = match is_now {
            true => arrival.aside(words.now()),
            false => arrival,
        };
        let departure = Field::line(
            "departure",
            words.expected_departure(),
            form.departure.as_str(),
        )
        .with(Control::Digits)
        .state(self.state(&["/expected_departure_at"]));
        let departure = match self.around.facility.kind.requires_expected_departure() {
            true => departure,
            false => departure.aside(words.optional()),
        };
        let purpose = Field::line("purpose", words.purpose(), form.purpose.as_str())
            .with(Control::Choice(purposes(words)))
            .state(self.state(&["/purpose"]));
        let mut fields = vec![room];
        fields.extend(self.permission());
        fields.extend([arrival, departure, purpose]);
        fields.extend(self.entry());
        fields.extend(self.stated_purpose());
        fields
    }

    /// What only foreigners owe.
    fn permission(&self) -> Vec<Field> {
        if !self.guest.may_be_foreigner {
            return Vec::new();
        }
        let (words, form) = (self.words(), self.form);
        let until = Field::line(
            "permitted_until",
            words.permitted_until(),
            form.permitted_until.as_str(),
        )
        .with(Control::Digits)
        .state(self.state(&["/guest/permitted_stay_until"]));
        let kind = Field::line("visa_kind", words.visa_kind(), form.visa_kind.as_str());
        let number = Field::line(
            "visa_number",
            words.visa_number(),
            form.visa_number.as_str(),
        );
        vec![
            until,
            kind.aside(words.if_any()),
            number.aside(words.if_any()),
        ]
    }

    fn entry(&self) -> Option<Field> {
        let (words, value) = (self.words(), self.form.entered_on.as_str());
        self.guest.may_be_foreigner.then(|| {
            Field::line("entered_on", words.entered_on(), value)
                .with(Control::Digits)
                .aside(words.if_known())
                .state(self.state(&["/guest/entered_on"]))
        })
    }

    fn stated_purpose(&self) -> Option<Field> {
        let is_other = self.form.purpose == Purpose::Other.as_str();
        let state = self.state(&["/purpose_text"]);
        let value = self.form.purpose_text.as_str();
        let field = Field::line("purpose_text", self.words().stated_purpose(), value);
        (is_other || state != FieldState::Plain).then(|| field.state(state))
    }

    fn guardian(&self) -> Option<Guardian> {
        let (words, form) = (self.words(), self.form);
        let is_shown = self.guest.is_minor || !form.guardian_name.is_empty();
        is_shown.then(|| Guardian {
            adults: self.around.adults.to_vec(),
            fields: vec![
                Field::line(
                    "guardian_name",
                    words.guardian_name(),
                    form.guardian_name.as_str(),
                )
                .state(self.state(&["/guest/guardian/full_name"])),
                Field::line(
                    "guardian_relation",
                    words.relation(),
                    form.guardian_relation.as_str(),
                )
                .with(Control::Choice(relations(words))),
                Field::line(
                    "guardian_phone",
                    words.guardian_phone(),
                    form.guardian_phone.as_str(),
                )
                .with(Control::Telephone)
                .aside(words.optional())
                .state(self.state(&["/guest/guardian/phone"])),
            ],
        })
    }

    /// What is wrong, in the order of the fields; what no field shows leads to the first one.
    fn summary(&self, shown: &[&'static str]) -> Vec<(&'static str, String)> {
        let place = |fault: &Violation| {
            let values = self.form.values();
            let name = match fault.pointer.as_str() {
                "/bed" => "room",
                "/guest" => "full_name",
                "/guest/document" => "number",
                pointer => values
                    .into_iter()
                    .find(|(_, at, _)| *at == pointer)
                    .map_or("room", |(name, ..)| name),
            };
            let at = shown.iter().position(|field| *field == name);
            (at.unwrap_or(usize::MAX), name)
        };
        let mut faults: Vec<_> = self
            .faults
            .iter()
            .map(|fault| (place(fault), self.message(fault)))
            .collect();
        faults.sort_by_key(|((at, _), _)| *at);
        faults.dedup_by(|one, other| one.1 == other.1 && one.0 == other.0);
        faults
            .into_iter()
            .map(|((_, name), message)| (name, message))
            .collect()
    }

    /// Values that no field shows are sent along.
    fn hidden(&self, shown: &[&'static str]) -> Vec<(&'static str, String)> {
        let values = self.form.values().into_iter();
        let unseen = values.filter(|(name, _, value)| !value.is_empty() && !shown.contains(name));
        let doubts = self.form.doubts.iter();
        let open = self.form.is_open.then(|| ("open", "1".to_owned()));
        unseen
            .map(|(name, _, value)| (name, value.to_owned()))
            .chain(doubts.map(|doubt| ("doubt", CardForm::written_doubt(doubt))))
            .chain(open)
            .chain([
                ("source", self.source.as_str().to_owned()),
                ("key", self.form.key.clone()),
                ("expected", self.form.expected.clone()),
            ])
            .collect()
    }

    fn heading(&self) -> String {
        if !self.form.full_name.is_empty() {
            self.form.full_name.clone()
        } else if !self.form.number.is_empty() {
            grouped(&self.form.number)
        } else {
            self.words().no_document().to_owned()
        }
    }

    fn facts(&self) -> Vec<CardFact> {
        let (words, guest, form) = (self.words(), &self.guest, self.form);
        let kind = DocumentKind::parse(&form.kind).filter(|kind| *kind != DocumentKind::None);
        let is_in_heading = form.full_name.is_empty();
        let number = Some(&form.number).filter(|number| !number.is_empty() && !is_in_heading);
        let facts = [
            Sex::parse(&form.sex).map(|sex| CardFact::plain(words.of_sex(sex))),
            guest
                .birth
                .map(|birth| CardFact::key(self.written_birth(birth))),
            self.by_number().map(CardFact::plain),
            self.country_name().map(CardFact::plain),
            kind.map(|kind| CardFact::plain(words.of_document_kind(kind))),
            number.map(|number| CardFact::key(grouped(number))),
            (!form.address.is_empty())
                .then(|| CardFact::plain(words.resident_at(form.address.as_str()))),
        ];
        facts.into_iter().flatten().collect()
    }

    fn written_birth(&self, birth: BirthDate) -> String {
        let today = local_date(self.around.now);
        let age = self.words().aged(typed::age_on(birth, today));
        format!("{} ({age})", typed::written_birth_date(birth))
    }

    /// What the number says, where nothing else does.
    fn by_number(&self) -> Option<String> {
        let (words, form) = (self.words(), self.form);
        let is_silent = form.birth_date.is_empty() && form.sex.is_empty();
        let id = self.guest.id.as_ref().filter(|_| is_silent)?;
        Some(words.by_number(words.of_sex(id.sex()), id.birth_year()))
    }

    fn country_name(&self) -> Option<String> {
        let (vi, en) = country::names(&self.form.nationality)?;
        let name = match self.language() {
            Language::Vi => vi,
            Language::En => en,
        };
        Some(name.to_owned())
    }

    fn duplicate(&self) -> Option<(String, Uuid)> {
        let duplicate = self.around.duplicate?;
        let since = moment::short(duplicate.since);
        let said = match &duplicate.room {
            Some(room) => self.words().already_here(room, since),
            None => self.words().already_here_without_room(since),
        };
        Some((said, duplicate.stay_id))
    }

    fn own_deadline(&self) -> Option<String> {
        let words = self.words();
        self.guest.is_foreigner.then(|| {
            let rule = match self.around.facility.is_remote {
                true => words.foreigners_rule_remote(),
                false => words.foreigners_rule(),
            };
            rule.to_owned()
        })
    }

    /// The deadline of the arrival that is typed, as far as it can be read.
    fn deadline(&self) -> Option<String> {
        let now = self.around.now;
        let arrival = typed::instant(&self.form.arrival, now, Leaning::Near, NaiveTime::MIN);
        let deadline = Deadline::of(
            arrival.unwrap_or(now),
            self.guest.is_foreigner,
            self.around.facility.is_remote,
        );
        (deadline.timeliness(now) == Timeliness::OnTime)
            .then(|| moment::clock_and_day(self.words(), deadline.at, now))
    }

    fn countries(&self) -> Vec<Choice> {
        with_none(self.words(), self.around.countries.iter().cloned())
    }
}

/// A list whose first entry chooses nothing.
#[must_use]
pub fn with_none(words: Words, choices: impl Iterator<Item = Choice>) -> Vec<Choice> {
    [Choice::new("", words.choose())]
        .into_iter()
        .chain(choices)
        .collect()
}

pub(crate) fn reasons(words: Words) -> Vec<Choice> {
    let reasons = NoDocumentReason::ALL.iter().copied();
    with_none(
        words,
        reasons.map(|reason| Choice::new(reason.as_str(), words.of_no_document_reason(reason))),
    )
}

pub(crate) fn kinds(words: Words) -> Vec<Choice> {
    let kinds = DocumentKind::ALL.iter().copied();
    kinds
        .filter(|kind| *kind != DocumentKind::None)
        .map(|kind| Choice::new(kind.as_str(), words.of_document_kind(kind)))
        .collect()
}

pub(crate) fn sexes(words: Words) -> Vec<Choice> {
    let sexes = Sex::ALL.iter().copied();
    with_none(
        words,
        sexes.map(|sex| Choice::new(sex.as_str(), words.of_sex(sex))),
    )
}

/// The purposes that can be chosen.
#[must_use]
pub fn purposes(words: Words) -> Vec<Choice> {
    let purposes = Purpose::ALL.iter().copied();
    purposes
        .map(|purpose| Choice::new(purpose.as_str(), words.of_purpose(purpose)))
        .collect()
}

/// What is sent is Vietnamese, whichever language is shown: it stands in the declaration.
pub(crate) fn relations(words: Words) -> Vec<Choice> {
    let said = |words: Words| {
        [
            words.father(),
            words.mother(),
            words.grandparent(),
            words.sibling(),
            words.teacher(),
            words.other_relation(),
        ]
    };
    let sent = said(Words(Language::Vi)).into_iter();
    with_none(
        words,
        sent.zip(said(words))
            .map(|(sent, said)| Choice::new(sent, said)),
    )
}

/// A number in groups of four, which eyes can compare.
#[must_use]
pub fn grouped(number: &str) -> String {
    let letters: Vec<char> = number.chars().collect();
    let is_digits = letters.iter().all(char::is_ascii_digit);
    if !is_digits {
        return number.to_owned();
    }
    let groups: Vec<String> = letters.chunks(4).map(String::from_iter).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests;
