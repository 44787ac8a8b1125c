//! Machines at the desks of facilities, enrolled by a manager who sits at them: the cookie stands in
//! for a one-time code of the desk's accounts.

use std::sync::Arc;

use domain::audit::{Action, SubjectKind};
use domain::problem::{Code, Violation};
use domain::sender::Sender;
use domain::session::request::MachineRequest;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path};
use runtime::ids;
use runtime::token::{Token, TokenUse};
use serde::Serialize;
use store::accounts::machines::{self, Machine};
use store::directory::{ActionRecord, ListPart};
use uuid::Uuid;

use super::declined::{Declined, Unfit};
use super::{AREA, bound_facilities, done_once};
use crate::app::App;
use crate::audit;
use crate::auth::{Admitted, cookies, op};
use crate::cursor;
use crate::examples::Examples;
use crate::exchange::Exchange;
use crate::idempotency::IdempotencyKey;
use crate::parameters::{Paged, Query};
use crate::payload::{JsonDocument, Shape};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{Id, Instant, PlaceName};
use crate::sign_in::Visitor;
use crate::topic::Topic;

/// The scope of this list's cursors.
const LIST: &str = "machines";

/// A machine to be enrolled.
#[derive(Object)]
pub(crate) struct MachineDraft {
    /// The facility at whose desk it stands.
    facility_id: Id,
    /// What people call it.
    label: PlaceName,
}

impl Shape for MachineDraft {}

/// An enrolled machine.
#[derive(Object, Serialize)]
#[oai(rename = "Machine")]
pub(crate) struct MachineView {
    /// The machine's id.
    id: Uuid,
    /// The facility at whose desk it stands.
    facility_id: Uuid,
    /// What people call it.
    label: PlaceName,
    /// The account that enrolled it.
    enrolled_by: Uuid,
    /// When.
    enrolled_at: Instant,
    /// When its enrolment was ended.
    #[oai(nullable)]
    ended_at: Option<Instant>,
}

impl MachineView {
    fn of(machine: &Machine) -> Self {
        Self {
            id: machine.id,
            facility_id: machine.facility_id,
            label: PlaceName(machine.label.clone()),
            enrolled_by: machine.enrolled_by,
            enrolled_at: Instant::of(machine.enrolled_at),
            ended_at: machine.ended_at.map(Instant::of),
        }
    }
}

/// A page of machines, the oldest first.
#[derive(Object, Serialize)]
pub(crate) struct MachinePage {
    /// The machines.
    items: Vec<MachineView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Machines are listed.
#[derive(ApiResponse)]
pub(crate) enum MachinesListed {
    /// A page of machines.
    #[oai(status = 200)]
    Page(Json<MachinePage>),
}

/// A machine is enrolled.
#[derive(ApiResponse)]
pub(crate) enum MachineEnrolled {
    /// Its cookie is set in the browser that asked.
    #[oai(status = 201)]
    Machine(Json<MachineView>),
}

/// A machine's enrolment was ended.
#[derive(ApiResponse)]
pub(crate) enum MachineEnded {
    /// The machine, ended.
    #[oai(status = 200)]
    Machine(Json<MachineView>),
}

/// Machines, enrolled, listed and ended.
pub(crate) struct MachinesApi(pub(crate) Arc<App>);

impl Examples for MachinesApi {
    const EXAMPLES: &'static str = include_str!("machines.examples.json");
}

#[OpenApi]
impl MachinesApi {
    /// List enrolled machines
    ///
    /// Those of the organisation; for a manager of some facilities, those at their desks.
    #[oai(
        path = "/v1/machines",
        method = "get",
        operation_id = "listMachines",
        tag = "Topic::Accounts"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListMachines>,
        mut query: Query<Paged>,
    ) -> Result<MachinesListed, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let page = query.page(&app.vault, LIST, sender.key_id);
        query.finish()?;
        let part = ListPart {
            after: page.after,
            count_max: page.count_max(),
        };
        let by = &app.account_row_key;
        let facilities = bound_facilities(&admitted.ticket.caller);
        let own = sender.organisation_id;
        let mut rows = machines::list(&app.db, own, facilities, part, by).await?;
        let last = page.cut(&mut rows);
        let next_cursor = last.map(|row| cursor::write(&app.vault, LIST, sender.key_id, row.id));
        Ok(MachinesListed::Page(Json(MachinePage {
            items: rows.iter().map(MachineView::of).collect(),
            next_cursor,
        })))
    }

    /// Enrol the machine at which the caller sits
    ///
    /// It takes no `Idempotency-Key`: its answer is a cookie, which is set once. Asked again, the
    /// browser gets another in its place, and the former stays listed until it is ended.
    #[oai(
        path = "/v1/machines",
        method = "post",
        operation_id = "enrollMachine",
        tag = "Topic::Accounts"
    )]
    async fn enroll(
        &self,
        admitted: Admitted<op::EnrollMachine>,
        visitor: Visitor,
        document: JsonDocument<MachineDraft>,
    ) -> Result<MachineEnrolled, Declined<Unfit>> {
        let (app, sender, key) = (&self.0, admitted.sender(), IdempotencyKey(None));
        let (machine, _) = take_in(app, sender, &visitor.exchange, &key, document).await?;
        Ok(MachineEnrolled::Machine(Json(MachineView::of(&machine))))
    }

    /// End a machine's enrolment
    ///
    /// From then on its desk needs one-time codes. One that has ended stays as it is.
    #[oai(
        path = "/v1/machines/:id",
        method = "delete",
        operation_id = "endMachine",
        tag = "Topic::Accounts"
    )]
    async fn end(
        &self,
        admitted: Admitted<op::EndMachine>,
        /// The machine's id.
        Path(id): Path<Uuid>,
    ) -> Result<MachineEnded, Failure> {
        let ended = put_out(&self.0, admitted.sender(), id).await?;
        Ok(MachineEnded::Machine(Json(MachineView::of(&ended))))
    }
}

