//! A network link that can fail: a TCP proxy between a service and a dependency.
//!
//! Data held back by bad weather is delivered when it turns fair, as in a network that retransmits
//! lost packets.

mod questions;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use self::questions::Questions;

/// Bytes that are carried at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// How long after a commit has been carried its connection is cut: time for it to take effect.
const COMMIT_TAKES: Duration = Duration::from_millis(20);

/// What happens on the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Everything is carried.
    Fair,
    /// Connections end in good order, and new ones end at once.
    Cut,
    /// Connections are reset, and new ones too.
    Reset,
    /// Connections stand, and nothing is carried either way.
    BlackHole,
    /// Like [`Weather::BlackHole`] for the connections that stand; new ones are carried. So it is
    /// after a change to another host, or where a firewall forgot its connections.
    Forgotten,
    /// Requests arrive, answers do not.
    AnswersLost,
    /// Requests do not arrive, answers do.
    QuestionsLost,
    /// Every chunk arrives so much later.
    Slow(Duration),
    /// So many bytes a second, each way.
    Narrow(u32),
    /// A connection to PostgreSQL on which something is committed, by a COMMIT or by a statement
    /// outside of a transaction, ends after that was carried, before its answer.
    CutAfterCommit,
    /// The same connection ends before that is carried.
    CutBeforeCommit,
}

/// A link to one address. Ends with the test that made it.
pub struct Link {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    statement_count: Arc<AtomicU32>,
    task: AbortHandle,
}

impl Link {
    /// A link to `HOST:PORT`.
    pub async fn to(target: &str) -> Self {
        Self::open(target, false).await
    }

    async fn open(target: &str, is_to_database: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (weather, seen) = watch::channel(Weather::Fair);
        let mut tasks = JoinSet::new();
        let statement_count = Arc::new(AtomicU32::new(0));
        let road = Road {
            target: target.to_owned(),
            is_to_database,
            weather: seen,
            statement_count: Arc::clone(&statement_count),
        };
        let task = tasks.spawn(carry(listener, road));
        tasks.detach_all();
        Self {
            address,
            weather,
            statement_count,
            task,
        }
    }

    /// A link to the server of a `postgres://…` address: the link and the address through it.
    pub async fn to_database(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once('@').expect("an address with a user");
        let (authority, path) = rest.split_once('/').expect("an address with a database");
        let link = Self::open(authority, true).await;
        let through = format!("{before}@{}/{path}", link.address);
        (link, through)
    }

    /// A link to the server of an `http://…` address: the link and the address through it.
    pub async fn to_server(url: &str) -> (Self, String) {
        let authority = url.strip_prefix("http://").expect("an address");
        let link = Self::to(authority).await;
        let through = format!("http://{}", link.address);
        (link, through)
    }

    /// Changes the weather, including for existing connections.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Statements that the database was asked to run so far.
    pub fn statement_count(&self) -> u32 {
        self.statement_count.load(Ordering::SeqCst)
    }

    /// Cuts every connection and refuses new ones.
    pub fn cut(&self) {
        self.set(Weather::Cut);
    }

