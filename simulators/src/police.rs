//! The simulated police endpoint: accepts each signed notification once, and keeps and shows a
//! ledger of them.

mod ledger;
mod notification;
mod signature;

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use aws_lc_rs::digest::{self, SHA256};
use poem::{
    Endpoint, EndpointExt, Request, Response, Route,
    endpoint::make,
    get,
    http::{StatusCode, header},
};
use runtime::{clock::Clock, standard_webhooks::parse_secret};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{self, Failure},
    control::{self, Control},
    journal::Journal,
    refusals::Selector,
    running::{self, Ports, RunningSimulator},
    wire_format,
};
use ledger::{Delivery, LedgerBook, SharedLedger, Verdict};
use notification::Notification;
use signature::Verifier;

const SECRET_SETTING: &str = "LUUTRU_POLICE_SECRET";
const LEDGER_FILE: &str = "police-sim.ledger.jsonl";
const BODY_BYTES_MAX: usize = 1024 * 1024;
const PAGE_SIZE: usize = 50;
const PAGE_SIZE_MAX: usize = 1_000;

/// Settings of the police endpoint simulator.
#[derive(Clone, Debug, clap::Args)]
pub struct PoliceSettings {
    /// Address of the service; port 0 picks a free port.
    #[arg(long, env = "LUUTRU_POLICE_LISTEN", default_value = "127.0.0.1:8082")]
    pub listen: String,

    /// Address of /livez, /readyz and /metrics; port 0 picks a free port.
    #[arg(long, env = "LUUTRU_OPS_LISTEN", default_value = "127.0.0.1:9090")]
    pub ops_listen: Option<String>,

    /// Directory of the ledger, police-sim.ledger.jsonl; created if missing.
    #[arg(
        long,
        env = "LUUTRU_POLICE_STATE_DIRECTORY",
        default_value = "luutru-data"
    )]
    pub state_directory: PathBuf,

    /// Secret that signs notifications (Standard Webhooks: whsec_ and base64). Without one,
    /// signatures are not checked.
    #[arg(long, env = "LUUTRU_POLICE_SECRET", hide_env_values = true)]
    pub secret: Option<SecretString>,

    /// File that holds the secret, instead of the secret itself.
    #[arg(long, env = "LUUTRU_POLICE_SECRET_FILE")]
    pub secret_file: Option<PathBuf>,
}

/// The endpoint's state, shared by its requests.
struct Police {
    clock: Clock,
    verifier: Option<Verifier>,
    journal: Journal<LedgerBook>,
    ledger: SharedLedger,
    control: Arc<Control>,
}

/// Starts the police endpoint simulator. The address is bound and the ledger read before this
/// returns; `shutdown` ends it.
///
/// # Errors
/// A setting that cannot be used (named), a ledger that cannot be read or is in use.
pub async fn start_police(
    settings: PoliceSettings,
    clock: Clock,
    shutdown: CancellationToken,
) -> anyhow::Result<RunningSimulator> {
    let secret =
        runtime::secrets::read_secret(SECRET_SETTING, settings.secret, settings.secret_file)?;
    let verifier = match secret {
        Some(secret) => Some(Verifier::new(&parse_secret(SECRET_SETTING, &secret)?)),
        None => None,
    };
    let ports = Ports::open(
        &settings.listen,
        "LUUTRU_POLICE_LISTEN",
        settings.ops_listen.as_deref(),
    )
    .await?;
    let path = running::state_file(&settings.state_directory, LEDGER_FILE)?;
    let ledger = SharedLedger::default();
    let book = LedgerBook::new(ledger.clone());
    let (journal, writer) = tokio::task::spawn_blocking(move || Journal::open(&path, book))
        .await
        .context("read the ledger")??;
    tracing::info!(
        effects = ledger.read().effect_count(),
        is_signature_required = verifier.is_some(),
        "loaded the police endpoint's ledger"
    );
    let police = Arc::new(Police {
        clock,
        verifier,
        journal: journal.clone(),
        ledger,
        control: Control::new(shutdown.clone()),
    });
    running::start(ports, routes(&police), journal, writer, shutdown)
}

fn routes(police: &Arc<Police>) -> impl Endpoint<Output = Response> + 'static {
    let take = {
        let police = Arc::clone(police);
        make(move |request| {
            let police = Arc::clone(&police);
            async move { police.control.serve(police.take(request)).await }
        })
    };
    let list = {
        let police = Arc::clone(police);
        make(move |request| {
            let listed = police.list(&request);
            async move { listed.unwrap_or_else(Failure::into_response) }
        })
    };
    let counted = police.ledger.clone();
    let own_counts = move || {
        let ledger = counted.read();
        vec![
            ("effects", ledger.effect_count()),
            ("deliveries", ledger.delivery_count()),
        ]
    };
    let route = Route::new().at("/v1/notifications", get(list).post(take));
    control::add_routes(route, &police.control, own_counts)
        .catch_all_error(answer::framework_failure)
}