/// Enrols the machine at which the caller sits: its cookie goes with the answer. Returns whether
/// this is a replay, which has no cookie.
///
/// Errors: 422 for a facility that is none of the caller's.
pub(crate) async fn take_in(
    app: &App,
    sender: &Sender,
    exchange: &Exchange,
    key: &IdempotencyKey,
    document: JsonDocument<MachineDraft>,
) -> Result<(Machine, bool), Failure> {
    let now = document.received_at;
    let request = ("machines", &document.value);
    let guard = key.of_request(app, sender, (AREA, &[]), request, now);
    let wanted = MachineRequest::read(&document.value).map_err(Failure::invalid)?;
    if sender.facility(wanted.facility_id).is_none() {
        let violation = Violation::new("/facility_id", Code::FacilityUnknown);
        return Err(Failure::invalid(vec![violation]));
    }
    let token = Token::generate();
    let machine = Machine {
        id: ids::uuid_v7(&app.clock),
        organisation_id: sender.organisation_id,
        facility_id: wanted.facility_id,
        label: wanted.label,
        token_hash: token.hash(&app.pepper, TokenUse::Machine).to_vec(),
        enrolled_by: sender.key_id,
        enrolled_at: now,
        ended_at: None,
    };
    let entry = audit::entry(
        app,
        sender,
        Action::MachineEnrolled,
        (SubjectKind::Machine, machine.id),
        now,
    );
    let note = ActionRecord {
        entry,
        key: guard.as_ref(),
    };
    let enrolled = machines::enroll(&app.db, &machine, &app.account_row_key, note).await;
    let enrolled = enrolled.map_err(|error| key.failure(error))?;
    let (machine, is_replayed) = done_once(enrolled, key)?;
    if !is_replayed {
        let cookie = cookies::set_machine(&app.settings, &token);
        exchange.set_cookie(cookie);
    }
    Ok((machine, is_replayed))
}

/// Ends a machine's enrolment at a facility of the caller. Absent and foreign are the same.
pub(crate) async fn put_out(app: &App, sender: &Sender, id: Uuid) -> Result<Machine, Failure> {
    let by = &app.account_row_key;
    let found = machines::get(&app.db, sender.organisation_id, id, by).await?;
    let found = found.filter(|machine| sender.facility(machine.facility_id).is_some());
    let found = found.ok_or_else(|| Failure::new(Code::NotFound))?;
    let entry = audit::entry(
        app,
        sender,
        Action::MachineEnded,
        (SubjectKind::Machine, id),
        app.clock.now(),
    );
    Ok(machines::end(&app.db, &found, by, entry).await?)
}
