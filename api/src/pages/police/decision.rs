//! The form of a decision.

use domain::problem::Code;
use domain::review::{DecisionReason, ReviewDecision};
use domain::text::fold;
use domain::time::local_date;
use pages::field::Choice;
use pages::note::Note;
use pages::police::case::{DecisionForm, DecisionOption};
use pages::words::Words;
use poem::Request;
use poem::http::StatusCode;
use runtime::ids;
use serde_json::{Value, json};
use store::review::queue;
use uuid::Uuid;

use crate::app::App;
use crate::auth::{Access, op};
use crate::pages::enter::OfficeVisit;
use crate::pages::form::{PageForm, key_of};
use crate::pages::stay::id_of;
use crate::pages::{MadePage, Stop, see_other};
use crate::payload::JsonDocument;
use crate::police::decision;
use crate::problem::Failure;

/// The choice that is no decision.
const GIVE_BACK: &str = "give_back";
/// What an officer may tick as to be looked at.
const MEMBERS: [&str; 4] = [
    "/guest/full_name",
    "/guest/birth_date",
    "/guest/sex",
    "/guest/document/number",
];

/// What of the page the handlers of its forms decide.
#[derive(Default)]
pub(super) struct CaseContent {
    /// One message about the page.
    pub(super) note: Option<Note>,
    /// What was typed.
    pub(super) typed: Option<TypedDecision>,
    /// What is wrong with it.
    pub(super) faults: Vec<(&'static str, String)>,
    /// Whether the lease was lost.
    pub(super) is_lost: bool,
}

/// What stands in the form.
#[derive(Clone, Debug, Default)]
pub(super) struct TypedDecision {
    lease: String,
    key: String,
    decision: String,
    looks: Vec<String>,
    reason: String,
    question: String,
    commune: String,
    note: String,
    is_confirmed: bool,
}

/// `POST /police/cases/{id}/decision`: decides, and opens the next case that is held.
pub(in crate::pages) async fn decide(request: Request) -> MadePage {
    let (visit, sent, request) = OfficeVisit::<op::DecideCase>::receive(request).await?;
    let id = id_of(&request)?;
    let typed = TypedDecision::read(&sent);
    if typed.decision == GIVE_BACK {
        visit.give_back(id, &typed).await?;
        return visit.lead_on(GIVE_BACK).await;
    }
    if typed.tells() && !typed.is_confirmed {
        return visit.ask_again(id, typed).await;
    }
    let document = JsonDocument::of(typed.document(&visit), visit.now);
    let key = key_of(&typed.key);
    let sender = visit.admitted.sender();
    match decision::decide(&visit.app, sender, id, &key, &document).await {
        Ok(_) => visit.lead_on(&typed.decision).await,
        Err(failure) => visit.come_back(id, typed, failure).await,
    }
}

impl TypedDecision {
    /// What was sent.
    pub(super) fn read(sent: &PageForm) -> Self {
        let text = |name: &str| sent.value(name).to_owned();
        Self {
            lease: text("lease"),
            key: text("key"),
            decision: text("decision"),
            looks: sent.values("look").map(str::to_owned).collect(),
            reason: text("reason"),
            question: text("question"),
            commune: text("commune"),
            note: text("note"),
            is_confirmed: !sent.value("confirmed").is_empty(),
        }
    }

    /// Whether nothing was typed.
    pub(super) fn is_empty(&self) -> bool {
        self.decision.is_empty() && self.note.is_empty() && self.reason.is_empty()
    }

    /// Whether the question seems to tell the facility what the registry said.
    fn tells(&self) -> bool {
        let question = fold(&self.question);
        let telling = ["khớp", "dân cư", "csdl", "cơ sở dữ liệu", "registry"].map(fold);
        self.decision == ReviewDecision::RequestCorrection.as_str()
            && telling.iter().any(|word| question.contains(word.as_str()))
    }

