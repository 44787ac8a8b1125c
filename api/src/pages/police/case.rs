//! The page of a case.

use domain::catalogue::Country;
use domain::problem::{Code, Language};
use domain::review::{ReviewKind, ReviewState};
use domain::sex::Sex;
use domain::stay::Timeliness;
use domain::typed;
use domain::{document::DocumentKind, identity::GradeReason, purpose::Purpose};
use pages::badge::{Badge, Tone};
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::police::bar::PoliceBar;
use pages::police::case::{CasePage, ComparedRow, DecisionBox, RelatedCase};
use pages::police::kind_badge;
use pages::section::Section;
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use serde_json::Value;
use store::review::queue::CaseFilter;
use uuid::Uuid;

use super::decision::CaseContent;
use super::shown::ShownCase;
use super::{Surroundings, done, history, instant};
use crate::auth::{Access, op};
use crate::pages::enter::OfficeVisit;
use crate::pages::stay::id_of;
use crate::pages::{MadePage, html};
use crate::police::versions::{self, CaseVersions};
use crate::police::{cases, queue};
use crate::problem::Failure;

/// Other cases of a facility that are shown.
const RELATED_COUNT: usize = 6;

/// `GET /police/cases/{id}`.
pub(in crate::pages) async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::CasePage>::open(request).await?;
    let content = CaseContent {
        note: note(visit.reader.words, done(&request)),
        ..CaseContent::default()
    };
    visit.case(id_of(&request)?, StatusCode::OK, content).await
}

/// What was just done to the case before.
fn note(words: Words, done: &str) -> Option<Note> {
    let fact = match done {
        "extended" => return Some(Note::done(words.held_longer().to_owned(), String::new())),
        "accept" => words.done_accept(),
        "request_correction" => words.done_ask(),
        "refer" => words.done_refer(),
        "give_back" => words.done_give_back(),
        _ => return None,
    };
    Some(Note::done(fact.to_owned(), words.next_is_here().to_owned()))
}

impl<A: Access> OfficeVisit<A> {
    /// The page of a case, whose sight is audited.
    pub(super) async fn case(
        &self,
        id: Uuid,
        status: StatusCode,
        content: CaseContent,
    ) -> MadePage {
        let words = self.reader.words;
        let shown = cases::shown(&self.app, self.admitted.sender(), id).await?;
        let shown = serde_json::to_string(&shown).map_err(Failure::internal)?;
        let shown = serde_json::from_str(&shown).map_err(Failure::internal)?;
        let case = ShownCase(shown);
        let kind = case.kind()?;
        let title = match content.faults.is_empty() && !content.is_lost {
            true => words.of_review_kind(kind).to_owned(),
            false => words.error_title(words.of_review_kind(kind)),
        };
        let around = self.surroundings(Section::Queue, title).await?;
        let compared = compared(words, &case);
        let versions = self.versions(id).await?;
        let (previous, next) = neighbours(&around, id);
        let page = CasePage {
            id,
            kind: words.of_review_kind(kind),
            priority: case.priority(),
            priority_word: words.of_priority(case.priority()),
            sub: self.sub(&case),
            differences: differences(words, &compared, &case),
            is_damaged: case.value("/stay/unreadable").is_some(),
            timeliness: timeliness(words, case.text("/stay/timeliness")),
            facts: self.facts(&case),
            history: history::lines(words, &case, &versions, self.admitted.sender().key_id),
            related: self.related(&case, id).await?,
            facility_id: case.text("/stay/facility/id").to_owned(),
            decision: self.decision(&case, &content),
            compared,
            previous,
            next,
            note: content.note,
            frame: around.frame,
            bar: PoliceBar {
                back: id.to_string(),
                ..around.bar
            },
        };
        html::answer(&self.reader, status, &page)
    }

    /// The versions of the stay; none where one of them is damaged, which the operator knows of.
    async fn versions(&self, id: Uuid) -> Result<CaseVersions, Failure> {
        match versions::listed(&self.app, self.admitted.sender(), id).await {
            Ok(versions) => Ok(versions),
            Err(failure) if failure.code() == Code::StayUnreadable => Ok(CaseVersions {
                notification_id: id,
                items: Vec::new(),
            }),
            Err(failure) => Err(failure),
        }
    }

    fn sub(&self, case: &ShownCase) -> String {
        let words = self.reader.words;
        let facility = case.text("/stay/facility/name");
        let opened_at = instant(case.text("/opened_at"));
        let waited = words.lasting((self.now - opened_at).num_seconds());
        let opened = moment::near(opened_at, self.now);
        match case.text("/stay/room") {
            "" => words.case_sub(facility, opened, waited),
            room => words.case_sub_room(facility, room, opened, waited),
        }
    }

