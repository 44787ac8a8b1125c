//! Accepts declarations: judges them, makes the receipt, queues them for the commit, and answers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    catalogue::Catalogues, change::Operation, draft::Body, facility::FacilityKind,
    problem::Violation, sender::Sender, stay::Channel,
};
use futures_util::{StreamExt, future::join_all, stream};
use runtime::{clock::Clock, signing::ReceiptSigner, vault::Vault};
use serde_json::Value;
use store::{
    Backend, Database,
    census::lease::CensusLease,
    declarations::{self, DeclarationOutcome, Judged, NewDeclaration},
    idempotency::{self, Idempotency},
};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    IntakeSettings, Refusal,
    admission::Waiting,
    clerk::{Clerk, KeptFor, PreparedDeclaration},
    commit,
    counters::{IntakeCounters, ItemOutcome},
    entrance::Entrance,
    occasion::{Accepted, Item, Occasion, Validation},
    progress::CommitProgress,
    retry::RetryPolicy,
    rules::Rules,
    view::{self, StayView},
};

/// How many items of a batch to prepare before yielding to other tasks.
const ITEMS_BETWEEN_YIELDS: usize = 32;
/// How many items of a batch are read back concurrently: a thousand replays must not drain the pool
/// that other requests read through.
const REPLAYS_AT_ONCE: usize = 4;

/// Censuses under way at the same time.
pub(crate) const CENSUSES_AT_ONCE: usize = 4;

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
    pub(crate) db: Database,
    pub(crate) rules: Rules,
    pub(crate) clerk: Clerk,
    entrance: Entrance,
    counters: IntakeCounters,
    closing: CancellationToken,
    committers: Mutex<Vec<JoinHandle<()>>>,
    /// Held while this process works on a census; each lock covers a share of all facilities.
    pub(crate) censuses: [Mutex<()>; CENSUSES_AT_ONCE],
}

/// Declarations of one request, and how they are written.
struct Bulk<'a> {
    items: &'a [Item<'a>],
    /// The key of the request, which guards it.
    key: Option<Idempotency>,
    /// Set by a census: nothing is written without this lease.
    hold: Option<CensusLease>,
    /// How long to wait for room.
    retry: &'a RetryPolicy,
}