    /// Carries again.
    pub fn mend(&self) {
        self.set(Weather::Fair);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all connections of a link have in common.
#[derive(Clone)]
struct Road {
    target: String,
    is_to_database: bool,
    weather: watch::Receiver<Weather>,
    statement_count: Arc<AtomicU32>,
}

async fn carry(listener: TcpListener, road: Road) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn(carry_one(near, road.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Which way a pump carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Question,
    Answer,
}

async fn carry_one(mut near: TcpStream, road: Road) {
    let mut weather = road.weather.clone();
    let now = *weather.borrow_and_update();
    if is_storm(now) {
        end(now, &near);
        return;
    }
    let Ok(mut far) = TcpStream::connect(&road.target).await else {
        return;
    };
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let ended_by = {
        let (near_read, near_write) = near.split();
        let (far_read, far_write) = far.split();
        let silenced = AtomicBool::new(false);
        let question = Carrier {
            way: Way::Question,
            is_new: now == Weather::Forgotten,
            weather: weather.clone(),
            silenced: &silenced,
            road: &road,
        };
        let answer = Carrier {
            way: Way::Answer,
            ..question.clone()
        };
        let ask = question.pump(near_read, far_write);
        let answer = answer.pump(far_read, near_write);
        tokio::select! {
            ended = async { tokio::try_join!(ask, answer) } => ended.err(),
            storm = weather.wait_for(|now| is_storm(*now)) => storm.ok().map(|now| *now),
        }
    };
    if let Some(weather) = ended_by {
        end(weather, &near);
        end(weather, &far);
    }
}

/// Weather in which no connection stands.
fn is_storm(weather: Weather) -> bool {
    matches!(weather, Weather::Cut | Weather::Reset)
}

/// How a connection ends in a storm; it is closed when it is dropped.
fn end(weather: Weather, connection: &TcpStream) {
    if weather == Weather::Reset {
        // One that is closed already needs no reset.
        let _ = connection.set_zero_linger();
    }
}

/// Carries one way of a connection.
#[derive(Clone)]
struct Carrier<'a> {
    way: Way,
    /// It was opened in [`Weather::Forgotten`].
    is_new: bool,
    weather: watch::Receiver<Weather>,
    /// A commit has gone by whose answer must not.
    silenced: &'a AtomicBool,
    road: &'a Road,
}

impl Carrier<'_> {
    /// Carries until the end. Errors: the weather that ended the connection.
    async fn pump(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), Weather> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut questions = Questions::default();
        loop {
            let length = from.read(&mut chunk).await.map_err(|_| Weather::Cut)?;
            if length == 0 {
                let _ = to.shutdown().await;
                return Ok(());
            }
            let bytes = &chunk[..length];
            let now = passable(&mut self.weather, self.way, self.is_new).await;
            delay(now, bytes.len()).await;
            let is_commit = self.is_commit(&mut questions, bytes);
            if is_commit && now == Weather::CutBeforeCommit {
                return Err(Weather::Cut);
            }
            if is_commit && now == Weather::CutAfterCommit {
                self.silenced.store(true, Ordering::SeqCst);
            }
            if self.way == Way::Answer && self.silenced.load(Ordering::SeqCst) {
                continue;
            }
            to.write_all(bytes).await.map_err(|_| Weather::Cut)?;
            if self.silenced.load(Ordering::SeqCst) {
                tokio::time::sleep(COMMIT_TAKES).await;
                return Err(Weather::Cut);
            }
        }
    }
}

impl Carrier<'_> {
    /// Whether these bytes end with, or hold, a question that commits.
    fn is_commit(&self, questions: &mut Questions, bytes: &[u8]) -> bool {
        if self.way == Way::Answer || !self.road.is_to_database {
            return false;
        }
        let asked = questions.read(bytes);
        let count = &self.road.statement_count;
        count.fetch_add(asked.statement_count, Ordering::SeqCst);
        asked.commits
    }
}

/// What the weather makes a chunk wait.
async fn delay(weather: Weather, length: usize) {
    match weather {
        Weather::Slow(delay) => tokio::time::sleep(delay).await,
        Weather::Narrow(bytes_per_second) => {
            let bytes = u32::try_from(length).unwrap_or(u32::MAX);
            let share = f64::from(bytes) / f64::from(bytes_per_second.max(1));
            tokio::time::sleep(Duration::from_secs_f64(share)).await;
        }
        Weather::Fair
        | Weather::Cut
        | Weather::Reset
        | Weather::BlackHole
        | Weather::Forgotten
        | Weather::AnswersLost
        | Weather::QuestionsLost
        | Weather::CutAfterCommit
        | Weather::CutBeforeCommit => {}
    }
}