    fn facts(&self, case: &ShownCase) -> Vec<(String, String)> {
        let words = self.reader.words;
        let at = |pointer: &str| match case.text(pointer) {
            "" => words.unknown().to_owned(),
            text => typed::written_instant(instant(text)),
        };
        let purpose = Purpose::parse(case.text("/stay/purpose"));
        let nationality = case.text("/stay/guest/nationality");
        let country = self.app.intake.catalogues().country(nationality);
        let or_none = |text: &str| match text {
            "" => words.not_yet().to_owned(),
            text => text.to_owned(),
        };
        let mut facts = vec![
            (words.arrival(), at("/stay/arrival_at")),
            (
                words.expected_departure(),
                at("/stay/expected_departure_at"),
            ),
            (
                words.purpose(),
                purpose
                    .map_or("", |purpose| words.of_purpose(purpose))
                    .to_owned(),
            ),
            (
                words.received_at(),
                moment::exact(instant(case.text("/stay/received_at"))),
            ),
            (words.deadline_at(), at("/stay/deadline_at")),
            (
                words.police_reference(),
                or_none(case.text("/stay/delivery/police_reference")),
            ),
            (
                words.nationality(),
                country
                    .map_or(nationality, |country| name(words, country))
                    .to_owned(),
            ),
            (
                words.facility_address(),
                case.text("/stay/facility/address").to_owned(),
            ),
        ];
        if !case.text("/stay/departed_at").is_empty() {
            facts.push((words.departed_at(), at("/stay/departed_at")));
        }
        let named = facts.into_iter();
        named
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Other cases of the facility that are not done.
    async fn related(&self, case: &ShownCase, id: Uuid) -> Result<Vec<RelatedCase>, Failure> {
        let words = self.reader.words;
        let filter = CaseFilter {
            facility_id: Uuid::try_parse(case.text("/stay/facility/id")).ok(),
            ..CaseFilter::default()
        };
        let sender = self.admitted.sender();
        let listed = queue::listed(&self.app, sender, &filter, None, RELATED_COUNT + 1).await?;
        let others = listed.items.iter().filter(|other| other.id != id);
        let related = others.take(RELATED_COUNT).filter_map(|other| {
            let state = ReviewState::parse(&other.state.0)?;
            let waited = self.now - instant(&other.opened_at.0);
            Some(RelatedCase {
                id: other.id,
                badge: kind_badge(words, ReviewKind::parse(&other.kind.0)?),
                state: words.of_review_state(state),
                waited: words.lasting(waited.num_seconds()),
            })
        });
        Ok(related.collect())
    }

    /// What the reader may do about it.
    fn decision(&self, case: &ShownCase, content: &CaseContent) -> DecisionBox {
        let words = self.reader.words;
        let is_closed = case.text("/state") == ReviewState::Closed.as_str();
        let is_own = case.value("/lease/is_own").and_then(Value::as_bool);
        if !self.may_decide() {
            return DecisionBox::Nothing(words.watching_only().to_owned());
        }
        if is_closed {
            return DecisionBox::Nothing(words.is_closed().to_owned());
        }
        match is_own {
            Some(false) if !content.is_lost => {
                let until = moment::clock(instant(case.text("/lease/leased_until")));
                DecisionBox::Nothing(words.other_holds(until))
            }
            None if content.typed.is_none() => DecisionBox::Take,
            Some(_) | None => {
                let lease = Uuid::try_parse(case.text("/lease/lease_id")).ok();
                let lease = lease.filter(|_| !content.is_lost);
                let place = (case.text("/province_code"), differing(case));
                let form = self.form(lease, content, (place.0, &place.1));
                DecisionBox::Form(Box::new(form))
            }
        }
    }
}

fn name(words: Words, country: &Country) -> &str {
    match words.0 {
        Language::Vi => &country.name_vi,
        Language::En => &country.name_en,
    }
}

/// The cases before and behind one, of those that are held.
fn neighbours(around: &Surroundings, id: Uuid) -> (Option<Uuid>, Option<Uuid>) {
    let ids: Vec<Uuid> = around.held.iter().map(|case| case.id).collect();
    let Some(at) = ids.iter().position(|held| *held == id) else {
        return (None, ids.first().copied());
    };
    let previous = at.checked_sub(1).and_then(|before| ids.get(before));
    (previous.copied(), ids.get(at + 1).copied())
}

fn timeliness(words: Words, word: &str) -> Badge {
    match Timeliness::parse(word) {
        Some(Timeliness::Late) => Badge::new(Tone::Late, Icon::ClockAlert, words.late()),
        Some(Timeliness::OnTime) | None => Badge::new(Tone::Ok, Icon::CircleCheck, words.on_time()),
    }
}

/// The members that differ.
fn differing(case: &ShownCase) -> Vec<String> {
    let differences = case.list("/stay/identity/differences").iter();
    let differing = differences.filter(|one| one["grade"] != "exact");
    let pointers = differing.filter_map(|one| one["pointer"].as_str());
    pointers.map(str::to_owned).collect()
}

/// What was declared, member by member, and how well it agrees.
fn compared(words: Words, case: &ShownCase) -> Vec<ComparedRow> {
    let sex = Sex::parse(case.text("/stay/guest/sex"));
    let members = [
        (
            "/guest/full_name",
            case.text("/stay/guest/full_name").to_owned(),
        ),
        (
            "/guest/birth_date",
            birth_date(case.text("/stay/guest/birth_date")),
        ),
        (
            "/guest/sex",
            sex.map_or("", |sex| words.of_sex(sex)).to_owned(),
        ),
    ];
    let rows = members.into_iter().filter(|(_, value)| !value.is_empty());
    let mut rows: Vec<ComparedRow> = rows
        .map(|(pointer, value)| member(words, case, pointer, value))
        .collect();
    rows.extend(number(words, case));
    rows
}

/// `15/03/1995`, or as much of it as was declared.
fn birth_date(declared: &str) -> String {
    let parts: Vec<&str> = declared.split('-').rev().collect();
    parts.join("/")
}

fn member(words: Words, case: &ShownCase, pointer: &str, value: String) -> ComparedRow {
    let differences = case.list("/stay/identity/differences").iter();
    let found = differences.clone().find(|one| one["pointer"] == pointer);
    let grade = found
        .and_then(|one| one["grade"].as_str())
        .unwrap_or_default();
    let reason = found.and_then(|one| one["reason"].as_str());
    let reason = reason.and_then(GradeReason::parse);
    let is_verified = case.text("/stay/identity/state") == "verified";
    let badge = match grade {
        "different" => Some(Badge::new(
            Tone::Attention,
            Icon::CircleX,
            words.grade_different(),
        )),
        "near" => Some(Badge::new(Tone::Soon, Icon::Triangle, words.grade_near())),
        "exact" => Some(Badge::new(Tone::Ok, Icon::Check, words.grade_exact())),
        _ if is_verified => Some(Badge::new(Tone::Ok, Icon::Check, words.grade_exact())),
        _ => None,
    };
    let told = reason.map_or("", |reason| words.of_grade_reason(reason));
    let by_number = contradiction(words, case, pointer);
    let reasons: Vec<&str> = [told, by_number]
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    ComparedRow {
        name: words.of_member(pointer),
        value,
        is_different: ["different", "near"].contains(&grade) || !by_number.is_empty(),
        grade: badge,
        reason: reasons.join("; "),
    }
}

/// What the number itself says against a member.
fn contradiction(words: Words, case: &ShownCase, pointer: &str) -> &'static str {
    let warnings = case.list("/stay/warnings");
    let has = |code: Code| {
        let mut warnings = warnings.iter();
        warnings.any(|warning| warning["code"] == code.as_str())
    };
    match pointer {
        "/guest/sex" if has(Code::SexDiffersFromNumber) => words.sex_of_number(),
        "/guest/birth_date" if has(Code::BirthYearDiffersFromNumber) => words.year_of_number(),
        _ => "",
    }
}

