//! `luutru delivery`: operators' control over delivery to the police. Shows notifications and their
//! attempts, resends parked ones, pauses destinations, and assigns endpoints and communes to them.
//! Every action is audited.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use api::views::{ATTEMPT_COUNT_MAX, DestinationView, NotificationListed, NotificationView};
use chrono::{DateTime, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use domain::{
    audit::{Action, SubjectKind},
    catalogue::CommuneCode,
    operator::PauseRequest,
    time::format_instant,
};
use runtime::{clock::Clock, ids, plain_http::PlainHttpSettings, profile::Profile};
use serde_json::json;
use store::{
    Database,
    backlog::{Backlog, Map},
    damage,
    destinations::{self, Destination, NATIONAL, Pause, Route},
    outbox::{self, Task},
    tasks::{self, Requeued, TaskFilter, TaskSelection},
};
use uuid::Uuid;

use crate::{
    assemble,
    exit::ExitStatus,
    operator::{self, ActingOperator},
    settings::PlaceSettings,
    terminal,
};

const LIMIT_MAX: u64 = 1_000;
/// How many parked tasks to resend per query.
const PAGE_SIZE: u64 = 500;
/// What sending again is noted as, and of what.
const REQUEUED: Action = Action::DeliveryRequeued;
/// Who deeds of this command are noted as.
const OPERATOR: &str = "operator";

/// Shows and manages notifications on their way to the police.
#[derive(Subcommand)]
pub(crate) enum DeliveryCommand {
    /// Lists notifications, nearest deadline first, or the destinations.
    List(DeliveryListOptions),
    /// Shows one notification with every attempt.
    Show(ShowOptions),
    /// Resends parked notifications: one, or all.
    Requeue(RequeueOptions),
    /// Pauses delivery to a destination.
    Pause(PauseOptions),
    /// Resumes delivery to a destination.
    Resume(ResumeOptions),
    /// Sets or removes a destination's own endpoint and limits; creates the destination if it does
    /// not exist.
    Endpoint(EndpointOptions),
    /// Routes a commune's notifications to a destination, from one day to another.
    Route(RouteOptions),
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListedKind {
    /// Parked notifications.
    Parked,
    /// Notifications on their way.
    Open,
    /// Notifications that the police endpoint refused and nobody has corrected yet.
    Rejected,
    /// Destinations with pause, breaker and backlog.
    Destinations,
}

/// What is listed, and how.
#[derive(Args)]
pub(crate) struct DeliveryListOptions {
    /// What is listed.
    #[arg(value_enum, default_value = "parked")]
    what: ListedKind,

    /// Maximum number of notifications, up to 1000.
    #[arg(long, env = "LUUTRU_DELIVERY_LIMIT", default_value_t = 50)]
    limit: u64,

    /// Prints one JSON array.
    #[arg(long, env = "LUUTRU_DELIVERY_JSON")]
    json: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which notification is shown. Prints one JSON object.
#[derive(Args)]
pub(crate) struct ShowOptions {
    /// Id of the notification, as `luutru delivery list` shows it.
    id: Uuid,

    #[command(flatten)]
    place: PlaceSettings,
}

/// What is sent again.
#[derive(Args)]
pub(crate) struct RequeueOptions {
    /// Id of the notification.
    #[arg(required_unless_present = "all")]
    id: Option<Uuid>,

    /// All parked notifications.
    #[arg(long, env = "LUUTRU_DELIVERY_ALL", conflicts_with = "id")]
    all: bool,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which destination to pause.
#[derive(Args)]
pub(crate) struct PauseOptions {
    /// Code of the destination, as `luutru delivery list destinations` shows it.
    destination: String,

    /// The reason. Do not include personal data.
    #[arg(long, env = "LUUTRU_DELIVERY_REASON")]
    reason: String,

    /// When the pause ends, for instance 2026-11-24T06:00:00+07:00; by default when it is resumed.
    #[arg(long, env = "LUUTRU_DELIVERY_UNTIL", value_name = "INSTANT")]
    until: Option<DateTime<Utc>>,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which destination to resume.
#[derive(Args)]
pub(crate) struct ResumeOptions {
    /// Code of the destination.
    destination: String,

    #[command(flatten)]
    place: PlaceSettings,
}

/// What a destination's endpoint is like.
#[derive(Args)]
pub(crate) struct EndpointOptions {
    /// Code of the destination; for a province, the province's.
    destination: String,

    /// Address of the endpoint, http:// or https://. If omitted, the destination uses that of its
    /// province, or that of LUUTRU_POLICE_URL.
    #[arg(long, env = "LUUTRU_DELIVERY_ENDPOINT_URL", value_name = "URL")]
    url: Option<String>,

    /// Calls per second and worker; by default as for LUUTRU_POLICE_URL.
    #[arg(long, env = "LUUTRU_DELIVERY_RATE_PER_SECOND", value_parser = clap::value_parser!(i32).range(1..))]
    rate_per_second: Option<i32>,

    /// Concurrent calls per worker; by default as for LUUTRU_POLICE_URL.
    #[arg(long, env = "LUUTRU_DELIVERY_CALL_COUNT_MAX", value_parser = clap::value_parser!(i32).range(1..))]
    call_count_max: Option<i32>,

    /// Its name; unchanged if omitted.
    #[arg(long, env = "LUUTRU_DELIVERY_NAME")]
    name: Option<String>,

    /// Code of its province; unchanged if omitted.
    #[arg(long, env = "LUUTRU_DELIVERY_PROVINCE", value_name = "CODE")]
    province: Option<String>,

    #[command(flatten)]
    plain_http: PlainHttpSettings,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Which commune goes where, and when.
#[derive(Args)]
pub(crate) struct RouteOptions {
    /// Code of the commune.
    commune: String,

    /// Code of the destination.
    destination: String,

    /// First day.
    #[arg(long, env = "LUUTRU_DELIVERY_FROM", value_name = "DATE")]
    from: NaiveDate,

    /// Last day; no end by default.
    #[arg(long, env = "LUUTRU_DELIVERY_TO", value_name = "DATE")]
    to: Option<NaiveDate>,

    #[command(flatten)]
    place: PlaceSettings,
}

/// Runs one of the delivery commands.
pub(crate) async fn execute(command: DeliveryCommand) -> anyhow::Result<ExitStatus> {
    let db = assemble::connect_checked(command.place(), profile(command.place())).await?;
    let outcome = perform(&db, command).await;
    db.close().await;
    outcome
}

impl DeliveryCommand {
    fn place(&self) -> &PlaceSettings {
        match self {
            Self::List(options) => &options.place,
            Self::Show(options) => &options.place,
            Self::Requeue(options) => &options.place,
            Self::Pause(options) => &options.place,
            Self::Resume(options) => &options.place,
            Self::Endpoint(options) => &options.place,
            Self::Route(options) => &options.place,
        }
    }
}

fn profile(place: &PlaceSettings) -> Profile {
    place.profile_or(Profile::Production)
}

async fn perform(db: &Database, command: DeliveryCommand) -> anyhow::Result<ExitStatus> {
    let command = match command {
        DeliveryCommand::List(options) => return list(db, &options).await,
        DeliveryCommand::Show(options) => return show(db, options.id).await,
        deed @ (DeliveryCommand::Requeue(_)
        | DeliveryCommand::Pause(_)
        | DeliveryCommand::Resume(_)
        | DeliveryCommand::Endpoint(_)
        | DeliveryCommand::Route(_)) => deed,
    };
    let hand = &ActingOperator::at_terminal(db).await?;
    match command {
        DeliveryCommand::List(_) | DeliveryCommand::Show(_) => Ok(ExitStatus::Success),
        DeliveryCommand::Requeue(options) => match options.id {
            Some(id) => requeue(db, hand, id).await,
            None => requeue_all(db, hand).await,
        },
        DeliveryCommand::Pause(options) => pause(db, hand, options).await,
        DeliveryCommand::Resume(options) => resume(db, hand, &options.destination).await,
        DeliveryCommand::Endpoint(options) => endpoint(db, hand, options).await,
        DeliveryCommand::Route(options) => route(db, hand, options).await,
    }
}

async fn list(db: &Database, options: &DeliveryListOptions) -> anyhow::Result<ExitStatus> {
    ensure!(
        (1..=LIMIT_MAX).contains(&options.limit),
        "--limit: must be from 1 to {LIMIT_MAX}"
    );
    let now = Clock::system().now();
    let (_, catalogues) = assemble::catalogues(db).await?;
    let map = Map::read(db, &Arc::new(catalogues), now).await?;
    match options.what {
        ListedKind::Destinations => list_destinations(db, &map, options.json, now).await?,
        ListedKind::Parked => list_tasks(db, &map, TaskSelection::Parked, options).await?,
        ListedKind::Open => list_tasks(db, &map, TaskSelection::Open, options).await?,
        ListedKind::Rejected => list_tasks(db, &map, TaskSelection::Rejected, options).await?,
    }
    Ok(ExitStatus::Success)
}

async fn list_destinations(
    db: &Database,
    map: &Map,
    is_json: bool,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let backlogs = map.backlogs(db, now).await?;
    let rows = map.rows.iter().map(|row| {
        let backlog = backlogs.get(&row.code).copied().unwrap_or_default();
        (row, backlog)
    });
    if is_json {
        let shown = rows.filter_map(|(row, backlog)| {
            let view = DestinationView::of(row, map, &backlog, now);
            damage::sound("destination", row.id, view)
        });
        terminal::say_json(&shown.collect::<Vec<_>>())
    } else {
        let lines = rows.map(|(row, backlog)| destination_line(row, map, &backlog));
        Ok(terminal::say(&lines.collect::<String>())?)
    }
}

async fn list_tasks(
    db: &Database,
    map: &Map,
    which: TaskSelection,
    options: &DeliveryListOptions,
) -> anyhow::Result<()> {
    let tasks = tasks::list(db, which, &TaskFilter::default(), None, options.limit).await?;
    let reasons = tasks::reasons(db, &tasks).await?;
    if options.json {
        let shown = tasks.iter().map(|task| {
            let reason = reasons.get(&task.stay_id).cloned();
            NotificationListed::of(task, &map.routing, reason)
        });
        terminal::say_json(&shown.collect::<Vec<_>>())
    } else {
        let lines = tasks.iter().map(|task| match reasons.get(&task.stay_id) {
            Some(reason) => format!("{}  {reason}\n", task_line(task).trim_end()),
            None => task_line(task),
        });
        Ok(terminal::say(&lines.collect::<String>())?)
    }
}

async fn show(db: &Database, id: Uuid) -> anyhow::Result<ExitStatus> {
    let (task, reason) = tasks::get(db, id)
        .await
        .map_err(|error| absent(error, id))?;
    let attempts = tasks::attempts(db, id, ATTEMPT_COUNT_MAX).await?;
    let (_, catalogues) = assemble::catalogues(db).await?;
    let map = Map::read(db, &Arc::new(catalogues), Clock::system().now()).await?;
    let listed = NotificationListed::of(&task, &map.routing, reason);
    terminal::say_json(&NotificationView::of(listed, &attempts))?;
    Ok(ExitStatus::Success)
}

fn absent(error: store::Error, id: Uuid) -> anyhow::Error {
    if matches!(error, store::Error::NotFound) {
        anyhow::anyhow!("there is no notification {id}")
    } else {
        error.into()
    }
}

async fn requeue(db: &Database, hand: &ActingOperator, id: Uuid) -> anyhow::Result<ExitStatus> {
    let entry = hand.entry(REQUEUED, (SubjectKind::Task, id));
    let outcome = tasks::requeue(db, id, hand.clock.now(), entry, None).await;
    match outcome.map_err(|error| absent(error, id))? {
        Requeued::Done => {
            terminal::say_line(&format!("requeued {id}"))?;
            Ok(ExitStatus::Success)
        }
        Requeued::Superseded => {
            bail!("{id} is not sent again: a later version of its stay carries the whole stay")
        }
        // Without a key nothing is replayed.
        Requeued::OnItsWay | Requeued::Settled | Requeued::Replayed(_) | Requeued::KeyReused => {
            bail!("{id} is not parked: see `luutru delivery show {id}`")
        }
    }
}

async fn requeue_all(db: &Database, hand: &ActingOperator) -> anyhow::Result<ExitStatus> {
    let all = TaskFilter::default();
    let mut done_count = 0;
    let superseded_count = loop {
        let entry = |id| hand.entry(REQUEUED, (SubjectKind::Task, id));
        let outcome = tasks::requeue_parked(db, &all, PAGE_SIZE, hand.clock.now(), entry).await?;
        done_count += outcome.requeued_count;
        if !outcome.may_be_more {
            break outcome.superseded_count;
        }
    };
    let shown = json!({"requeued": done_count, "superseded": superseded_count});
    terminal::say_line(&shown.to_string())?;
    Ok(ExitStatus::Success)
}

async fn pause(
    db: &Database,
    hand: &ActingOperator,
    options: PauseOptions,
) -> anyhow::Result<ExitStatus> {
    let code = &options.destination;
    let now = hand.clock.now();
    let body = json!({"reason": options.reason, "until": options.until.map(format_instant)});
    let request = PauseRequest::read(&body, now);
    let request = request.map_err(|violations| operator::refused(&violations, &[]))?;
    let row = known(db, code).await?;
    let pause = Pause {
        by: OPERATOR.to_owned(),
        reason: request.reason,
        at: now,
        until: request.until,
    };
    let entry = hand.entry(
        Action::DestinationPaused,
        (SubjectKind::Destination, row.id),
    );
    destinations::pause(db, code, pause, entry, None).await?;
    terminal::say_line(&format!("paused {code}"))?;
    Ok(ExitStatus::Success)
}

async fn resume(db: &Database, hand: &ActingOperator, code: &str) -> anyhow::Result<ExitStatus> {
    let row = known(db, code).await?;
    let entry = hand.entry(
        Action::DestinationResumed,
        (SubjectKind::Destination, row.id),
    );
    destinations::resume(db, code, entry, None).await?;
    terminal::say_line(&format!("resumed {code}"))?;
    Ok(ExitStatus::Success)
}

async fn endpoint(
    db: &Database,
    hand: &ActingOperator,
    options: EndpointOptions,
) -> anyhow::Result<ExitStatus> {
    let code = options.destination;
    ensure!(
        code != NATIONAL,
        "{NATIONAL} is the endpoint of LUUTRU_POLICE_URL and has the workers' limits"
    );
    if let Some(url) = &options.url {
        check_url(url)?;
        let plain_http = PlainHttpSettings {
            is_enforced: profile(&options.place).is_production(),
            ..options.plain_http
        };
        plain_http.check("--url", url)?;
    }
    if let Some(province) = &options.province {
        let (_, catalogues) = assemble::catalogues(db).await?;
        ensure!(
            catalogues.province(province).is_some(),
            "--province: {province} is not a current province"
        );
    }
    let row = match destinations::get(db, &code).await {
        Ok(row) => row,
        Err(store::Error::NotFound) => destinations::new(
            code.clone(),
            ids::uuid_v7(&hand.clock),
            code.clone(),
            None,
            hand.clock.now(),
        ),
        Err(error) => return Err(error.into()),
    };
    let entry = hand.entry(
        Action::DestinationChanged,
        (SubjectKind::Destination, row.id),
    );
    let row = Destination {
        name: options.name.unwrap_or(row.name),
        province_code: options.province.or(row.province_code),
        endpoint_url: options.url,
        rate_per_second: options.rate_per_second,
        call_count_max: options.call_count_max,
        ..row
    };
    destinations::put(db, row, entry).await?;
    terminal::say_line(&format!("changed {code}"))?;
    Ok(ExitStatus::Success)
}

fn check_url(url: &str) -> anyhow::Result<()> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let host = rest.and_then(|rest| rest.split('/').next());
    ensure!(
        host.is_some_and(|host| !host.is_empty() && !host.contains('@')),
        "--url: is not an http:// or https:// address. Write it as http://host:port."
    );
    Ok(())
}

async fn route(
    db: &Database,
    hand: &ActingOperator,
    options: RouteOptions,
) -> anyhow::Result<ExitStatus> {
    ensure!(
        options.to.is_none_or(|last| options.from <= last),
        "--to: lies before --from"
    );
    let (_, catalogues) = assemble::catalogues(db).await?;
    let commune = &options.commune;
    match catalogues.commune_code(commune) {
        Some(CommuneCode::Current(_) | CommuneCode::Old(_)) => {}
        None => bail!("{commune} is not the code of a current or former commune"),
    }
    let row = known(db, &options.destination).await?;
    let entry = hand.entry(
        Action::DestinationRouted,
        (SubjectKind::Destination, row.id),
    );
    let route = Route {
        commune_code: commune.clone(),
        valid_from: options.from,
        valid_to: options.to,
        destination_code: row.code,
    };
    destinations::route(db, route, entry).await?;
    terminal::say_line(&format!("routed {commune} to {}", options.destination))?;
    Ok(ExitStatus::Success)
}

async fn known(db: &Database, code: &str) -> anyhow::Result<Destination> {
    match destinations::get(db, code).await {
        Err(store::Error::NotFound) => {
            bail!("there is no destination {code}: see `luutru delivery list destinations`")
        }
        outcome => outcome.context("could not read the destination"),
    }
}

fn task_line(task: &Task) -> String {
    format!(
        "{}  {:<8}  {:<15}  {}  {}  {:>4} attempts\n",
        task.id,
        outbox::state(task),
        task.kind.as_stored(),
        format_instant(task.deadline_at),
        task.commune_code,
        task.attempt_count,
    )
}

fn destination_line(row: &Destination, map: &Map, backlog: &Backlog) -> String {
    let called = map.called(row);
    let why = row
        .paused_reason
        .as_deref()
        .or(called.breaker_reason.as_deref());
    let since = called.breaker_since.map(format_instant);
    let nearest = backlog.nearest_deadline_at.map(format_instant);
    format!(
        "{:<12}  {:<7}  breaker {:<6} {:<25}  open {:<6} nearest deadline {:<25}  {}  {}\n",
        row.code,
        row.state.as_stored(),
        called.breaker.as_stored(),
        since.as_deref().unwrap_or("-"),
        backlog.open_count,
        nearest.as_deref().unwrap_or("-"),
        row.name,
        why.unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_address_without_a_password() {
        for good in ["http://h", "https://h:8443/base", "http://127.0.0.1:1"] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in ["", "h", "ftp://h", "http://", "http:///x", "https://u:p@h"] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
