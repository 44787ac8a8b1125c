//! Gathers items that wait in a queue into groups that are written together.
//!
//! There is no timer: when idle, a single item makes a group at once; under load, the next group
//! gathers while the current one is written. Items that must not be written together are twins: the
//! later one is held back for the next group. A group that cannot be written because of an item is
//! split by halves ([`GroupParts`]), so that a bad item never harms a good one.

use std::{
    collections::{HashSet, VecDeque},
    hash::Hash,
    sync::Arc,
};

use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// An item that waits to be written with others.
pub trait Gathered {
    /// What makes two items twins.
    type Key: Eq + Hash;

    /// The keys of the item; items that share one are twins.
    fn keys(&self) -> impl Iterator<Item = Self::Key>;
}

/// The receiving end of a queue. Several gatherers may share one.
pub type SharedQueue<T> = Arc<Mutex<mpsc::Receiver<T>>>;

/// Makes groups of what waits in a queue.
pub struct Gatherer<T> {
    queue: SharedQueue<T>,
    closing: CancellationToken,
    held_back: VecDeque<T>,
}

impl<T: Gathered> Gatherer<T> {
    /// `closing` ends the queue: it takes nothing more, and what is in it is still handed out.
    #[must_use]
    pub fn new(queue: SharedQueue<T>, closing: CancellationToken) -> Self {
        Self {
            queue,
            closing,
            held_back: VecDeque::new(),
        }
    }

    /// The next group, as soon as there is an item; `None` once the queue is closed and empty.
    /// `count_max` is asked once the first item is there.
    pub async fn next(&mut self, count_max: impl FnOnce() -> usize) -> Option<Vec<T>> {
        let mut group = Group::default();
        for twin in std::mem::take(&mut self.held_back) {
            self.held_back.extend(group.add(twin));
        }
        let mut queue = if group.members.is_empty() {
            let mut queue = self.queue.lock().await;
            let first = first(&mut queue, &self.closing).await?;
            self.held_back.extend(group.add(first));
            queue
        } else if let Ok(queue) = self.queue.try_lock() {
            queue
        } else {
            // Another gatherer waits for work. This one has some, and proceeds without the queue.
            return Some(group.members);
        };
        let count_max = count_max();
        while group.members.len() + self.held_back.len() < count_max {
            let Ok(item) = queue.try_recv() else {
                break;
            };
            self.held_back.extend(group.add(item));
        }
        Some(group.members)
    }

    /// What waits for the next group.
    pub fn held_back(&self) -> impl ExactSizeIterator<Item = &T> {
        self.held_back.iter()
    }
}

async fn first<T>(queue: &mut mpsc::Receiver<T>, closing: &CancellationToken) -> Option<T> {
    tokio::select! {
        biased;
        () = closing.cancelled() => {
            queue.close();
            queue.recv().await
        }
        item = queue.recv() => item,
    }
}

/// Items without twins among them.
struct Group<T: Gathered> {
    members: Vec<T>,
    /// The keys of the members, and of what is held back: nothing overtakes its twin.
    keys: HashSet<T::Key>,
}

impl<T: Gathered> Default for Group<T> {
    fn default() -> Self {
        Self {
            members: Vec::new(),
            keys: HashSet::new(),
        }
    }
}

impl<T: Gathered> Group<T> {
    /// Adds an item, or gives it back when it has a twin in front of it.
    fn add(&mut self, item: T) -> Option<T> {
        let is_twin = item.keys().any(|key| self.keys.contains(&key));
        self.keys.extend(item.keys());
        if is_twin {
            return Some(item);
        }
        self.members.push(item);
        None
    }
}

/// The parts of a group that are still to be written: the group itself, then the halves of what
/// could not be written. The depth is bounded by the logarithm of the group's size.
pub struct GroupParts<T>(Vec<Vec<T>>);

impl<T> GroupParts<T> {
    /// The whole group.
    #[must_use]
    pub fn of(group: Vec<T>) -> Self {
        Self(vec![group])
    }

    /// Puts the halves of a part in its place, the first half in front. An item that is alone comes
    /// back: it is the one that cannot be written.
    pub fn split(&mut self, mut part: Vec<T>) -> Option<T> {
        if part.len() < 2 {
            return part.pop();
        }
        let second = part.split_off(part.len() / 2);
        self.0.extend([second, part]);
        None
    }
}

impl<T> Iterator for GroupParts<T> {
    type Item = Vec<T>;