    /// The decision as the API takes it.
    fn document<A: Access>(&self, visit: &OfficeVisit<A>) -> Value {
        let words = visit.reader.words;
        let mut document = json!({
            "decision": self.decision,
            "lease_id": self.lease,
            "reason": self.reason,
            "note": self.whole_note(words),
        });
        match ReviewDecision::parse(&self.decision) {
            Some(ReviewDecision::RequestCorrection) => document["question"] = json!(self.question),
            Some(ReviewDecision::Refer) => {
                document["commune_code"] = json!(commune_code(visit, &self.commune));
            }
            Some(ReviewDecision::Accept) | None => {}
        }
        document
    }

    /// What is to be looked at stays with the police: it becomes a part of the note.
    fn whole_note(&self, words: Words) -> String {
        let asks = self.decision == ReviewDecision::RequestCorrection.as_str();
        let looks = self
            .looks
            .iter()
            .filter(|look| MEMBERS.contains(&look.as_str()));
        let looks: Vec<&str> = looks.map(|look| words.of_member(look)).collect();
        match asks && !looks.is_empty() {
            true => {
                let looked_at = words.looked_at(looks.join(", "));
                format!("{looked_at} {}", self.note).trim().to_owned()
            }
            false => self.note.clone(),
        }
    }
}

impl<A: Access> OfficeVisit<A> {
    async fn give_back(&self, id: Uuid, typed: &TypedDecision) -> Result<(), Failure> {
        let key_id = self.admitted.sender().key_id;
        let lease_id = Uuid::try_parse(&typed.lease).unwrap_or_default();
        // A lease that was lost holds nothing any more: the case is back already.
        queue::release_one(&self.app.db, lease_id, key_id, id).await?;
        Ok(())
    }

    /// To the next case that the officer holds, or back to the queue.
    async fn lead_on(&self, done: &str) -> MadePage {
        Ok(match self.next_held().await? {
            Some(next) => see_other(&format!("/police/cases/{next}?done={done}")),
            None => see_other(&format!("/police?done={done}")),
        })
    }

    /// The page again: the question seems to tell too much.
    async fn ask_again(&self, id: Uuid, typed: TypedDecision) -> MadePage {
        let words = self.reader.words;
        let note = Note::failed(
            words.question_tells().to_owned(),
            words.question_tells_hint().to_owned(),
        );
        let content = CaseContent {
            note: Some(note),
            typed: Some(TypedDecision {
                is_confirmed: true,
                ..typed
            }),
            ..CaseContent::default()
        };
        self.case(id, StatusCode::OK, content).await
    }

    /// The page again with what was typed: nothing was saved.
    async fn come_back(&self, id: Uuid, typed: TypedDecision, failure: Failure) -> MadePage {
        let words = self.reader.words;
        let is_lost = failure.code() == Code::LeaseLost;
        if !is_lost && failure.errors().is_empty() {
            return Err(Stop::Failed(failure));
        }
        let note = is_lost.then(|| {
            Note::failed(
                words.lease_lost().to_owned(),
                words.lease_lost_hint().to_owned(),
            )
        });
        let faults = failure.errors().iter();
        let faults = faults.map(|fault| self.fault(&fault.pointer, fault.code));
        let content = CaseContent {
            note,
            faults: faults.collect(),
            is_lost,
            typed: Some(typed),
        };
        self.case(id, StatusCode::OK, content).await
    }

    /// What is wrong, at which field, and what to do.
    fn fault(&self, pointer: &str, code: Code) -> (&'static str, String) {
        let words = self.reader.words;
        match pointer {
            "/decision" => ("choice", words.decision_missing().to_owned()),
            "/reason" => ("reason", words.reason_missing().to_owned()),
            "/note" if code == Code::Required => ("reason", words.reason_missing().to_owned()),
            "/commune_code" => ("commune", commune_fault(words, code).to_owned()),
            "/question" => ("question", code.title(words.0).to_owned()),
            _ => ("note", code.title(words.0).to_owned()),
        }
    }

