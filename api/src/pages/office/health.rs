//! How the service is, as far as this process knows.

use pages::badge::{Badge, Tone};
use pages::icon::Icon;
use pages::moment;
use pages::note::Note;
use pages::office::{Cell, Column, Fact, Facts, Part, Row, Table, Tint};

use super::destinations::{age, dash};
use super::*;
use crate::admin::health::{self, CutOff, HealthReport};
use crate::auth::op;
use chrono::TimeDelta;

/// A backup older than this is one too few.
const BACKUP_WITHIN: TimeDelta = TimeDelta::hours(26);

/// The page of the service's health.
pub(super) fn routes() -> Vec<PageRoute> {
    vec![get("/admin/health", show)]
}

/// `GET /admin/health`.
async fn show(request: Request) -> MadePage {
    let (visit, _) = OfficeVisit::<op::HealthPage>::open(request).await?;
    let words = visit.reader.words;
    let health = health::health(&visit.app).await?;
    let mut outcome = OfficeOutcome::default();
    let mut page = visit
        .office_page(Section::Health, words.health(), &mut outcome)
        .await?;
    page.sub = words.checked_at(moment::exact(visit.now));
    page.notes.push(visit.verdict(&health));
    page.parts.push(Part::Facts(visit.checks(&health)));
    page.parts
        .push(Part::Table(visit.cut_off_table(&health.cut_off)));
    page.aside.push(Part::Facts(visit.at_work(&health)));
    html::page(&visit.reader, &page)
}

impl<A: Access> OfficeVisit<A> {
    fn verdict(&self, health: &HealthReport) -> Note {
        let words = self.reader.words;
        if !health.report.is_ready {
            let advice = words.not_ready_advice().to_owned();
            return Note {
                is_alert: false,
                ..Note::failed(words.not_ready().to_owned(), advice)
            };
        }
        let is_degraded = health.report.dependencies.iter().any(|(_, is_ok)| !is_ok);
        if is_degraded || !health.cut_off.is_empty() {
            return Note {
                tone: Tone::Soon,
                icon: Icon::Triangle,
                fact: words.degraded().to_owned(),
                advice: words.still_accepted().to_owned(),
                is_alert: false,
                is_resent: false,
            };
        }
        Note::done(words.all_well().to_owned(), String::new())
    }

    /// What this process finds of itself and of others.
    fn checks(&self, health: &HealthReport) -> Facts {
        let words = self.reader.words;
        let own = health.report.checks.iter().map(|(name, is_ok)| {
            let badge = match is_ok {
                true => Badge::new(Tone::Ok, Icon::CircleCheck, words.well()),
                false => Badge::new(Tone::Late, Icon::CircleX, words.failing()),
            };
            Fact::state(words.of_check(name), badge)
        });
        let others = health.report.dependencies.iter().map(|(name, is_ok)| {
            let badge = match is_ok {
                true => Badge::new(Tone::Ok, Icon::CircleCheck, words.well()),
                false => Badge::new(Tone::Late, Icon::WifiOff, words.degraded_word()),
            };
            Fact::state(words.of_check(name), badge)
        });
        Facts {
            id: "checks",
            heading: words.checks().to_owned(),
            facts: own.chain(others).collect(),
        }
    }

    fn cut_off_table(&self, cut_off: &[CutOff]) -> Table {
        let words = self.reader.words;
        let rows = cut_off.iter().map(|endpoint| {
            let since = endpoint.since;
            let long = since.map_or_else(dash, |at| age(words, at, self.now));
            Row {
                tint: Tint::Bad,
                cells: vec![
                    Cell::Link {
                        path: format!("/admin/destinations/{}", endpoint.code),
                        name: endpoint.name.clone(),
                        aside: endpoint.code.clone(),
                    },
                    Cell::Text(words.of_reason(endpoint.reason.as_deref().unwrap_or_default())),
                    Cell::Number(since.map_or_else(dash, moment::short)),
                    Cell::Number(long),
                ],
            }
        });
        Table {
            words,
            id: "cut-off",
            heading: words.cut_off_endpoints().to_owned(),
            hint: String::new(),
            acts: Vec::new(),
            columns: vec![
                Column::text(words.destination_word()),
                Column::text(words.cause()),
                Column::text(words.since_word()),
                Column::text(words.how_long()),
            ],
            rows: rows.collect(),
            empty: (Icon::CircleCheck, words.none_cut_off().to_owned()),
            more: None,
        }
    }

    /// What is known of the workers and of backups.
    fn at_work(&self, health: &HealthReport) -> Facts {
        let words = self.reader.words;
        let ago = |at| words.ago(age(words, at, self.now));
        let last_call = health
            .last_call_at
            .map_or_else(|| words.never_yet().to_owned(), ago);
        let backup = match health.last_backup_at {
            Some(at) if self.now - at <= BACKUP_WITHIN => {
                Badge::new(Tone::Ok, Icon::CircleCheck, ago(at))
            }
            Some(at) => Badge::new(Tone::Soon, Icon::Clock, ago(at)),
            None if health.is_backup_known => {
                Badge::new(Tone::Soon, Icon::Clock, words.never_yet())
            }
            None => Badge::new(Tone::Settled, Icon::History, words.by_postgres()),
        };
        Facts {
            id: "work",
            heading: words.at_work().to_owned(),
            facts: vec![
                Fact::new(words.last_call(), last_call),
                Fact::new(words.held_now(), health.held_count.to_string()),
                Fact::state(words.last_backup(), backup),
            ],
        }
    }
}
