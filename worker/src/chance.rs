//! The random draws of a worker; seeded in tests.

use std::sync::{Mutex, PoisonError};

use rand::{Rng, SeedableRng, rngs::StdRng};

/// The random source of backoff and of the order among webhooks.
pub(crate) struct Chance(Mutex<StdRng>);

impl Chance {
    /// From the machine, or from a seed.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self(Mutex::new(
            seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64),
        ))
    }

    /// From 0 (inclusive) to 1 (exclusive).
    pub(crate) fn draw(&self) -> f64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random()
    }
}