    /// The form with what was typed.
    pub(super) fn form(
        &self,
        lease: Option<Uuid>,
        content: &CaseContent,
        (province_code, ticked): (&str, &[String]),
    ) -> DecisionForm {
        let words = self.reader.words;
        let typed = content.typed.clone().unwrap_or_else(|| TypedDecision {
            key: ids::uuid_v7(&self.app.clock).to_string(),
            question: words.default_question().to_owned(),
            looks: ticked.to_vec(),
            ..TypedDecision::default()
        });
        let members = MEMBERS.iter().map(|pointer| {
            let choice = Choice::new(*pointer, words.of_member(pointer));
            (choice, typed.looks.iter().any(|look| look == pointer))
        });
        let members = members.collect();
        DecisionForm {
            lease: lease.map(|lease| lease.to_string()).unwrap_or_default(),
            key: typed.key,
            options: options(words),
            chosen: typed.decision,
            members,
            reasons: reasons(words),
            reason: typed.reason,
            question: typed.question,
            communes: communes(&self.app, province_code, self.now),
            commune: typed.commune,
            note: typed.note,
            faults: content.faults.clone(),
            is_confirmed: typed.is_confirmed,
            faults_title: match content.faults.len() {
                1 => words.not_saved_one().to_owned(),
                count => words.not_saved_many(count),
            },
        }
    }
}

fn commune_fault(words: Words, code: Code) -> &'static str {
    if code == Code::Required {
        words.commune_missing()
    } else if code == Code::ReferredToSameCommune {
        words.commune_same()
    } else {
        words.commune_unknown()
    }
}

fn options(words: Words) -> Vec<DecisionOption> {
    let decisions = ReviewDecision::ALL.iter().map(|decision| DecisionOption {
        value: decision.as_str(),
        name: words.of_decision(*decision),
        reason: DecisionReason::of(*decision)
            .first()
            .map_or("", |reason| reason.as_str()),
    });
    let give_back = DecisionOption {
        value: GIVE_BACK,
        name: words.decide_give_back(),
        reason: "",
    };
    decisions.chain([give_back]).collect()
}

fn reasons(words: Words) -> Vec<(&'static str, Vec<Choice>)> {
    let decisions = ReviewDecision::ALL.iter();
    decisions
        .map(|decision| {
            let reasons = DecisionReason::of(*decision).iter();
            let choices = reasons
                .map(|reason| Choice::new(reason.as_str(), words.of_decision_reason(*reason)));
            (words.of_decision(*decision), choices.collect())
        })
        .collect()
}

/// The communes of a province, to choose from.
fn communes(app: &App, province_code: &str, now: chrono::DateTime<chrono::Utc>) -> Vec<Choice> {
    let catalogues = app.intake.catalogues();
    let codes = catalogues.commune_codes();
    let communes = codes.filter_map(|code| {
        let commune = catalogues.commune(code)?;
        let name = commune.full_name_on(local_date(now))?;
        (commune.province_code == province_code).then(|| Choice::new(code, name))
    });
    communes.collect()
}

/// The code of what was typed: a code, or the name of a commune of the officer's province. What is
/// neither is passed on as it is, so that the rules name it.
fn commune_code<A: Access>(visit: &OfficeVisit<A>, typed: &str) -> String {
    let typed = typed.trim();
    let sender = visit.admitted.sender();
    let catalogues = visit.app.intake.catalogues();
    let own = sender
        .communes
        .first()
        .and_then(|code| catalogues.commune(code));
    let own = own.map(|commune| commune.province_code.as_str());
    let province = own.or(sender.provinces.first().map(String::as_str));
    let choices = province.map(|code| communes(&visit.app, code, visit.now));
    let mut choices = choices.unwrap_or_default().into_iter();
    let named = choices.find(|choice| fold(&choice.label) == fold(typed));
    named.map_or_else(|| typed.to_owned(), |choice| choice.value)
}