    /// The next part; never an empty one.
    fn next(&mut self) -> Option<Vec<T>> {
        while let Some(part) = self.0.pop() {
            if !part.is_empty() {
                return Some(part);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number, and its keys.
    struct Item(u32, &'static [char]);

    impl Gathered for Item {
        type Key = char;

        fn keys(&self) -> impl Iterator<Item = char> {
            self.1.iter().copied()
        }
    }

    struct Waiting {
        sender: mpsc::Sender<Item>,
        queue: SharedQueue<Item>,
        closing: CancellationToken,
    }

    impl Waiting {
        fn new(items: impl IntoIterator<Item = Item>) -> Self {
            let (sender, receiver) = mpsc::channel(16);
            let waiting = Self {
                sender,
                queue: Arc::new(Mutex::new(receiver)),
                closing: CancellationToken::new(),
            };
            for item in items {
                waiting.put(item);
            }
            waiting
        }

        fn put(&self, item: Item) {
            assert!(self.sender.try_send(item).is_ok());
        }

        fn gatherer(&self) -> Gatherer<Item> {
            Gatherer::new(Arc::clone(&self.queue), self.closing.clone())
        }
    }

    async fn next(gatherer: &mut Gatherer<Item>, count_max: usize) -> Option<Vec<u32>> {
        let group = gatherer.next(|| count_max).await?;
        Some(group.into_iter().map(|item| item.0).collect())
    }

    fn plain(number: u32) -> Item {
        Item(number, &[])
    }

    #[tokio::test]
    async fn what_waits_makes_one_group_up_to_its_limit() {
        let waiting = Waiting::new((1..=5).map(plain));
        let mut gatherer = waiting.gatherer();
        assert_eq!(next(&mut gatherer, 3).await, Some(vec![1, 2, 3]));
        assert_eq!(next(&mut gatherer, 3).await, Some(vec![4, 5]));
    }

    #[tokio::test]
    async fn twins_go_one_after_the_other_in_their_order() {
        let waiting = Waiting::new([
            Item(1, &['a']),
            Item(2, &['b']),
            Item(3, &['a', 'c']),
            // No twin of the group, but of what is held back.
            Item(4, &['c']),
            Item(5, &['a']),
            Item(6, &['d']),
        ]);
        let mut gatherer = waiting.gatherer();
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![1, 2, 6]));
        let held_back: Vec<u32> = gatherer.held_back().map(|item| item.0).collect();
        assert_eq!(held_back, [3, 4, 5]);
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![3]));
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![4, 5]));
    }

    #[tokio::test]
    async fn what_is_held_back_counts_towards_the_limit_and_is_joined_by_what_came_meanwhile() {
        let waiting = Waiting::new((1..=5).map(|number| Item(number, &['a'])));
        let mut gatherer = waiting.gatherer();
        assert_eq!(next(&mut gatherer, 3).await, Some(vec![1]));
        waiting.put(Item(6, &['b']));
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![2, 6]));
        assert_eq!(next(&mut gatherer, 1).await, Some(vec![3]));
    }

    #[tokio::test]
    async fn whoever_holds_twins_does_not_wait_for_the_queue() {
        let waiting = Waiting::new((1..=2).map(|number| Item(number, &['a'])));
        let mut gatherer = waiting.gatherer();
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![1]));
        let _other = waiting.queue.lock().await;
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![2]));
    }

    #[tokio::test]
    async fn a_closing_queue_is_emptied_and_takes_nothing_more() {
        let waiting = Waiting::new([Item(1, &['a']), Item(2, &['a'])]);
        let mut gatherer = waiting.gatherer();
        waiting.closing.cancel();
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![1]));
        assert!(waiting.sender.try_send(plain(3)).is_err());
        assert_eq!(next(&mut gatherer, 9).await, Some(vec![2]));
        assert_eq!(next(&mut gatherer, 9).await, None);
    }

    /// Writes a group in which some items are bad, and returns in which order the others were
    /// written, which came back, and how many attempts that took.
    fn write(count: u32, bad: &[u32]) -> (Vec<u32>, Vec<u32>, usize) {
        let mut parts = GroupParts::of((0..count).collect());
        let (mut written, mut refused, mut attempt_count) = (Vec::new(), Vec::new(), 0);
        while let Some(part) = parts.next() {
            attempt_count += 1;
            if part.iter().any(|item| bad.contains(item)) {
                refused.extend(parts.split(part));
            } else {
                written.extend(part);
            }
        }
        (written, refused, attempt_count)
    }

    #[test]
    fn a_bad_item_is_found_and_the_others_are_written_in_order() {
        let table: [(u32, &[u32], usize); 6] = [
            (0, &[], 0),
            (1, &[], 1),
            (1, &[0], 1),
            (8, &[], 1),
            // The whole, and at each of three levels the half with the bad item and the other.
            (8, &[5], 7),
            (5, &[0, 4], 9),
        ];
        for (count, bad, attempts) in table {
            let good: Vec<u32> = (0..count).filter(|item| !bad.contains(item)).collect();
            assert_eq!(write(count, bad), (good, bad.to_vec(), attempts));
        }
    }
}