/// Waits until this way is open; answers the weather then.
async fn passable(weather: &mut watch::Receiver<Weather>, way: Way, is_new: bool) -> Weather {
    let is_open = |now: &Weather| match now {
        Weather::BlackHole => false,
        Weather::Forgotten => is_new,
        Weather::AnswersLost => way == Way::Question,
        Weather::QuestionsLost => way == Way::Answer,
        Weather::Fair
        | Weather::Cut
        | Weather::Reset
        | Weather::Slow(_)
        | Weather::Narrow(_)
        | Weather::CutAfterCommit
        | Weather::CutBeforeCommit => true,
    };
    match weather.wait_for(is_open).await {
        Ok(now) => *now,
        // The link is gone, and this task with it.
        Err(_) => Weather::Cut,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        questions::tests::{beginning, message},
        *,
    };

    async fn echo() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut tasks = JoinSet::new();
                tasks.spawn(async move {
                    let (mut read, mut write) = connection.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
                tasks.detach_all();
            }
        });
        tasks.detach_all();
        address
    }

    async fn answer_of(connection: &mut TcpStream, question: &[u8]) -> Option<Vec<u8>> {
        const PATIENCE: Duration = Duration::from_millis(150);
        connection.write_all(question).await.ok()?;
        let mut answer = vec![0; 64];
        let read = tokio::time::timeout(PATIENCE, connection.read(&mut answer)).await;
        match read {
            Ok(Ok(length)) if length > 0 => Some(answer[..length].to_vec()),
            Ok(_) | Err(_) => None,
        }
    }

    #[tokio::test]
    async fn each_weather_does_what_its_name_says() {
        let target = echo().await;
        // Each row: the weather, what is asked, whether the answer comes, whether the connection
        // stands afterwards.
        let table = [
            (Weather::Fair, "a", true, true),
            (Weather::Slow(Duration::from_millis(20)), "a", true, true),
            (Weather::Narrow(1_000), "a", true, true),
            (Weather::BlackHole, "a", false, true),
            (Weather::Forgotten, "a", false, true),
            (Weather::AnswersLost, "a", false, true),
            (Weather::QuestionsLost, "a", false, true),
            (Weather::CutAfterCommit, "a", true, true),
            (Weather::CutBeforeCommit, "COMMIT", true, true),
            (Weather::Cut, "a", false, false),
            (Weather::Reset, "a", false, false),
        ];
        for (weather, question, is_answered, stands) in table {
            let link = Link::to(&target).await;
            let mut connection = TcpStream::connect(link.address).await.unwrap();
            assert!(answer_of(&mut connection, b"hello").await.is_some());
            link.set(weather);
            tokio::task::yield_now().await;
            let answer = answer_of(&mut connection, question.as_bytes()).await;
            assert_eq!(answer.is_some(), is_answered, "{weather:?}");
            link.mend();
            let again = answer_of(&mut connection, b"again").await;
            assert_eq!(again.is_some(), stands, "{weather:?} afterwards");
        }
    }

    #[tokio::test]
    async fn what_is_opened_after_the_others_were_forgotten_is_carried() {
        let link = Link::to(&echo().await).await;
        link.set(Weather::Forgotten);
        let mut connection = TcpStream::connect(link.address).await.unwrap();
        assert!(answer_of(&mut connection, b"hello").await.is_some());
    }

    /// A link to a database that only listens, what comes out of it, and the way in.
    async fn to_listening() -> (Link, TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let link = Link::open(&target, true).await;
        let mut near = TcpStream::connect(link.address).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        near.write_all(&beginning()).await.unwrap();
        far.read_exact(&mut vec![0; beginning().len()])
            .await
            .unwrap();
        (link, near, far)
    }

    #[tokio::test]
    async fn a_commit_arrives_and_its_answer_does_not() {
        let (link, mut near, mut far) = to_listening().await;
        link.set(Weather::CutAfterCommit);
        let commit = message(b'Q', &["COMMIT"]);
        near.write_all(&commit).await.unwrap();
        let mut seen = vec![0; commit.len()];
        far.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, commit);
        assert_eq!(near.read(&mut seen).await.unwrap_or(0), 0);
        assert_eq!(link.statement_count(), 1);
    }

    #[tokio::test]
    async fn a_commit_does_not_arrive() {
        let (link, mut near, mut far) = to_listening().await;
        link.set(Weather::CutBeforeCommit);
        let write = message(b'Q', &["INSERT INTO note VALUES (1)"]);
        near.write_all(&write).await.unwrap();
        let mut seen = vec![0; write.len()];
        assert_eq!(far.read(&mut seen).await.unwrap_or(0), 0);
        assert_eq!(near.read(&mut seen).await.unwrap_or(0), 0);
    }
}
