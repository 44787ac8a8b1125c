//! Keys of programs: listed, made, revoked. The text of a key is shown once.

use domain::directory::{KeyRecord, KeyState};
use domain::rights::OperationId;
use domain::sender::Role;
use pages::badge::{Badge, Tone};
use pages::field::Choice;
use pages::icon::Icon;
use pages::moment;
use pages::office::{
    Act, Button, Cell, Column, Fact, Facts, Form, OneTimeSecret, Part, Row, Table,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use store::key_ring;

use super::destinations::dash;
use super::forms::{self, Fields, Returned};
use super::*;
use crate::admin::directory::keys;
use crate::auth::op;
use crate::pages::form::PageForm;
use crate::payload::JsonDocument;

/// The page of keys.
const PATH: &str = "/admin/keys";
/// Days of the lives that are offered.
const LIVES: [u32; 4] = [90, 365, 730, 1_095];

/// The pages of keys.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![
        get("/admin/keys", list),
        post("/admin/keys", make),
        get("/admin/keys/:id", show),
        post("/admin/keys/:id/revoke", revoke),
    ]
}

/// `GET /admin/keys`.
async fn list(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::KeysPage>::open(request).await?;
    let query = PageForm::of_query(&request);
    let after = query.value("after").to_owned();
    let words = visit.reader.words;
    let outcome = match query.value("done") {
        "" => OfficeOutcome::default(),
        _ => OfficeOutcome::done(words.key_was_revoked()),
    };
    visit.keys(&after, outcome).await
}

/// `POST /admin/keys`.
async fn make(request: Request) -> MadePage {
    let (visit, sent, _) = OfficeVisit::<op::CreateKey>::receive(request).await?;
    let words = visit.reader.words;
    let draft = JsonDocument::of(draft(&sent), visit.now);
    let made = keys::make(&visit.app, visit.admitted.sender(), &sent.key(), draft).await;
    let outcome = match made {
        Ok((answer, Some(text))) => OfficeOutcome::secret(OneTimeSecret {
            fact: words.key_made(answer.subject.label.as_str()),
            text: text.expose_secret().to_owned(),
            advice: words.key_advice().to_owned(),
            kept: words.key_kept(),
            next: PATH.to_owned(),
        }),
        Ok((answer, None)) => OfficeOutcome::made_before(
            words.key_made_before(answer.subject.label.as_str()),
            words.key_made_before_advice(),
        ),
        Err(failure) => {
            let labels = [
                ("organisation_code", words.organisation()),
                ("role", words.role()),
                ("label", words.key_label()),
                ("facility_ids", words.declares_for()),
                ("all_facilities", words.declares_for()),
                ("communes", words.areas()),
                ("provinces", words.areas()),
                ("expires_in_days", words.key_life()),
            ];
            OfficeOutcome::returned(Returned::new(sent, &failure, words, &labels))
        }
    };
    visit.keys("", outcome).await
}

/// `GET /admin/keys/{id}`.
async fn show(request: Request) -> MadePage {
    let (visit, request) = OfficeVisit::<op::KeysPage>::open(request).await?;
    visit.key(id_of(&request)?, OfficeOutcome::default()).await
}

/// `POST /admin/keys/{id}/revoke`.
async fn revoke(request: Request) -> MadePage {
    let (visit, _, request) = OfficeVisit::<op::RevokeKey>::receive(request).await?;
    keys::end(&visit.app, visit.admitted.sender(), id_of(&request)?).await?;
    Ok(crate::pages::see_other("/admin/keys?done=revoked"))
}

