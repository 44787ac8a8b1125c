//! Accepts declarations: judges them, makes the receipt, queues them for the commit, and answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    catalogue::Catalogues,
    declaration::{self, Declaration},
    draft::Body,
    problem::Violation,
    sender::Sender,
    stay::{Channel, Timeliness},
};
use futures_util::{StreamExt, future::join_all, stream};
use metrics::counter;
use runtime::{clock::Clock, signing::ReceiptSigner, vault::Vault};
use serde_json::Value;
use store::{
    Backend, Database,
    census::lease::Lease,
    declarations::{self, Judged, NewDeclaration, Outcome},
    idempotency::{self, Idempotency},
};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    IntakeSettings, Refusal,
    admission::{self, Waiting},
    commit, prepare,
    progress::Progress,
    view::{self, StayView},
};

/// How many items of a batch to prepare before yielding to other tasks.
const ITEMS_BETWEEN_YIELDS: usize = 32;
/// How many items of a batch are read back concurrently: a thousand replays must not drain the pool
/// that other requests read through.
const REPLAYS_AT_ONCE: usize = 4;

/// Censuses under way at the same time.
pub(crate) const CENSUSES_AT_ONCE: usize = 4;

/// Places in the queue that nobody else gets.
type Places<'a> = mpsc::PermitIterator<'a, admission::Admission>;

/// What an [`Intake`] is made of.
pub struct IntakeParts {
    /// Where declarations are kept.
    pub db: Database,
    /// Seals what is personal.
    pub vault: Arc<Vault>,
    /// Signs receipts.
    pub signer: Arc<ReceiptSigner>,
    /// What codes mean.
    pub catalogues: Arc<Catalogues>,
    /// Gives ids their time.
    pub clock: Clock,
    /// Limits.
    pub settings: IntakeSettings,
}

/// The one door. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) parts: IntakeParts,
    queue: mpsc::Sender<admission::Admission>,
    progress: Arc<Progress>,
    closing: CancellationToken,
    committers: Mutex<Vec<JoinHandle<()>>>,
    /// Held while this process works on a census; each lock covers a share of all facilities.
    pub(crate) censuses: [Mutex<()>; CENSUSES_AT_ONCE],
}

/// The sender, the channel, and the time of receipt.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// The authenticated sender.
    pub sender: &'a Sender,
    /// The door.
    pub channel: Channel,
    /// The `Idempotency-Key`, if one came: 1–255 visible ASCII characters.
    pub idempotency_key: Option<&'a str>,
    /// When the request was received whole: the legal time of filing.
    pub received_at: DateTime<Utc>,
    /// The W3C trace context that the delivery continues.
    pub trace_parent: Option<&'a str>,
}

/// One declaration among others.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// In the contract's form.
    pub body: &'a Value,
    /// Warnings from the channel that received it.
    pub warnings: &'a [Violation],
    /// Whether the channel assumed the time of arrival.
    pub arrival_is_assumed: bool,
}

impl<'a> Item<'a> {
    /// A declaration without warnings from its channel.
    #[must_use]
    pub const fn plain(body: &'a Value) -> Self {
        Self {
            body,
            warnings: &[],
            arrival_is_assumed: false,
        }
    }
}

/// An accepted declaration.
pub struct Accepted {
    /// The answer: the stay as it was accepted.
    pub stay: StayView,
    /// A replay: nothing new was made.
    pub is_replay: bool,
}

/// The rules' verdict on a declaration that is not stored.
pub struct Validation {
    /// Why it would be refused.
    pub errors: Vec<Violation>,
    /// The warnings it would get.
    pub warnings: Vec<Violation>,
    /// The deadline, when the declaration is well-formed.
    pub deadline_at: Option<DateTime<Utc>>,
    /// Whether it would be on time now.
    pub timeliness: Option<Timeliness>,
}

