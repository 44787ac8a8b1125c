//! Why units of a quota are unavailable, and the answer to the caller.

use std::time::Duration;

use domain::problem::Code;
use runtime::ids;

use crate::problem::Failure;

/// Why units could not be taken. None were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// They will be available after this time, if nobody else takes them.
    Until(Duration),
    /// More than there ever are at once.
    Never,
}

impl Shortage {
    /// The refusal under a code of its own.
    pub(crate) fn refuse(self, code: Code) -> Failure {
        match self {
            Self::Never => Failure::new(Code::BatchTooLarge),
            Self::Until(wait) => {
                let [random] = ids::random_bytes::<1>();
                Failure::new(code).retry_after(spread(wait, random))
            }
        }
    }
}

impl From<Shortage> for Failure {
    fn from(shortage: Shortage) -> Self {
        shortage.refuse(Code::RateLimited)
    }
}

/// Whole seconds, never less than the wait and up to a fifth more, so that callers refused
/// together do not return together.
fn spread(wait: Duration, random: u8) -> u32 {
    let factor = 1.0 + f64::from(random) / f64::from(u8::MAX) / 5.0;
    let seconds = Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(wait);
    let whole = seconds.as_secs() + u64::from(seconds.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up_and_spread() {
        let table = [
            (Duration::from_millis(10), 0, 1),
            (Duration::from_secs(1), 0, 1),
            (Duration::from_secs(1), 255, 2),
            (Duration::from_millis(10_001), 0, 11),
            (Duration::from_secs(100), 255, 120),
        ];
        for (wait, random, seconds) in table {
            assert_eq!(spread(wait, random), seconds, "{wait:?} {random}");
        }
    }
}
