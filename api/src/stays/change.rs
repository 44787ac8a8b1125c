//! Changing a stay: amendment, departure, extension, cancellation.

use domain::{
    change::{Change, Operation},
    problem::Code,
    stay::Channel,
};
use intake::{Accepted, Expected, Occasion, Refusal};
use metrics::counter;
use poem::http::header;
use uuid::Uuid;

use super::{REPLAYED, charge, class, count_key, etag, facility_ids};
use crate::answer::Answer;
use crate::app::App;
use crate::auth::{Admitted, Declaring};
use crate::exchange::Exchange;
use crate::idempotency::IdempotencyKey;
use crate::payload::{Document, Proposal};
use crate::precondition::IfMatch;
use crate::problem::Failure;
use crate::query::id_of;
use crate::shapes::Stay;

/// What a change is to be done to, and under which conditions.
pub(crate) struct Target {
    /// The stay's id, as it stands in the path.
    pub(crate) id: String,
    /// The version it is meant for.
    pub(crate) if_match: IfMatch,
    /// What guards it against being done twice.
    pub(crate) key: IdempotencyKey,
}

/// Changes a stay: 200 with the stay as the change left it.
pub(crate) async fn change<T>(
    app: &App,
    exchange: &Exchange,
    mut admitted: Admitted<Declaring>,
    target: Target,
    operation: Operation,
    proposal: Proposal<T>,
) -> Result<Answer<Stay>, Failure> {
    let stay_id = id_of(&target.id)?;
    let facilities = facility_ids(admitted.sender());
    let found = store::stays::find(&app.db, stay_id, &facilities).await;
    let stay = match found {
        Ok(stay) => stay,
        Err(error) => return Err(admitted.ticket.refuse(error)),
    };
    // The body is judged after these; without one there is no known key to look for.
    let document = match (proposal.0, &stay, &target.if_match.0) {
        (Ok(document), _, _) => document,
        (Err(_), None, _) => return Err(Failure::new(Code::NotFound)),
        (Err(_), Some(_), Expected::Unnamed) => {
            return Err(Failure::new(Code::PreconditionRequired));
        }
        (Err(failure), Some(_), Expected::Current | Expected::Versions(_)) => return Err(failure),
    };
    if let Some(stay) = stay {
        let cost = [(stay.facility_id, 1)];
        charge(app, exchange, &mut admitted.ticket, 1, &cost).await?;
    }
    let outcome = submit(
        app, exchange, &admitted, &target, stay_id, operation, document,
    )
    .await;
    count(operation, &outcome);
    count_key(&target.key, &outcome);
    match outcome {
        Ok(accepted) => Ok(answer(accepted)),
        Err(refusal) => Err(admitted.ticket.refuse(refusal)),
    }
}

async fn submit<T>(
    app: &App,
    exchange: &Exchange,
    admitted: &Admitted<Declaring>,
    target: &Target,
    stay_id: Uuid,
    operation: Operation,
    document: Document<T>,
) -> Result<Accepted, Refusal> {
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender: admitted.sender(),
        channel: Channel::Rest,
        idempotency_key: target.key.0.as_deref(),
        received_at: document.received_at,
        trace_parent: Some(&trace_parent),
        census_lease: None,
    };
    let change = Change {
        operation,
        document: document.value,
    };
    let expected = &target.if_match.0;
    app.intake
        .change(occasion, stay_id, expected, &change)
        .await
}

fn answer(accepted: Accepted) -> Answer<Stay> {
    let Accepted { stay, is_replay } = accepted;
    let answer = Answer::json(stay.json)
        .with_header(header::LOCATION, format!("/v1/stays/{}", stay.id))
        .with_header(header::ETAG, etag(stay.version));
    if is_replay {
        answer.with_header(REPLAYED, "true")
    } else {
        answer
    }
}

fn count(operation: Operation, outcome: &Result<Accepted, Refusal>) {
    let (outcome, error_class) = match outcome {
        Ok(accepted) if accepted.is_replay => ("replayed", "none"),
        Ok(_) => ("accepted", "none"),
        Err(refusal) => ("refused", class(refusal).as_str()),
    };
    counter!(
        "luutru_intake_changes_total",
        "operation" => operation.as_str(),
        "outcome" => outcome,
        "error_class" => error_class
    )
    .increment(1);
}
