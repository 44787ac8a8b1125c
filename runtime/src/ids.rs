//! Ids and random bytes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use uuid::{Builder, Uuid};

use crate::clock::{Clock, SeededBits};

/// Ticks of an id per millisecond: the 12 bits of `rand_a`.
const TICKS_PER_MILLISECOND: u64 = 4_096;

/// A new UUIDv7, greater than every id this clock gave before.
///
/// The 12 bits after the millisecond count the fraction of it (RFC 9562 section 6.2, method 3);
/// when the clock stands still or goes back they count on from the last id. The other 62 bits are
/// random; those of a simulation come out of its seed. Ids of a system clock are in order over the whole process, those of a manual clock
/// among themselves.
pub fn uuid_v7(clock: &Clock) -> Uuid {
    let tick = next_tick(clock);
    let mut tail = match &clock.id_tails {
        None => random_bytes::<10>(),
        Some(tails) => seeded_tail(tails),
    };
    let [high, low] = ((tick % TICKS_PER_MILLISECOND) as u16).to_be_bytes();
    tail[0] = high;
    tail[1] = low;
    Builder::from_unix_timestamp_millis(tick / TICKS_PER_MILLISECOND, &tail).into_uuid()
}

/// The least id of the moment that lies so long before the one in which `id` was made; the least of
/// all where an id does not tell its moment.
pub fn before(id: Uuid, duration: Duration) -> Uuid {
    let Some(made_at) = id.get_timestamp().filter(|_| id.get_version_num() == 7) else {
        return Uuid::nil();
    };
    let (seconds, nanos) = made_at.to_unix();
    let since_epoch = Duration::new(seconds, nanos).saturating_sub(duration);
    let milliseconds = u64::try_from(since_epoch.as_millis()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

fn seeded_tail(tails: &SeededBits) -> [u8; 10] {
    let mut tail = [0; 10];
    tail[2..].copy_from_slice(&tails.next().to_be_bytes());
    tail
}

/// `N` bytes from the generator of the crypto library: fit for keys, salts and secrets.
///
/// Panics when the machine has no randomness to give: nothing safe can be done without it.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

#[expect(
    clippy::expect_used,
    reason = "without randomness no key, nonce or id is safe"
)]
fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).expect("the machine gives random bytes");
}

fn next_tick(clock: &Clock) -> u64 {
    let micros = u64::try_from(clock.now().timestamp_micros()).unwrap_or(0);
    let present =
        micros / 1_000 * TICKS_PER_MILLISECOND + micros % 1_000 * TICKS_PER_MILLISECOND / 1_000;
    let advance = |last: u64| Some(present.max(last + 1));
    match clock
        .last_tick
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, advance)
    {
        Ok(last) | Err(last) => present.max(last + 1),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    fn instant() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_795_400_000_123_456).unwrap()
    }

    #[test]
    fn an_id_is_found_between_those_before_and_after_it() {
        let (clock, hand) = Clock::manual(instant());
        let early = uuid_v7(&clock);
        hand.advance(TimeDelta::seconds(90));
        let late = uuid_v7(&clock);
        let minute = std::time::Duration::from_secs(60);
        assert!(early < before(late, minute) && before(late, minute) < late);
        assert!(before(late, 2 * minute) < early);
        assert_eq!(before(Uuid::max(), minute), Uuid::nil());
    }

    #[test]
    fn ids_grow_while_the_clock_stands_still_and_when_it_goes_back() {
        let (clock, hand) = Clock::manual(instant());
        let mut ids: Vec<Uuid> = (0..10_000).map(|_| uuid_v7(&clock)).collect();
        hand.advance(TimeDelta::hours(-1));
        ids.extend((0..100).map(|_| uuid_v7(&clock)));

        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn an_id_carries_version_variant_and_the_millisecond_of_the_clock() {
        let (clock, _hand) = Clock::manual(instant());
        let id = uuid_v7(&clock);

        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos / 1_000_000), (1_795_400_000, 123));
    }

    #[test]
    fn ids_of_a_simulation_are_those_of_its_seed() {
        let ids = |seed| {
            let (clock, _hand) = Clock::simulated(instant(), seed);
            std::array::from_fn::<Uuid, 100, _>(|_| uuid_v7(&clock))
        };
        assert_eq!(ids(7), ids(7));
        assert!(ids(7).iter().zip(ids(8)).all(|(one, other)| *one != other));
        assert!(ids(7).windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn ids_of_many_threads_never_repeat() {
        let clock = Clock::system();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let clock = clock.clone();
                std::thread::spawn(move || (0..5_000).map(|_| uuid_v7(&clock)).collect::<Vec<_>>())
            })
            .collect();
        let mut ids: Vec<Uuid> = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        ids.sort_unstable();
        ids.dedup();

        assert_eq!(ids.len(), 20_000);
    }

    #[test]
    fn random_bytes_differ() {
        assert_ne!(random_bytes::<32>(), random_bytes::<32>());
    }
}
