//! A guest's card, and what the facility already knows of the guest.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveTime, Utc};
use domain::{
    country,
    document::DocumentKind,
    draft::{Draft, DraftDocument, DraftGuardian, DraftGuest, DraftResidence, DraftVisa},
    facility::Facility,
    problem::{Language, Violation},
    stay::Presence,
    time::{format_instant, local_date},
    typed::{self, Leaning},
};
use pages::desk::card::{Adult, Card, Duplicate, Surroundings};
use pages::desk::form::CardForm;
use pages::field::Choice;
use store::stays::{Order, StayFilter};

use crate::auth::Access;
use crate::pages::enter::Visit;
use crate::pages::lines;
use crate::problem::Failure;
use crate::reads;

/// How many adults are offered as a child's guardian.
const ADULT_COUNT_MAX: usize = 3;
/// How many of the newest stays are looked at for them.
const LOOKED_AT: u64 = 6;
/// Noon: a departure without a time of day.
const NOON: NaiveTime = match NaiveTime::from_hms_opt(12, 0, 0) {
    Some(noon) => noon,
    None => NaiveTime::MIN,
};

impl<A: Access> Visit<A> {
    /// The card of a form, with what is wrong with it.
    pub(super) async fn card(
        &self,
        form: &CardForm,
        faults: &[Violation],
    ) -> Result<Card, Failure> {
        let duplicate = self.duplicate(form).await?;
        let adults = self.adults().await?;
        let around = Surroundings {
            words: self.reader.words,
            now: self.now,
            facility: &self.facility,
            duplicate: duplicate.as_ref(),
            adults: &adults,
            countries: countries(self.reader.words.0),
        };
        Ok(Card::of(form, faults, around))
    }

    /// A card that is of nobody yet.
    pub(super) fn empty_card(&self, form: &CardForm) -> Card {
        let around = Surroundings {
            words: self.reader.words,
            now: self.now,
            facility: &self.facility,
            duplicate: None,
            adults: &[],
            countries: countries(self.reader.words.0),
        };
        Card::of(form, &[], around)
    }

    /// A stay of the same document that is open here.
    async fn duplicate(&self, form: &CardForm) -> Result<Option<Duplicate>, Failure> {
        if form.number.is_empty() {
            return Ok(None);
        }
        let filter = StayFilter {
            facility_ids: vec![self.facility.id],
            presence: Some(Presence::Present),
            document_index: Some(intake::index::document_index(&self.app.vault, &form.number)),
            ..StayFilter::default()
        };
        reads::note_search(&self.app, self.sender()).await;
        let stays = store::stays::list(&self.app.db, &filter, Order::Newest(None), 1).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        Ok(lines.first().map(|line| Duplicate {
            stay_id: line.stay.id,
            room: line.room(),
            since: line.stay.arrival_at,
        }))
    }

    /// Adults who were declared here a moment ago.
    async fn adults(&self) -> Result<Vec<Adult>, Failure> {
        let filter = StayFilter {
            facility_ids: vec![self.facility.id],
            presence: Some(Presence::Present),
            ..StayFilter::default()
        };
        let stays =
            store::stays::list(&self.app.db, &filter, Order::Newest(None), LOOKED_AT).await?;
        let lines = lines::of(&self.app, stays, self.now).await?;
        let grown_up = lines.iter().filter_map(|line| {
            let name = line.text("/guest/full_name")?;
            line.content
                .pointer("/guest/guardian")
                .is_none()
                .then(|| Adult {
                    name: name.to_owned(),
                    room: line.room(),
                })
        });
        Ok(grown_up.take(ADULT_COUNT_MAX).collect())
    }
}

/// A new card: arrival now, departure at noon of the next day, the facility's usual purpose.
pub(super) fn opened(
    form: CardForm,
    facility: &Facility,
    key: String,
    now: DateTime<Utc>,
) -> CardForm {
    CardForm {
        key,
        arrival: typed::written_instant(now),
        departure: typed::written_instant(typed::usual_departure(now, 1)),
        purpose: facility.default_purpose().as_str().to_owned(),
        ..form
    }
}

