//! A network link that can fail: a TCP proxy between a service and something it needs.
//!
//! What the weather holds back is kept and carried when it turns fair, as a network does that
//! sends lost packets again.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering},
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

/// Bytes that are carried at once.
const CHUNK_BYTES: usize = 16 * 1024;
/// How long after a COMMIT has been carried its connection is cut: time for it to take effect.
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
    /// As [`Weather::BlackHole`] for the connections that stand; new ones are carried. So it is
    /// after a change to another host, or where a firewall forgot its connections.
    Forgotten,
    /// What is asked arrives, answers do not.
    AnswersLost,
    /// What is asked does not arrive, answers do.
    QuestionsLost,
    /// Every chunk arrives so much later.
    Slow(Duration),
    /// So many bytes a second, each way.
    Narrow(u32),
    /// A connection on which a COMMIT is sent ends after it was carried, before its answer.
    CutAfterCommit,
    /// A connection on which a COMMIT is sent ends before it is carried.
    CutBeforeCommit,
}

/// A link to one address. Ends with the test that made it.
pub struct Link {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    task: AbortHandle,
}

impl Link {
    /// A link to `HOST:PORT`.
    pub async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (weather, seen) = watch::channel(Weather::Fair);
        let mut tasks = JoinSet::new();
        let task = tasks.spawn(carry(listener, target.to_owned(), seen));
        tasks.detach_all();
        Self {
            address,
            weather,
            task,
        }
    }

    /// A link to the server of a `postgres://…` address: the link and the address through it.
    pub async fn to_database(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once('@').expect("an address with a user");
        let (authority, path) = rest.split_once('/').expect("an address with a database");
        let link = Self::to(authority).await;
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

    /// Changes the weather, also for the connections that stand.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
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

async fn carry(listener: TcpListener, target: String, weather: watch::Receiver<Weather>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn(carry_one(near, target.clone(), weather.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Which way a pump carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Question,
    Answer,
}

async fn carry_one(mut near: TcpStream, target: String, mut weather: watch::Receiver<Weather>) {
    let now = *weather.borrow_and_update();
    if is_storm(now) {
        end(now, &near);
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else {
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
    /// A COMMIT has gone by whose answer must not.
    silenced: &'a AtomicBool,
}

impl Carrier<'_> {
    /// Carries until the end. Errors: the weather that ended the connection.
    async fn pump(mut self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> Result<(), Weather> {
        let mut chunk = vec![0; CHUNK_BYTES];
        // The word may lie across two chunks.
        let mut tail = Vec::new();
        loop {
            let length = from.read(&mut chunk).await.map_err(|_| Weather::Cut)?;
            if length == 0 {
                let _ = to.shutdown().await;
                return Ok(());
            }
            let bytes = &chunk[..length];
            let now = passable(&mut self.weather, self.way, self.is_new).await;
            delay(now, bytes.len()).await;
            let is_commit = self.way == Way::Question && has_commit(&mut tail, bytes);
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

/// Whether a COMMIT ends or lies in these bytes.
fn has_commit(tail: &mut Vec<u8>, bytes: &[u8]) -> bool {
    const WORD: &[u8] = b"COMMIT";
    tail.extend_from_slice(bytes);
    let is_found = tail.windows(WORD.len()).any(|window| window == WORD);
    let kept = if is_found { 0 } else { WORD.len() - 1 };
    tail.drain(..tail.len().saturating_sub(kept));
    is_found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_seen_across_two_chunks() {
        let mut tail = Vec::new();
        assert!(!has_commit(&mut tail, b"Q\0INSERT INTO note"));
        assert!(!has_commit(&mut tail, b" VALUES (1)\0Q\0\0\0\x0bCOM"));
        assert!(has_commit(&mut tail, b"MIT\0"));
        assert!(!has_commit(&mut tail, b"Q\0SELECT 1\0"));
    }

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
            (Weather::CutBeforeCommit, "COMMIT", false, false),
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

    #[tokio::test]
    async fn a_commit_arrives_and_its_answer_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let link = Link::to(&target).await;
        let mut near = TcpStream::connect(link.address).await.unwrap();
        let (mut far, _) = listener.accept().await.unwrap();
        link.set(Weather::CutAfterCommit);
        near.write_all(b"COMMIT").await.unwrap();
        let mut seen = vec![0; 6];
        far.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, b"COMMIT");
        assert_eq!(near.read(&mut seen).await.unwrap_or(0), 0);
    }
}