/// The number of the document: whether the registry knows it.
fn number(words: Words, case: &ShownCase) -> Option<ComparedRow> {
    let value = case.text("/stay/guest/document/number");
    let kind = DocumentKind::parse(case.text("/stay/guest/document/kind"));
    let (grade, reason) = match case.text("/stay/identity/state") {
        "verified" | "mismatch" => (
            Some(Badge::new(Tone::Ok, Icon::Check, words.grade_exact())),
            words.number_known(),
        ),
        "not_found" => (
            Some(Badge::new(
                Tone::Attention,
                Icon::CircleX,
                words.grade_absent(),
            )),
            words.number_unknown(),
        ),
        "pending" | "deferred" => (
            Some(Badge::new(
                Tone::Settled,
                Icon::Clock,
                words.grade_pending(),
            )),
            "",
        ),
        _ => (None, ""),
    };
    (!value.is_empty()).then(|| ComparedRow {
        name: kind.map_or(words.document_number(), |kind| words.of_document_kind(kind)),
        value: value.to_owned(),
        is_different: case.text("/stay/identity/state") == "not_found",
        grade,
        reason: reason.to_owned(),
    })
}

fn differences(words: Words, rows: &[ComparedRow], case: &ShownCase) -> Option<Badge> {
    let list = case.list("/stay/identity/differences");
    let count = |grade: &str| list.iter().filter(|one| one["grade"] == grade).count();
    let (different, near) = (count("different"), count("near"));
    let is_verified = case.text("/stay/identity/state") == "verified";
    if different + near > 0 {
        let counted = words.counted_differences(different, near);
        Some(Badge::new(Tone::Attention, Icon::Flag, counted))
    } else if is_verified && !rows.iter().any(|row| row.is_different) {
        Some(Badge::new(Tone::Ok, Icon::Check, words.nothing_differs()))
    } else {
        None
    }
}
