//! The simulated population registry: says whether a personal number exists and what is recorded
//! for it. It does not compare; grading is up to the caller.

mod persons;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use poem::{
    Endpoint, EndpointExt, Request, Response, Route, endpoint::make, http::StatusCode, post, put,
};
use runtime::clock::Clock;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    answer::{self, Failure},
    control::{self, Control},
    journal::Journal,
    refusals::Selector,
    running::{self, Ports, RunningSimulator},
    wire_format,
};
pub use persons::Person;
use persons::{Change, PersonsBook, SharedPersons};

const PERSONS_FILE: &str = "registry-sim.persons.jsonl";
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Persons written together by [`Registry::load_persons`].
const LOAD_GROUP_SIZE: usize = 1_000;

/// Settings of the population registry simulator.
#[derive(Clone, Debug, clap::Args)]
pub struct RegistrySettings {
    /// Address of the service; port 0 picks a free port.
    #[arg(long, env = "LUUTRU_REGISTRY_LISTEN", default_value = "127.0.0.1:8081")]
    pub listen: String,

    /// Address of /livez, /readyz and /metrics; port 0 picks a free port.
    #[arg(long, env = "LUUTRU_OPS_LISTEN", default_value = "127.0.0.1:9090")]
    pub ops_listen: Option<String>,

    /// Directory of the persons, registry-sim.persons.jsonl; created if missing.
    #[arg(
        long,
        env = "LUUTRU_REGISTRY_STATE_DIRECTORY",
        default_value = "luutru-data"
    )]
    pub state_directory: PathBuf,
}

/// The registry that serves: its persons, for loading them in the same process.
#[derive(Clone)]
pub struct Registry {
    persons: SharedPersons,
    journal: Journal<PersonsBook>,
    control: Arc<Control>,
    verifications: Arc<AtomicU64>,
}

/// Starts the population registry simulator. The address is bound and the persons are read
/// before this returns; `shutdown` ends it.
///
/// # Errors
/// A setting that cannot be used (named), a file of persons that cannot be read or is in use.
pub async fn start_registry(
    settings: RegistrySettings,
    _clock: Clock,
    shutdown: CancellationToken,
) -> anyhow::Result<(RunningSimulator, Registry)> {
    let ports = Ports::open(
        &settings.listen,
        "LUUTRU_REGISTRY_LISTEN",
        settings.ops_listen.as_deref(),
    )
    .await?;
    let path = running::state_file(&settings.state_directory, PERSONS_FILE)?;
    let persons = SharedPersons::default();
    let book = PersonsBook::new(persons.clone());
    let (journal, writer) = tokio::task::spawn_blocking(move || Journal::open(&path, book))
        .await
        .context("read the persons")??;
    tracing::info!(persons = persons.count(), "loaded the registry's persons");
    let registry = Registry {
        persons,
        journal: journal.clone(),
        control: Control::new(shutdown.clone()),
        verifications: Arc::default(),
    };
    let running = running::start(ports, routes(&registry), journal, writer, shutdown)?;
    Ok((running, registry))
}

fn routes(registry: &Registry) -> impl Endpoint<Output = Response> + 'static {
    let verify = {
        let registry = registry.clone();
        make(move |request| {
            let registry = registry.clone();
            async move { registry.control.serve(registry.verify(request)).await }
        })
    };
    let load = {
        let registry = registry.clone();
        make(move |request| {
            let registry = registry.clone();
            async move {
                let loaded = registry.put_person(request).await;
                loaded.unwrap_or_else(Failure::into_response)
            }
        })
    };
    let counted = registry.clone();
    let own_counts = move || {
        vec![
            ("effects", counted.verifications.load(Ordering::Relaxed)),
            ("persons", counted.persons.count()),
        ]
    };
    let route = Route::new()
        .at("/v1/verifications", post(verify))
        .at("/v1/persons/:personal_id", put(load));
    control::add_routes(route, &registry.control, own_counts)
        .catch_all_error(answer::framework_failure)
}

