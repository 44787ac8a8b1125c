//! The intended start of each request.
//!
//! In the open model requests start whether or not earlier ones are answered, just as guests arrive
//! whether or not the desk is free. Latency counts from the intended start, so that a stalled
//! service cannot hide its stall (coordinated omission). A dedicated thread keeps the schedule,
//! because the runtime's timer only has millisecond precision.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// The longest the thread sleeps without checking whether to stop.
const NAP_MAX: Duration = Duration::from_millis(100);

/// How the starts are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arrivals {
    /// One every 1/rate seconds.
    #[default]
    Even,
    /// Independent of each other (a Poisson process of that rate).
    Random,
}

/// The speed of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// Starts at given instants.
    Open {
        /// Requests a second.
        rate: f64,
        /// How long requests are started.
        duration: Duration,
        /// Their spread.
        arrivals: Arrivals,
    },
    /// As fast as the connections get their answers.
    Closed {
        /// Requests in all; none: as many as fit in the duration.
        request_count: Option<u64>,
        /// How long requests are started; none: until the count is reached.
        duration: Option<Duration>,
    },
}

/// A request to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    /// From 0, without gaps.
    pub(crate) number: u64,
    /// What its latency counts from.
    pub(crate) start: Instant,
}

/// Where the connections take their tickets from.
pub(crate) enum Queue {
    /// Filled by the schedule's thread.
    Open(Mutex<mpsc::UnboundedReceiver<Ticket>>),
    /// Counted down by whoever is free.
    Closed {
        /// The next number.
        next: std::sync::atomic::AtomicU64,
        /// The first number that is not given out.
        end: u64,
        /// No ticket starts later.
        until: Option<Instant>,
    },
}

impl Queue {
    /// Starts the schedule. `stop` ends it early.
    pub(crate) fn start(pace: Pace, seed: u64, stop: CancellationToken) -> std::io::Result<Self> {
        match pace {
            Pace::Open {
                rate,
                duration,
                arrivals,
            } => {
                let (sender, receiver) = mpsc::unbounded_channel();
                let offsets = Offsets::new(rate, duration, arrivals, seed);
                std::thread::Builder::new()
                    .name("schedule".to_owned())
                    .spawn(move || issue(offsets, &sender, &stop))?;
                Ok(Self::Open(Mutex::new(receiver)))
            }
            Pace::Closed {
                request_count,
                duration,
            } => Ok(Self::Closed {
                next: std::sync::atomic::AtomicU64::new(0),
                end: request_count.unwrap_or(u64::MAX),
                until: duration.map(|duration| Instant::now() + duration),
            }),
        }
    }

    /// The next ticket, `None` when the run is over. Cancel-safe.
    pub(crate) async fn next(&self) -> Option<Ticket> {
        match self {
            Self::Open(tickets) => tickets.lock().await.recv().await,
            Self::Closed { next, end, until } => {
                let start = Instant::now();
                if until.is_some_and(|until| until <= start) {
                    return None;
                }
                let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                (number < *end).then_some(Ticket { number, start })
            }
        }
    }
}

fn issue(offsets: Offsets, tickets: &mpsc::UnboundedSender<Ticket>, stop: &CancellationToken) {
    let beginning = Instant::now();
    for (number, offset) in (0..).zip(offsets) {
        let start = beginning + offset;
        while let Some(wait) = start.checked_duration_since(Instant::now()) {
            if wait.is_zero() {
                break;
            }
            std::thread::sleep(wait.min(NAP_MAX));
            if stop.is_cancelled() {
                return;
            }
        }
        if tickets.send(Ticket { number, start }).is_err() {
            return;
        }
    }
}

/// The starts of an open run, from its beginning.
struct Offsets {
    rate: f64,
    end_seconds: f64,
    arrivals: Arrivals,
    draws: StdRng,
    issued: u64,
    at_seconds: f64,
}

impl Offsets {
    fn new(rate: f64, duration: Duration, arrivals: Arrivals, seed: u64) -> Self {
        Self {
            rate,
            end_seconds: duration.as_secs_f64(),
            arrivals,
            draws: StdRng::seed_from_u64(seed),
            issued: 0,
            at_seconds: 0.0,
        }
    }
}

impl Iterator for Offsets {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let at_seconds = match self.arrivals {
            // Multiplied, not added up: no drift over a long run.
            Arrivals::Even => self.issued as f64 / self.rate,
            Arrivals::Random => {
                let gap = -(1.0 - self.draws.random::<f64>()).ln() / self.rate;
                self.at_seconds + gap
            }
        };
        self.issued += 1;
        self.at_seconds = at_seconds;
        (at_seconds < self.end_seconds).then(|| Duration::from_secs_f64(at_seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_starts_lie_at_equal_distances() {
        let offsets = Offsets::new(200.0, Duration::from_secs(2), Arrivals::Even, 1);
        let offsets: Vec<Duration> = offsets.collect();
        assert_eq!(offsets.len(), 400);
        assert_eq!(offsets[1], Duration::from_millis(5));
        assert_eq!(offsets[399], Duration::from_millis(1_995));
    }

    #[test]
    fn random_starts_keep_the_rate_and_repeat_with_the_seed() {
        let offsets = |seed| -> Vec<Duration> {
            Offsets::new(100.0, Duration::from_secs(100), Arrivals::Random, seed).collect()
        };
        let count = offsets(1).len();
        assert!((9_500..10_500).contains(&count), "{count}");
        assert!(offsets(1).is_sorted());
        assert_eq!(offsets(1), offsets(1));
        assert_ne!(offsets(1), offsets(2));
    }

    #[tokio::test]
    async fn a_closed_queue_gives_out_each_number_once() {
        let pace = Pace::Closed {
            request_count: Some(3),
            duration: None,
        };
        let queue = Queue::start(pace, 1, CancellationToken::new()).unwrap();
        let mut numbers = Vec::new();
        while let Some(ticket) = queue.next().await {
            numbers.push(ticket.number);
        }
        assert_eq!(numbers, [0, 1, 2]);
    }

    #[tokio::test]
    async fn an_open_queue_does_not_wait_for_answers() {
        let pace = Pace::Open {
            rate: 1_000.0,
            duration: Duration::from_millis(50),
            arrivals: Arrivals::Even,
        };
        let queue = Queue::start(pace, 1, CancellationToken::new()).unwrap();
        let mut count = 0;
        while queue.next().await.is_some() {
            count += 1;
        }
        assert_eq!(count, 50);
    }
}