impl Intake {
    /// Starts the committers.
    pub fn start(parts: IntakeParts) -> Self {
        let (queue, receiver) = mpsc::channel(parts.settings.queue_count_max);
        let receiver: commit::Queue = Arc::new(Mutex::new(receiver));
        let closing = CancellationToken::new();
        let progress = Arc::new(Progress::new(parts.db.patience_min()));
        let committer_count = match parts.db.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => parts.settings.committer_count.max(1),
        };
        let committers = (0..committer_count)
            .map(|_| {
                let committer = commit::Committer {
                    db: parts.db.clone(),
                    progress: Arc::clone(&progress),
                    queue: Arc::clone(&receiver),
                    closing: closing.clone(),
                    group_count_max: parts
                        .settings
                        .group_count_max
                        .min(declarations::GROUP_SIZE_MAX),
                };
                runtime::tasks::spawn("intake.commit", committer.run())
            })
            .collect();
        let committers = Mutex::new(committers);
        Self {
            inner: Arc::new(Inner {
                parts,
                queue,
                progress,
                closing,
                committers,
                censuses: Default::default(),
            }),
        }
    }

    /// Declares one stay.
    ///
    /// Errors: [`Refusal`]; nothing was saved, unless it says that this is not known.
    pub async fn declare(
        &self,
        occasion: Occasion<'_>,
        body: impl Into<Body<'_>>,
    ) -> Result<Accepted, Refusal> {
        let body = body.into();
        let (sender, received_at) = (occasion.sender, occasion.received_at);
        let declaration = match self.check(sender, received_at, body) {
            Ok(declaration) => declaration,
            Err(violations) => return self.replay_or_refuse(&occasion, body, violations).await,
        };
        let prepared = prepare::prepare(self, &occasion, declaration)?;
        let place = self
            .enqueue(self.reserve(1)?, None, vec![prepared.row])
            .pop()
            .ok_or(Refusal::Stopping)?;
        self.answer(place.outcome(&self.inner.progress).await?, prepared.view)
            .await
    }

    /// Declares each item independently: a bad one never harms a good one. The outer error concerns
    /// the whole request, before any item was judged. If all items concern the same facility, the
    /// request's key belongs to that facility.
    pub async fn declare_batch(
        &self,
        occasion: Occasion<'_>,
        request: &Value,
        items: &[Value],
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        let content = domain::canonical::to_canonical_json(request);
        let mut about: Vec<Uuid> = items
            .iter()
            .filter_map(|item| occasion.sender.facility_of(item))
            .collect();
        about.sort_unstable();
        about.dedup();
        let about = match about.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let key = self.guard_key(&occasion, about, &content).await?;
        let items: Vec<Item<'_>> = items.iter().map(Item::plain).collect();
        self.declare_all(occasion, &items, key, None).await
    }

    /// Like [`Intake::declare_batch`], for channels that guard their request themselves.
    pub async fn declare_many(
        &self,
        occasion: Occasion<'_>,
        items: &[Item<'_>],
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        self.declare_all(occasion, items, None, None).await
    }

    /// Like [`Intake::declare_many`], for the lines of a census: once the lease is lost, nothing
    /// more is written.
    pub(crate) async fn declare_held(
        &self,
        occasion: Occasion<'_>,
        items: &[Item<'_>],
        hold: Lease,
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        self.declare_all(occasion, items, None, Some(hold)).await
    }

    async fn declare_all(
        &self,
        occasion: Occasion<'_>,
        items: &[Item<'_>],
        key: Option<Idempotency>,
        hold: Option<Lease>,
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        let single = Occasion {
            idempotency_key: None,
            ..occasion
        };
        let mut rows = Vec::with_capacity(items.len());
        let mut views = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if index % ITEMS_BETWEEN_YIELDS == ITEMS_BETWEEN_YIELDS - 1 {
                tokio::task::yield_now().await;
            }
            let judged = self.check(single.sender, single.received_at, item.body);
            let judged = judged.map_err(Refusal::Invalid);
            let prepared = judged.and_then(|mut sound| {
                sound.warnings.extend_from_slice(item.warnings);
                sound.arrival_was_assumed = item.arrival_is_assumed;
                prepare::prepare(self, &single, sound)
            });
            views.push(prepared.map(|prepared| {
                rows.push(prepared.row);
                prepared.view
            }));
        }
        let places = self.reserve(rows.len())?;
        // Take the key only once nothing can refuse the request as a whole.
        if let Some(key) = key {
            self.take_guard(&key, occasion.received_at).await?;
        }
        let mut places = self.enqueue(places, hold, rows).into_iter();
        let answers = views.into_iter().map(|view| {
            let place = if view.is_ok() { places.next() } else { None };
            async move {
                let view = view?;
                let place = place.ok_or(Refusal::Stopping)?;
                self.answer(place.outcome(&self.inner.progress).await?, view)
                    .await
            }
        });
        let answers = stream::iter(answers.collect::<Vec<_>>());
        Ok(answers.buffered(REPLAYS_AT_ONCE).collect().await)
    }

    /// Judges a declaration by the same rules, stores nothing.
    pub fn validate<'a>(
        &self,
        sender: &Sender,
        received_at: DateTime<Utc>,
        body: impl Into<Body<'a>>,
    ) -> Validation {
        match self.check(sender, received_at, body) {
            Ok(sound) => Validation {
                errors: Vec::new(),
                warnings: sound.warnings,
                deadline_at: Some(sound.deadline.at),
                timeliness: Some(sound.timeliness),
            },
            Err(errors) => Validation {
                errors,
                warnings: Vec::new(),
                deadline_at: None,
                timeliness: None,
            },
        }
    }

    /// What codes mean, as declarations are judged by.
    pub fn catalogues(&self) -> &Arc<Catalogues> {
        &self.inner.parts.catalogues
    }

    /// Whether the queue has room; lets a caller refuse a request before reading it.
    pub fn has_room(&self, item_count: usize) -> bool {
        self.inner.queue.capacity() >= item_count
    }

    /// Whether the queue is so long that work that is not urgent should hold off.
    pub fn is_half_full(&self) -> bool {
        self.inner.queue.capacity() < self.inner.parts.settings.queue_count_max / 2
    }

    /// The `Idempotency-Key` of a request, if any, with a hash of its content, to be taken in the
    /// transaction that accepts the request. Until then a refusal leaves it free.
    ///
    /// Keys are separate for each facility that a request is `about`.
    ///
    /// Errors: [`Refusal::IdempotencyKeyReused`] when the key was used with other content.
    pub async fn guard_key(
        &self,
        occasion: &Occasion<'_>,
        about: Option<Uuid>,
        content: &[u8],
    ) -> Result<Option<Idempotency>, Refusal> {
        let Some(key) = prepare::idempotency(self, occasion, about, content) else {
            return Ok(None);
        };
        let db = &self.inner.parts.db;
        let known = idempotency::find(db, &key.key_hash, occasion.received_at).await?;
        match known.is_none_or(|known| known.guards(&key)) {
            true => Ok(Some(key)),
            false => Err(Refusal::IdempotencyKeyReused),
        }
    }

    async fn take_guard(&self, key: &Idempotency, now: DateTime<Utc>) -> Result<(), Refusal> {
        match idempotency::guard(&self.inner.parts.db, key, now).await? {
            true => Ok(()),
            false => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// Stops: refuses new declarations and commits those already in the queue.
    pub async fn stop(&self) {
        self.inner.closing.cancel();
        let mut committers = self.inner.committers.lock().await;
        join_all(committers.drain(..)).await;
    }

    pub(crate) fn check<'a>(
        &self,
        sender: &Sender,
        received_at: DateTime<Utc>,
        body: impl Into<Body<'a>>,
    ) -> Result<Declaration, Vec<Violation>> {
        let parts = &self.inner.parts;
        declaration::check(
            body,
            &sender.facilities,
            &parts.catalogues,
            &parts.settings.window,
            received_at,
        )
        .map_err(|faults| faults.violations)
    }

    /// Reserved places in the queue, released if unused.
    fn reserve(&self, count: usize) -> Result<Places<'_>, Refusal> {
        let places = self.inner.queue.try_reserve_many(count);
        places.map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => {
                counter!("luutru_shed_total", "reason" => "queue").increment(1);
                Refusal::Overloaded
            }
            mpsc::error::TrySendError::Closed(()) => Refusal::Stopping,
        })
    }

    fn enqueue(
        &self,
        places: Places<'_>,
        hold: Option<Lease>,
        rows: Vec<NewDeclaration>,
    ) -> Vec<Waiting> {
        let expires = Instant::now() + self.inner.parts.settings.queue_wait_max;
        let waiting = places.zip(rows).map(|(place, row)| {
            let (admission, waiting) = admission::admit(row, hold, expires);
            place.send(admission);
            waiting
        });
        waiting.collect()
    }

    async fn answer(&self, judged: Judged, written: StayView) -> Result<Accepted, Refusal> {
        match judged.outcome {
            Outcome::Written => Ok(Accepted {
                stay: match judged.warnings {
                    Some(warnings) => written.with_warnings(&warnings),
                    None => written,
                },
                is_replay: false,
            }),
            Outcome::Replayed { stay_id, version } => self.replay(stay_id, version).await,
            Outcome::ReferenceConflict { stay_id } => Err(Refusal::ReferenceConflict { stay_id }),
            Outcome::KeyReused => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// Repeats the first answer to the request that made a version, byte for byte, from its row and
    /// constants.
    pub(crate) async fn replay(&self, stay_id: Uuid, version: i32) -> Result<Accepted, Refusal> {
        let parts = &self.inner.parts;
        let stay = store::stays::get(&parts.db, stay_id).await?;
        let version = store::stays::version(&parts.db, stay_id, version)
            .await?
            .ok_or(store::Error::Corrupt {
                what: "stay_version",
            })?;
        let stay = view::as_accepted(&parts.vault, &stay, &version)
            .map_err(|cause| Refusal::Unreadable { stay_id, cause })?;
        Ok(Accepted {
            stay,
            is_replay: true,
        })
    }

    /// An honest resend never gets an error: a declaration once accepted under this key is judged
    /// as of then, because rules that depend on the clock may refuse it by now.
    async fn replay_or_refuse(
        &self,
        occasion: &Occasion<'_>,
        body: Body<'_>,
        violations: Vec<Violation>,
    ) -> Result<Accepted, Refusal> {
        let about = occasion.sender.facility_of(body);
        let Some(key) = prepare::idempotency(self, occasion, about, b"") else {
            return Err(Refusal::Invalid(violations));
        };
        let db = &self.inner.parts.db;
        let known = idempotency::find(db, &key.key_hash, occasion.received_at).await?;
        let Some((Some((stay_id, version)), request_hash)) =
            known.map(|known| (known.target, known.request_hash))
        else {
            return Err(Refusal::Invalid(violations));
        };
        let first = store::stays::get(db, stay_id).await?;
        let is_same = self
            .check(occasion.sender, first.received_at, body)
            .is_ok_and(|sound| prepare::request_hash(self, &sound).as_slice() == request_hash);
        if is_same {
            self.replay(stay_id, version).await
        } else {
            Err(Refusal::Invalid(violations))
        }
    }
}