impl Police {
    /// `POST /v1/notifications`.
    async fn take(&self, request: Request) -> Response {
        self.judge(request)
            .await
            .unwrap_or_else(Failure::into_response)
    }

    async fn judge(&self, request: Request) -> Result<Response, Failure> {
        let (parts, body) = request.into_parts();
        let key = idempotency_key(parts.headers.get("idempotency-key"))?;
        let body = control::read_bytes(body, BODY_BYTES_MAX).await?;
        let received_at = self.clock.now();
        if let Some(verifier) = &self.verifier {
            verifier.verify(&parts.headers, &key, &body, received_at)?;
        }
        let is_json = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
        if !is_json {
            return Err(NOT_ANNOUNCED_AS_JSON);
        }
        let notification = Notification::read(&body)?;
        let body_sha256 = sha256(&body);
        let known = self.ledger.read().knows(&key);
        if !known && let Some(refused) = self.refusal(&notification) {
            return Ok(refused);
        }
        let delivery = Delivery {
            notification_id: key,
            stay_id: notification.stay_id,
            version: notification.version,
            kind: notification.kind,
            body_sha256,
            received_at,
        };
        match self.journal.submit(delivery).await {
            Ok(Verdict::Accepted {
                police_reference,
                received_at,
            }) => Ok(accepted(&police_reference, received_at)),
            Ok(Verdict::Conflict) => Err(OTHER_BODY),
            Err(_) => Err(NOT_KEPT),
        }
    }

    fn refusal(&self, notification: &Notification) -> Option<Response> {
        let selectors = || {
            let mut selectors = vec![Selector::Stay(notification.stay_id.clone())];
            selectors.extend(notification.facility_id.clone().map(Selector::Facility));
            selectors.extend(notification.document_number.clone().map(Selector::Document));
            selectors
        };
        let refused = self.control.refusals.find(selectors)?;
        self.control.counters.count_refused();
        Some(refused)
    }

    /// `GET /v1/notifications?stay_id=&limit=&cursor=`.
    fn list(&self, request: &Request) -> Result<Response, Failure> {
        let query: ListQuery = request.params().map_err(|_| BAD_QUERY)?;
        let limit = query.limit.unwrap_or(PAGE_SIZE);
        if !(1..=PAGE_SIZE_MAX).contains(&limit) {
            return Err(BAD_QUERY);
        }
        let from = query.cursor.unwrap_or(0);
        let (effects, next) = self
            .ledger
            .read()
            .page(query.stay_id.as_deref(), from, limit);
        let next_cursor = next.map(|position| position.to_string());
        let page = json!({ "items": effects, "next_cursor": next_cursor });
        Ok(answer::json(StatusCode::OK, &page))
    }
}

/// The cursor is a position in the ledger, which only grows.
#[derive(Deserialize)]
struct ListQuery {
    stay_id: Option<String>,
    limit: Option<usize>,
    cursor: Option<usize>,
}

const BAD_QUERY: Failure = Failure::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "query_invalid",
    "limit is from 1 to 1000, cursor is the next_cursor of a page.",
);
const KEY_MISSING: Failure = Failure::new(
    StatusCode::BAD_REQUEST,
    "idempotency_key_required",
    "Send an Idempotency-Key of 1 to 255 visible ASCII characters.",
);
const NOT_ANNOUNCED_AS_JSON: Failure = Failure::new(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "content_type_unsupported",
    "Send application/json.",
);
const OTHER_BODY: Failure = Failure::new(
    StatusCode::CONFLICT,
    "idempotency_conflict",
    "This Idempotency-Key came before with another body.",
);
const NOT_KEPT: Failure = Failure::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "not_kept",
    "The notification could not be written down; send it again.",
);

fn idempotency_key(header: Option<&header::HeaderValue>) -> Result<String, Failure> {
    header
        .and_then(|value| value.to_str().ok())
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
        .ok_or(KEY_MISSING)
}

fn accepted(police_reference: &str, received_at: chrono::DateTime<chrono::Utc>) -> Response {
    let body = json!({
        "police_reference": police_reference,
        "received_at": wire_format::instant(received_at),
    });
    answer::json(StatusCode::OK, &body)
}

fn sha256(body: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&SHA256, body).as_ref());
    bytes
}