impl Registry {
    /// Adds missing persons; existing ones stay unchanged. Returns how many were added.
    ///
    /// # Errors
    /// A person that the registry could not hold (by position), or a file that cannot be written.
    pub async fn load_persons(
        &self,
        persons: impl IntoIterator<Item = Person>,
    ) -> anyhow::Result<usize> {
        let persons: Vec<Person> = persons.into_iter().collect();
        if let Some(position) = persons.iter().position(|person| !person.is_sound()) {
            anyhow::bail!("person {position} has no usable number, name, birth date or sex");
        }
        let mut added = 0;
        for group in persons.chunks(LOAD_GROUP_SIZE) {
            let change = Change::AddMissing(group.to_vec());
            let written = self.journal.submit(change).await;
            added += written
                .ok()
                .context("the registry's persons cannot be written")?;
        }
        Ok(added)
    }

    /// `POST /v1/verifications`.
    async fn verify(&self, request: Request) -> Response {
        self.look_up(request)
            .await
            .unwrap_or_else(Failure::into_response)
    }

    async fn look_up(&self, request: Request) -> Result<Response, Failure> {
        let body = control::read_json(request.into_body(), BODY_BYTES_MAX).await?;
        let personal_id = requested_id(&body).ok_or(BAD_VERIFICATION)?;
        let selectors = || vec![Selector::Document(personal_id.to_owned())];
        if let Some(refused) = self.control.refusals.find(selectors) {
            self.control.counters.count_refused();
            return Ok(refused);
        }
        self.verifications.fetch_add(1, Ordering::Relaxed);
        let answer = match self.persons.recorded(personal_id) {
            Some(person) => json!({ "outcome": "found", "person": person }),
            None => json!({ "outcome": "not_found" }),
        };
        Ok(answer::json(StatusCode::OK, &answer))
    }

    /// `PUT /v1/persons/{personal_id}`: 201 when new, else 200.
    async fn put_person(&self, request: Request) -> Result<Response, Failure> {
        let personal_id = request.raw_path_param("personal_id").map(str::to_owned);
        let body = control::read_json(request.into_body(), BODY_BYTES_MAX).await?;
        let person = personal_id
            .and_then(|personal_id| read_person(personal_id, &body))
            .filter(Person::is_sound)
            .ok_or(BAD_PERSON)?;
        let shown = person.recorded();
        let added = self.journal.submit(Change::Put(person)).await;
        let status = match added.map_err(|_| NOT_KEPT)? {
            0 => StatusCode::OK,
            _ => StatusCode::CREATED,
        };
        Ok(answer::json(status, &shown))
    }
}

const BAD_VERIFICATION: Failure = Failure::new(
    StatusCode::BAD_REQUEST,
    "verification_unsound",
    "A verification has personal_id and full_name, and may have birth_date (YYYY, YYYY-MM or \
     YYYY-MM-DD) and sex.",
);
const BAD_PERSON: Failure = Failure::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "person_unsound",
    "A person has a personal number of digits or letters, full_name, birth_date (YYYY, YYYY-MM \
     or YYYY-MM-DD) and sex (male, female or unspecified).",
);
const NOT_KEPT: Failure = Failure::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "not_kept",
    "The person could not be written down; send it again.",
);

/// The number asked for, when the request has the form of a verification.
fn requested_id(body: &Value) -> Option<&str> {
    let optional_text = |name| match body.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_str().map(Some),
    };
    let personal_id = body.get("personal_id")?.as_str()?;
    let full_name = body.get("full_name")?.as_str()?;
    let birth_date = optional_text("birth_date")?;
    optional_text("sex")?;
    let is_sound = !personal_id.is_empty()
        && !full_name.is_empty()
        && birth_date.is_none_or(wire_format::is_partial_date);
    is_sound.then_some(personal_id)
}

fn read_person(personal_id: String, body: &Value) -> Option<Person> {
    let text = |name| Some(body.get(name)?.as_str()?.to_owned());
    let names_another = text("personal_id").is_some_and(|named| named != personal_id);
    (!names_another).then_some(())?;
    Some(Person {
        full_name: text("full_name")?,
        birth_date: text("birth_date")?,
        sex: text("sex")?,
        personal_id,
    })
}