impl Intake {
    /// Starts the committers.
    pub fn start(parts: IntakeParts) -> Self {
        let settings = parts.settings;
        let (queue, receiver) = mpsc::channel(settings.queue_count_max);
        let receiver: commit::Queue = Arc::new(Mutex::new(receiver));
        let closing = CancellationToken::new();
        let progress = Arc::new(CommitProgress::new(parts.db.patience_min()));
        let committer_count = match parts.db.backend() {
            Backend::Sqlite => 1,
            Backend::Postgres => settings.committer_count.max(1),
        };
        let committers = (0..committer_count).map(|_| {
            let committer = commit::Committer {
                db: parts.db.clone(),
                progress: Arc::clone(&progress),
                queue: Arc::clone(&receiver),
                closing: closing.clone(),
                group_count_max: settings.group_count_max.min(declarations::GROUP_SIZE_MAX),
            };
            runtime::tasks::spawn("intake.commit", committer.run())
        });
        let committers = Mutex::new(committers.collect());
        let clerk = Clerk {
            vault: parts.vault,
            signer: parts.signer,
            clock: parts.clock,
            terms: KeptFor {
                idempotency_key: settings.idempotency_kept,
                content: settings.content_kept,
                content_without_arrival: settings.content_without_arrival_kept,
            },
        };
        Self {
            inner: Arc::new(Inner {
                db: parts.db,
                rules: Rules {
                    catalogues: parts.catalogues,
                    window: settings.window,
                },
                clerk,
                entrance: Entrance {
                    queue,
                    progress,
                    queue_wait_max: settings.queue_wait_max,
                },
                counters: IntakeCounters::default(),
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
        let answer = self.declare_one(&occasion, body).await;
        let kind = occasion.facility_kind_of(body);
        self.count_item(occasion.channel, kind, ItemOutcome::of(&answer));
        self.count_key(&occasion, &answer);
        answer
    }

    async fn declare_one(
        &self,
        occasion: &Occasion<'_>,
        body: Body<'_>,
    ) -> Result<Accepted, Refusal> {
        let Inner {
            rules,
            clerk,
            entrance,
            ..
        } = &*self.inner;
        let declaration = match rules.check(occasion.sender, occasion.received_at, body) {
            Ok(declaration) => declaration,
            Err(violations) => return self.replay_or_refuse(occasion, body, violations).await,
        };
        let prepared = clerk.prepare(occasion, &declaration)?;
        let retry = RetryPolicy::of(occasion.channel);
        let place = entrance.reserve(1, &retry).await?.next();
        let place = place.ok_or(Refusal::Stopping)?;
        let waiting = entrance.send(place, None, prepared.row);
        let judged = entrance.outcome(waiting).await?;
        self.answer(judged, prepared.view).await
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
        let about = only_facility(occasion.sender, items);
        let key = self.guard_key(&occasion, about, &content).await?;
        let plain: Vec<Item<'_>> = items.iter().map(Item::plain).collect();
        let bulk = Bulk {
            items: &plain,
            key,
            hold: None,
            retry: &RetryPolicy::of(occasion.channel),
        };
        let answers = self.declare_bulk(occasion, bulk).await?;
        for (item, answer) in items.iter().zip(&answers) {
            let kind = occasion.facility_kind_of(item);
            self.count_item(occasion.channel, kind, ItemOutcome::of(answer));
        }
        Ok(answers)
    }

    /// Like [`Intake::declare_batch`], for channels that guard their request themselves. Such a
    /// channel may offer an item several times, and so counts itself what became of it in the end
    /// ([`Intake::count_item`]).
    pub async fn declare_many(
        &self,
        occasion: Occasion<'_>,
        items: &[Item<'_>],
        retry: &RetryPolicy,
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        let bulk = Bulk {
            items,
            key: None,
            hold: None,
            retry,
        };
        self.declare_bulk(occasion, bulk).await
    }

    /// Declares arrivals of a census; once its lease is lost, nothing more is written.
    pub(crate) async fn declare_held(
        &self,
        occasion: Occasion<'_>,
        hold: CensusLease,
        items: &[Item<'_>],
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        let bulk = Bulk {
            items,
            key: None,
            hold: Some(hold),
            retry: &RetryPolicy::of(occasion.channel),
        };
        self.declare_bulk(occasion, bulk).await
    }

    async fn declare_bulk(
        &self,
        occasion: Occasion<'_>,
        bulk: Bulk<'_>,
    ) -> Result<Vec<Result<Accepted, Refusal>>, Refusal> {
        let entrance = &self.inner.entrance;
        let (rows, views) = self.prepare_items(occasion.of_an_item(), bulk.items).await;
        let places = entrance.reserve(rows.len(), bulk.retry).await?;
        // Take the key only once nothing can refuse the request as a whole.
        if let Some(key) = bulk.key {
            self.take_guard(&key, occasion.received_at).await?;
        }
        let sent = places.zip(rows);
        let sent: Vec<Waiting> = sent
            .map(|(place, row)| entrance.send(place, bulk.hold, row))
            .collect();
        let mut sent = sent.into_iter();
        let answers = views.into_iter().map(|view| {
            // Each item that could be prepared has its row, in the same order.
            let waiting = if view.is_ok() { sent.next() } else { None };
            async move {
                let view = view?;
                let waiting = waiting.ok_or(Refusal::Stopping)?;
                self.answer(entrance.outcome(waiting).await?, view).await
            }
        });
        let answers = stream::iter(answers.collect::<Vec<_>>());
        Ok(answers.buffered(REPLAYS_AT_ONCE).collect().await)
    }

    /// The rows of the items that may be written, and for each item its answer once they are.
    async fn prepare_items(
        &self,
        occasion: Occasion<'_>,
        items: &[Item<'_>],
    ) -> (Vec<NewDeclaration>, Vec<Result<StayView, Refusal>>) {
        let mut rows = Vec::with_capacity(items.len());
        let mut views = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if index % ITEMS_BETWEEN_YIELDS == ITEMS_BETWEEN_YIELDS - 1 {
                tokio::task::yield_now().await;
            }
            views.push(self.prepare_item(&occasion, item).map(|prepared| {
                rows.push(prepared.row);
                prepared.view
            }));
        }
        (rows, views)
    }

    fn prepare_item(
        &self,
        occasion: &Occasion<'_>,
        item: &Item<'_>,
    ) -> Result<PreparedDeclaration, Refusal> {
        let Inner { rules, clerk, .. } = &*self.inner;
        let judged = rules.check(occasion.sender, occasion.received_at, item.body);
        let mut declaration = judged.map_err(Refusal::Invalid)?;
        declaration.warnings.extend_from_slice(item.warnings);
        declaration.arrival_was_assumed = item.arrival_is_assumed;
        clerk.prepare(occasion, &declaration)
    }

    /// Judges a declaration by the same rules, stores nothing.
    pub fn validate<'a>(
        &self,
        sender: &Sender,
        received_at: DateTime<Utc>,
        body: impl Into<Body<'a>>,
    ) -> Validation {
        match self.inner.rules.check(sender, received_at, body) {
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
        &self.inner.rules.catalogues
    }

    /// Whether the queue has room; lets a caller refuse a request before reading it.
    pub fn has_room(&self, item_count: usize) -> bool {
        self.inner.entrance.has_room(item_count)
    }

    /// Whether the queue is so long that work that is not urgent should hold off.
    pub fn is_half_full(&self) -> bool {
        self.inner.entrance.is_half_full()
    }

    /// Counts what became of an item in the end, for a facility of that kind; `None` where it names
    /// none that its sender may use.
    pub fn count_item(&self, channel: Channel, kind: Option<FacilityKind>, outcome: ItemOutcome) {
        self.inner.counters.item(channel, kind, outcome);
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
        let Some(key) = self.inner.clerk.idempotency(occasion, about, content) else {
            return Ok(None);
        };
        let db = &self.inner.db;
        let known = idempotency::find(db, &key.key_hash, occasion.received_at).await?;
        match known.is_none_or(|known| known.guards(&key)) {
            true => Ok(Some(key)),
            false => Err(Refusal::IdempotencyKeyReused),
        }
    }

    async fn take_guard(&self, key: &Idempotency, now: DateTime<Utc>) -> Result<(), Refusal> {
        match idempotency::guard(&self.inner.db, key, now).await? {
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

    pub(crate) fn count_key(&self, occasion: &Occasion<'_>, answer: &Result<Accepted, Refusal>) {
        if occasion.idempotency_key.is_some() {
            self.inner.counters.key(answer);
        }
    }

    pub(crate) fn count_change(&self, operation: Operation, answer: &Result<Accepted, Refusal>) {
        let outcome = ItemOutcome::of(answer);
        self.inner.counters.change(operation, outcome);
    }

    async fn answer(&self, judged: Judged, written: StayView) -> Result<Accepted, Refusal> {
        match judged.outcome {
            DeclarationOutcome::Written => Ok(Accepted::new(match judged.warnings {
                Some(warnings) => written.with_warnings(&warnings),
                None => written,
            })),
            DeclarationOutcome::Replayed { stay_id, version } => {
                self.replay(stay_id, version).await
            }
            DeclarationOutcome::ReferenceConflict { stay_id } => {
                Err(Refusal::ReferenceConflict { stay_id })
            }
            DeclarationOutcome::KeyReused => Err(Refusal::IdempotencyKeyReused),
        }
    }

    /// Repeats the first answer to the request that made a version, byte for byte, from its row and
    /// constants.
    pub(crate) async fn replay(&self, stay_id: Uuid, version: i32) -> Result<Accepted, Refusal> {
        let Inner { db, clerk, .. } = &*self.inner;
        let stay = store::stays::get(db, stay_id).await?;
        let version =
            store::stays::version(db, stay_id, version)
                .await?
                .ok_or(store::Error::Corrupt {
                    what: "stay_version",
                })?;
        let stay = view::as_accepted(&clerk.vault, &stay, &version)
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
        let Inner {
            db, rules, clerk, ..
        } = &*self.inner;
        let about = occasion.sender.facility_of(body);
        let Some(key) = clerk.idempotency(occasion, about, b"") else {
            return Err(Refusal::Invalid(violations));
        };
        let known = idempotency::find(db, &key.key_hash, occasion.received_at).await?;
        let Some((Some((stay_id, version)), request_hash)) =
            known.map(|known| (known.target, known.request_hash))
        else {
            return Err(Refusal::Invalid(violations));
        };
        let first = store::stays::get(db, stay_id).await?;
        let is_same = rules
            .check(occasion.sender, first.received_at, body)
            .is_ok_and(|sound| clerk.request_hash(&sound).as_slice() == request_hash);
        if is_same {
            self.replay(stay_id, version).await
        } else {
            Err(Refusal::Invalid(violations))
        }
    }
}

/// The facility that all items concern, if it is the same.
fn only_facility(sender: &Sender, items: &[Value]) -> Option<Uuid> {
    let mut about = items.iter().filter_map(|item| sender.facility_of(item));
    let first = about.next()?;
    about.all(|other| other == first).then_some(first)
}