/// The members that the fields of the form fill.
fn draft(sent: &PageForm) -> Value {
    let mut draft = sent.to_json(&["organisation_code", "role", "label"]);
    if let Value::Object(draft) = &mut draft {
        let facility_ids: Vec<&str> = sent.values("facility_ids").collect();
        if !facility_ids.is_empty() {
            draft.insert("facility_ids".to_owned(), json!(facility_ids));
        }
        let codes = sent.value("areas").split([',', ' ', ';']);
        let codes = codes.map(str::trim).filter(|code| !code.is_empty());
        let (provinces, communes): (Vec<&str>, Vec<&str>) = codes.partition(|one| one.len() <= 2);
        for (name, list) in [("provinces", provinces), ("communes", communes)] {
            if !list.is_empty() {
                draft.insert(name.to_owned(), json!(list));
            }
        }
        match sent.value("expires_in_days").parse::<u32>() {
            Ok(days) => draft.insert("expires_in_days".to_owned(), json!(days)),
            Err(_) => draft.insert("never_expires".to_owned(), json!(true)),
        };
    }
    draft
}

impl<A: Access> OfficeVisit<A> {
    async fn keys(&self, after: &str, mut outcome: OfficeOutcome) -> MadePage {
        let words = self.reader.words;
        let mut rows = key_ring::list(&self.app.db, None, part_after(after)).await?;
        let more = cut(&mut rows, PATH, |row| row.id);
        let sound = rows.into_iter().filter_map(|row| row.sound("api_key"));
        let found: Vec<KeyRecord> = sound.collect();
        let facilities = self.known_facilities(None).await?;
        let names = names_of(&facilities);
        let mut page = self
            .office_page(Section::Keys, words.keys_heading(), &mut outcome)
            .await?;
        page.sub = words.keys_sub().to_owned();
        page.parts.push(Part::Table(Table {
            words,
            id: "list",
            heading: words.key_count(found.len()),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.key_label()),
                Column::text(words.role()),
                Column::text(words.declares_for()),
                Column::text(words.last_used()),
                Column::text(words.state_word()),
                Column::acts(words.what_to_do()),
            ],
            rows: found.iter().map(|key| self.key_row(key, &names)).collect(),
            empty: (Icon::Lock, words.no_keys().to_owned()),
            more,
        }));
        if self.may(OperationId::CreateKey) {
            let form = self
                .key_form(&facilities, outcome.returned.as_ref())
                .await?;
            page.parts.insert(0, Part::Form(Box::new(form)));
        }
        html::page(&self.reader, &page)
    }

    fn key_row(&self, key: &KeyRecord, names: &HashMap<Uuid, String>) -> Row {
        let words = self.reader.words;
        let used = key.last_used_at.map_or_else(dash, moment::short);
        let may_revoke = key.revoked_at.is_none() && self.may(OperationId::RevokeKey);
        let acts = may_revoke.then(|| Act::Go {
            path: format!("{PATH}/{}#revoke", key.id),
            icon: Icon::Ban,
            label: words.revoke(),
            about: key.label.clone(),
        });
        Row::plain(vec![
            Cell::Link {
                path: format!("{PATH}/{}", key.id),
                name: key.label.clone(),
                aside: key.organisation_code.clone(),
            },
            Cell::Text(words.of_key_role(key.role).to_owned()),
            Cell::Text(self.key_scope(key, names)),
            Cell::Number(used),
            Cell::State(self.key_badge(key), String::new()),
            Cell::Acts(acts.into_iter().collect()),
        ])
    }

    fn key_scope(&self, key: &KeyRecord, names: &HashMap<Uuid, String>) -> String {
        let words = self.reader.words;
        let catalogues = self.app.intake.catalogues();
        match key.role {
            Role::Admin => words.whole_installation().to_owned(),
            Role::Police => {
                let codes = key.communes.iter().chain(&key.provinces);
                let areas = codes.map(|code| area_name(catalogues, code));
                areas.collect::<Vec<_>>().join(", ")
            }
            Role::Declarant | Role::Integrator => named_facilities(words, &key.facility_ids, names),
        }
    }

    fn key_badge(&self, key: &KeyRecord) -> Badge {
        let words = self.reader.words;
        match key.state(self.now) {
            KeyState::Active => Badge::new(Tone::Ok, Icon::CircleCheck, words.key_active()),
            KeyState::ExpiresSoon => Badge::new(Tone::Soon, Icon::Clock, words.key_expires_soon()),
            KeyState::Expired => Badge::new(Tone::Settled, Icon::Clock, words.key_expired()),
            KeyState::OrganisationEnded => {
                Badge::new(Tone::Settled, Icon::Ban, words.organisation_ended())
            }
            KeyState::Revoked => Badge::new(Tone::Settled, Icon::Ban, words.key_revoked()),
        }
    }

    async fn key_form(
        &self,
        facilities: &[KnownFacility],
        back: Option<&Returned>,
    ) -> Result<Form, Failure> {
        let words = self.reader.words;
        let fields = Fields::of(back);
        let roles = Role::ALL.iter().copied();
        let roles = roles.map(|role| Choice::new(role.as_str(), words.of_key_role(role)));
        let lives = LIVES
            .iter()
            .map(|days| Choice::new(days.to_string(), words.days_long(days)));
        let lives = lives.chain([Choice::new("", words.never_ends())]).collect();
        let legend = (words.declares_for(), words.declares_for_hint());
        let organisations = self.organisation_choices().await?;
        Ok(Form {
            words,
            id: "new",
            action: PATH.to_owned(),
            heading: words.new_key().to_owned(),
            hint: words.new_key_hint().to_owned(),
            hidden: vec![self.key_field(back)],
            fields: vec![
                fields
                    .line("label", words.key_label(), "")
                    .hint(words.key_label_hint())
                    .into(),
                fields
                    .choice("organisation_code", words.organisation(), "", organisations)
                    .into(),
                fields
                    .choice("role", words.role(), "declarant", roles.collect())
                    .into(),
                fields
                    .choice("expires_in_days", words.key_life(), "365", lives)
                    .into(),
                forms::facility_checks(&fields, legend, facilities, &[], true),
                fields
                    .line("areas", words.areas(), "")
                    .hint(words.key_areas_hint())
                    .class("wide")
                    .into(),
            ],
            button: Button::primary(Icon::Lock, words.new_key()),
            is_folded: back.is_none(),
        })
    }

    /// One key, with the form that revokes it.
    async fn key(&self, id: Uuid, mut outcome: OfficeOutcome) -> MadePage {
        use domain::problem::Code;

        let words = self.reader.words;
        let found = key_ring::find(&self.app.db, id).await?;
        let key = found.ok_or_else(|| Failure::new(Code::NotFound))?;
        let facilities = self.known_facilities(Some(key.organisation_id)).await?;
        let names = names_of(&facilities);
        let mut page = self
            .office_page(Section::Keys, key.label.clone(), &mut outcome)
            .await?;
        page.sub = key.organisation_code.clone();
        let at = |at: Option<_>| at.map_or_else(dash, moment::exact);
        page.parts.push(Part::Facts(Facts {
            id: "facts",
            heading: words.key_data().to_owned(),
            facts: vec![
                Fact::state(words.state_word(), self.key_badge(&key)),
                Fact::new(words.role(), words.of_key_role(key.role)),
                Fact::new(words.declares_for(), self.key_scope(&key, &names)),
                Fact::new(words.key_id(), key.id.simple().to_string()),
                Fact::new(words.office_made_at(), moment::exact(key.created_at)),
                Fact::new(words.last_used(), at(key.last_used_at)),
                Fact::new(words.session_until(), at(key.expires_at)),
                Fact::new(words.revoked_at(), at(key.revoked_at)),
            ],
        }));
        if key.revoked_at.is_none() && self.may(OperationId::RevokeKey) {
            page.aside.push(Part::Form(Box::new(Form {
                words,
                id: "revoke",
                action: format!("{PATH}/{id}/revoke"),
                heading: words.revoke_key().to_owned(),
                hint: words.revoke_hint().to_owned(),
                hidden: Vec::new(),
                fields: Vec::new(),
                button: Button::danger(Icon::Ban, words.revoke_key()),
                is_folded: false,
            })));
        }
        html::page(&self.reader, &page)
    }
}
