//! The receipt of a facility's day: every receipt of the stays that began on it, with one digest
//! and one signature over all.

use chrono::{DateTime, NaiveDate, Utc};
use domain::digest::{self, Digest};
use domain::facility::Facility;
use domain::problem::Code;
use domain::receipt::{self, DayFacts};
use domain::stay::Timeliness;
use domain::time::{format_instant, parse_day};
use formats::receipt_paper::{DayLine, DayPaper};
use intake::view::ISSUER;
use poem::http::{HeaderMap, header};
use serde_json::json;
use store::stays::ArrivedRow;
use uuid::Uuid;

use crate::accept;
use crate::answer::{Answer, JSON};
use crate::app::App;
use crate::auth::{Admitted, Reading};
use crate::facilities;
use crate::paper::{self, PDF};
use crate::problem::Failure;
use crate::query::{Parameter, Query};
use crate::shapes::DayReceipt;
use crate::stays::receipt::JOSE;
use crate::unreadable;

/// Which day.
pub(crate) const PARAMETERS: [Parameter; 1] = [Parameter {
    name: "date",
    about: "The day in Viet Nam on which the stays began; required.",
    schema: || json!({"type": "string", "format": "date"}),
}];

/// A day as it stands now.
struct Day {
    date: NaiveDate,
    as_of: DateTime<Utc>,
    lines: Vec<Line>,
    digest: Digest,
    jws: String,
}

/// A stay of the day.
struct Line {
    stay_id: Uuid,
    number: String,
    received_at: DateTime<Utc>,
    timeliness: Timeliness,
}

/// The receipt of a day, in the form that `Accept` prefers.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reading>,
    headers: &HeaderMap,
    id: &str,
    query: Query,
) -> Result<Answer<DayReceipt>, Failure> {
    let media_type = accept::choose(headers, &[JSON, JOSE, PDF])
        .ok_or_else(|| Failure::new(Code::NotAcceptable))?;
    let facility = facilities::find(admitted.sender(), id)?;
    let date = read_day(query)?;
    let rows = store::stays::arrived_on(&app.db, facility.id, date).await?;
    let day = Day::of(app, facility, date, rows)?;
    let answer = if media_type == PDF {
        let name = format!("{}-{date}", facility.id);
        let paper = day.into_paper(paper::place(app, facility));
        paper::answer(app, &name, move || paper.to_pdf()).await?
    } else if media_type == JOSE {
        Answer::of_type(JOSE, day.jws)
    } else {
        Answer::json(day.to_json(facility).to_string())
    };
    Ok(answer.with_header(header::VARY, "Accept"))
}

/// The day that a query asks for.
///
/// Errors: 422 when it is missing, no day, or not alone.
pub(crate) fn read_day(mut query: Query) -> Result<NaiveDate, Failure> {
    let text = query.text("date");
    let date = text.as_deref().and_then(parse_day);
    match (&text, date) {
        (None, _) => query.refuse("date", Code::Required),
        (Some(_), None) => query.refuse("date", Code::InvalidDate),
        (Some(_), Some(_)) => {}
    }
    query.finish()?;
    date.ok_or_else(|| Failure::internal("a day that is missing was not refused"))
}

impl Day {
    fn of(
        app: &App,
        facility: &Facility,
        date: NaiveDate,
        rows: Vec<ArrivedRow>,
    ) -> Result<Self, Failure> {
        let lines = rows
            .iter()
            .map(Line::of)
            .collect::<Result<Vec<Line>, Failure>>()?;
        let digest = digest::of_numbers(lines.iter().map(|line| &line.number));
        let as_of = app.clock.now();
        let payload = receipt::day_payload(&DayFacts {
            facility_id: facility.id,
            date,
            as_of,
            digest: &digest,
            iss: ISSUER,
        });
        Ok(Self {
            date,
            as_of,
            lines,
            jws: app.signer.sign_day(&payload),
            digest,
        })
    }

    fn to_json(&self, facility: &Facility) -> serde_json::Value {
        let receipts: Vec<_> = self.lines.iter().map(Line::to_json).collect();
        json!({
            "facility_id": facility.id,
            "date": self.date.to_string(),
            "as_of": format_instant(self.as_of),
            "count": self.digest.count,
            "sha256": hex::encode(self.digest.sha256),
            "receipts": receipts,
            "jws": self.jws,
        })
    }

    fn into_paper(self, place: formats::receipt_paper::Place) -> DayPaper {
        let lines = self.lines.into_iter().map(|line| DayLine {
            number: line.number,
            received_at: line.received_at,
            timeliness: line.timeliness,
        });
        DayPaper {
            place,
            day: self.date,
            as_of: self.as_of,
            lines: lines.collect(),
            sha256: hex::encode(self.digest.sha256),
            jws: self.jws,
        }
    }
}

impl Line {
    fn of(row: &ArrivedRow) -> Result<Self, Failure> {
        let timeliness = row.timeliness.get();
        Ok(Self {
            stay_id: row.id,
            number: receipt::number(row.received_at, row.id, 1),
            received_at: row.received_at,
            timeliness: timeliness.map_err(|error| unreadable::failure(row.id, error))?,
        })
    }

    fn to_json(&self) -> serde_json::Value {
        json!({
            "number": self.number,
            "stay_id": self.stay_id,
            "received_at": format_instant(self.received_at),
            "timeliness": self.timeliness.as_str(),
        })
    }
}