/// The body of a declaration, in the contract's form. What cannot be read is sent as it was typed,
/// so that the rules name it.
pub(in crate::pages) fn draft(form: &CardForm, facility: &Facility, now: DateTime<Utc>) -> Draft {
    let arrival = instant(&form.arrival, now, Leaning::Near, NOON);
    Draft {
        facility_id: Some(facility.id.to_string()),
        reference: text(&form.reference),
        room: text(&form.room),
        bed: text(&form.bed),
        arrival_at: arrival,
        expected_departure_at: instant(&form.departure, now, Leaning::Future, NOON),
        purpose: text(&form.purpose),
        purpose_text: text(&form.purpose_text),
        guest: guest(form, now),
        ..Draft::default()
    }
}

fn guest(form: &CardForm, now: DateTime<Utc>) -> DraftGuest {
    let today = local_date(now);
    let birth = typed::birth_date(&form.birth_date, today);
    let birth = birth.map(domain::birth_date::BirthDate::to_text);
    let is_without = form.kind == DocumentKind::None.as_str();
    DraftGuest {
        full_name: text(&form.full_name),
        birth_date: birth.or_else(|| text(&form.birth_date)),
        sex: text(&form.sex),
        nationality: text(&form.nationality),
        document: Some(DraftDocument {
            kind: text(&form.kind),
            number: text(&form.number).filter(|_| !is_without),
        }),
        no_document_reason: text(&form.no_document_reason).filter(|_| is_without),
        residence: text(&form.address).map(|address| DraftResidence {
            commune_code: None,
            address: Some(address),
        }),
        phone: text(&form.phone),
        guardian: text(&form.guardian_name).map(|full_name| DraftGuardian {
            full_name: Some(full_name),
            relation: text(&form.guardian_relation),
            phone: text(&form.guardian_phone),
        }),
        permitted_stay_until: day(&form.permitted_until, now, Leaning::Future),
        entered_on: day(&form.entered_on, now, Leaning::Past),
        visa: visa(form),
        ..DraftGuest::default()
    }
}

fn visa(form: &CardForm) -> Option<DraftVisa> {
    let visa = DraftVisa {
        kind: text(&form.visa_kind),
        number: text(&form.visa_number),
        expires_on: None,
    };
    (visa != DraftVisa::default()).then_some(visa)
}

fn text(typed: &str) -> Option<String> {
    (!typed.is_empty()).then(|| typed.to_owned())
}

fn instant(typed: &str, now: DateTime<Utc>, leaning: Leaning, time: NaiveTime) -> Option<String> {
    let read = typed::instant(typed, now, leaning, time).map(format_instant);
    read.or_else(|| text(typed))
}

fn day(typed: &str, now: DateTime<Utc>, leaning: Leaning) -> Option<String> {
    let read = typed::day(typed, local_date(now), leaning);
    read.map(|day| day.to_string()).or_else(|| text(typed))
}

/// The countries that can be chosen, by name. Viet Nam comes first.
pub(in crate::pages) fn countries(language: Language) -> &'static [Choice] {
    static VIETNAMESE: LazyLock<Vec<Choice>> = LazyLock::new(|| named(|(vi, _)| vi));
    static ENGLISH: LazyLock<Vec<Choice>> = LazyLock::new(|| named(|(_, en)| en));

    match language {
        Language::Vi => &VIETNAMESE,
        Language::En => &ENGLISH,
    }
}

fn named(choose: fn((&'static str, &'static str)) -> &'static str) -> Vec<Choice> {
    let mut all: Vec<(&'static str, &'static str)> = country::all()
        .map(|(code, names)| (code, choose(names)))
        .collect();
    let is_other = |code: &str| code != domain::catalogue::VIET_NAM_CODE;
    all.sort_by_key(|(code, name)| (is_other(code), domain::text::fold(name)));
    all.into_iter()
        .map(|(code, name)| Choice::new(code, name))
        .collect()
}
