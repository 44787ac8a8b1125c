//! The list of cases, and one of them.

use domain::{
    problem::Code,
    review::{ReviewKind, ReviewState},
};
use serde_json::json;
use store::review::queue::{self, Filter};
use uuid::Uuid;

use super::{item, note_reads, scope_of};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Reviewing};
use crate::cursor;
use crate::problem::Failure;
use crate::query::{Parameter, Query, id_of};
use crate::shapes::review::{ReviewCase, ReviewPage};

/// What cursors of this list are good for.
const LIST: &str = "review_cases";
/// Digits of a commune's code.
const COMMUNE_CODE_LENGTH: usize = 5;

/// The filters, beside those of every list.
pub(crate) const PARAMETERS: [Parameter; 4] = [
    Parameter {
        name: "kind",
        about: "Only cases opened for this reason.",
        schema: || words(ReviewKind::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "state",
        about: "Only cases in this state; left out, all but closed ones.",
        schema: || words(ReviewState::ALL.iter().map(|word| word.as_str())),
    },
    Parameter {
        name: "commune",
        about: "Only cases of this commune.",
        schema: || json!({"type": "string", "pattern": "^[0-9]{5}$"}),
    },
    Parameter {
        name: "lease_id",
        about: "Only cases that this lease of yours holds.",
        schema: || json!({"type": "string", "format": "uuid"}),
    },
];

fn words(words: impl Iterator<Item = &'static str>) -> serde_json::Value {
    json!({"type": "string", "enum": words.collect::<Vec<_>>()})
}

/// A page of the officer's cases, the most urgent first.
pub(crate) async fn list(
    app: &App,
    admitted: &Admitted<Reviewing>,
    mut query: Query,
) -> Result<Answer<ReviewPage>, Failure> {
    let sender = admitted.sender();
    let page = query.page(&app.vault, LIST, sender.key_id);
    let kind = query.parsed("kind", Code::InvalidFilter, ReviewKind::parse);
    let is_commune = |text: &str| {
        text.len() == COMMUNE_CODE_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let filter = Filter {
        kinds: kind.into_iter().collect(),
        state: query.parsed("state", Code::InvalidFilter, ReviewState::parse),
        commune_code: query.parsed("commune", Code::InvalidFilter, |text| {
            is_commune(text).then(|| text.to_owned())
        }),
        lease: query.parsed("lease_id", Code::InvalidFilter, |text| {
            let lease_id = Uuid::try_parse(text).ok()?;
            Some((lease_id, sender.key_id))
        }),
    };
    query.finish()?;
    let scope = scope_of(sender);
    let limit = page.limit + 1;
    let mut cases = queue::list(&app.db, &scope, &filter, page.after, limit).await?;
    let has_more = cases.len() > page.limit;
    cases.truncate(page.limit);
    let last = cases.last().filter(|_| has_more);
    let next_cursor = last.map(|case| cursor::write(&app.vault, LIST, sender.key_id, case.id));
    let items = item::render(app, sender.key_id, &cases).await?;
    note_reads(app, sender, &cases).await?;
    let page = json!({"items": items, "next_cursor": next_cursor});
    Ok(Answer::json(page.to_string()))
}

/// One case of the officer's communes, or one that the officer has referred to another. Absent, foreign and malformed are the same 404.
pub(crate) async fn show(
    app: &App,
    admitted: &Admitted<Reviewing>,
    id: &str,
) -> Result<Answer<ReviewCase>, Failure> {
    let sender = admitted.sender();
    let scope = scope_of(sender);
    let id = id_of(id)?;
    let case = queue::find_readable(&app.db, &scope, sender.key_id, id).await?;
    let cases = match case {
        Some(case) => [case],
        None => return Err(super::absent(app, sender, id).await),
    };
    let mut items = item::render(app, sender.key_id, &cases).await?;
    note_reads(app, sender, &cases).await?;
    let item = items.pop().unwrap_or_default();
    Ok(Answer::json(item.to_string()))
}
