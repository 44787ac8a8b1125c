//! A declaration in the queue, and the single atomic step that decides whether its caller may still
//! leave: a declaration either leaves the queue unwritten or is written, never both.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use store::{
    census::lease::CensusLease,
    declarations::{Judged, NewDeclaration},
    pace,
};
use tokio::{sync::oneshot, time::Instant};

use crate::{Refusal, progress::CommitProgress};

const WAITING: u8 = 0;
const WRITING: u8 = 1;
const LEFT: u8 = 2;

/// What the committer answers.
pub(crate) type Answer = Result<Judged, Refusal>;

/// A declaration that waits to be committed.
pub(crate) struct Admission {
    pub(crate) declaration: NewDeclaration,
    /// Set by a census: the declaration is written only under this lease.
    pub(crate) hold: Option<CensusLease>,
    pub(crate) expires: Instant,
    place: Arc<AdmissionState>,
    answer: oneshot::Sender<Answer>,
}

/// The caller's end of an [`Admission`].
pub(crate) struct Waiting {
    expires: Instant,
    place: Arc<AdmissionState>,
    answer: oneshot::Receiver<Answer>,
}

/// The state of an admission. Changes once, from waiting to either writing or left.
struct AdmissionState(AtomicU8);

impl AdmissionState {
    fn take(&self, what: u8) -> bool {
        self.0
            .compare_exchange(WAITING, what, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

/// Makes both ends.
pub(crate) fn admit(
    declaration: NewDeclaration,
    hold: Option<CensusLease>,
    expires: Instant,
) -> (Admission, Waiting) {
    let place = Arc::new(AdmissionState(AtomicU8::new(WAITING)));
    let (sender, receiver) = oneshot::channel();
    let waiting = Waiting {
        expires,
        place: Arc::clone(&place),
        answer: receiver,
    };
    (
        Admission {
            declaration,
            hold,
            expires,
            place,
            answer: sender,
        },
        waiting,
    )
}

impl Admission {
    /// Claims the admission for writing. `None` when its caller has left or its time is up; the
    /// caller is notified.
    pub(crate) fn start_writing(self, now: Instant) -> Option<Self> {
        let is_wanted = !self.answer.is_closed() && now < self.expires;
        if is_wanted && self.place.take(WRITING) {
            return Some(self);
        }
        self.place.take(LEFT);
        self.answer(Err(Refusal::Overloaded));
        None
    }

    /// Sends the result to the caller, unless the caller has hung up.
    pub(crate) fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

impl Waiting {
    /// Waits for the commit. A declaration still in the queue is withdrawn and refused when its
    /// time is up or the writes ahead of it are stuck. Once it is being written, its outcome is
    /// awaited.
    pub(crate) async fn outcome(mut self, progress: &CommitProgress) -> Answer {
        let since = Instant::now();
        let until = || progress.gives_up_at(since).min(self.expires);
        match pace::outlast(&mut self.answer, until).await {
            Some(answer) => answer.unwrap_or(Err(Refusal::Stopping)),
            None if !self.place.take(LEFT) => {
                self.answer.await.unwrap_or(Err(Refusal::OutcomeUnknown))
            }
            None if Instant::now() < self.expires => Err(Refusal::StorageUnavailable),
            None => Err(Refusal::Overloaded),
        }
    }
}
