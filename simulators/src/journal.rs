//! An append-only file of JSON lines with one writer.
//!
//! Invariants: a caller gets its answer only after its lines are with the operating system, and
//! readers see an entry only then. Concurrent callers share one write. A lock keeps two processes
//! from writing the same file.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, bail};
use tokio::sync::{mpsc, oneshot};

/// Callers whose lines share one write.
const GROUP_SIZE_MAX: usize = 512;
/// Callers that may wait for the writer; the next one waits for room.
const QUEUE_SIZE_MAX: usize = 4_096;

/// What a journal keeps: how commands become lines and lines become state.
pub(crate) trait Book: Send + 'static {
    type Command: Send + 'static;
    type Answer: Send + 'static;

    /// Takes one line in while the file is read at the start.
    fn recall(&mut self, line: &[u8]) -> anyhow::Result<()>;

    /// Judges a command: against what is written and what was planned before it in this group.
    /// Appends its lines, each with its line feed.
    fn plan(&mut self, command: Self::Command, lines: &mut Vec<u8>) -> Self::Answer;

    /// What was planned is written: readers may see it.
    fn publish(&mut self);

    /// What was planned could not be written: forget it.
    fn discard(&mut self);
}

/// The lines could not be written (or the simulator is stopping): no effect.
#[derive(Debug)]
pub(crate) struct NotWritten;

enum Message<B: Book> {
    Command(B::Command, oneshot::Sender<Result<B::Answer, NotWritten>>),
    Stop,
}

/// The way to the writer; cheap to clone.
pub(crate) struct Journal<B: Book> {
    sender: mpsc::Sender<Message<B>>,
}

impl<B: Book> Clone for Journal<B> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
        }
    }
}

/// The writer's thread; hold it to wait for its end.
pub(crate) struct Writer(thread::JoinHandle<()>);

impl Writer {
    /// Waits until the file is closed. Call after [`Journal::stop`].
    pub(crate) async fn finished(self) {
        let joined = tokio::task::spawn_blocking(|| self.0.join().is_ok()).await;
        if !matches!(joined, Ok(true)) {
            tracing::error!("the journal's writer panicked");
        }
    }
}

impl<B: Book> Journal<B> {
    /// Reads the file (made when absent) into the book and starts the writer. A torn last line is
    /// cut off: nobody was answered for it. A bad line before the last is an error.
    pub(crate) fn open(path: &Path, mut book: B) -> anyhow::Result<(Self, Writer)> {
        let (file, length) = open_and_recall(path, &mut book)?;
        book.publish();
        let (sender, receiver) = mpsc::channel(QUEUE_SIZE_MAX);
        let mut writing = Writing {
            path: path.to_owned(),
            file,
            length,
            is_torn: false,
            book,
            lines: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("simulator-journal".to_owned())
            .spawn(move || writing.run(receiver))
            .context("start the journal's writer")?;
        Ok((Self { sender }, Writer(thread)))
    }

    /// Has a command judged and written. The effect takes place even when the caller goes away
    /// after the first poll.
    pub(crate) async fn submit(&self, command: B::Command) -> Result<B::Answer, NotWritten> {
        let (answer, answered) = oneshot::channel();
        self.sender
            .send(Message::Command(command, answer))
            .await
            .map_err(|_| NotWritten)?;
        answered.await.unwrap_or(Err(NotWritten))
    }

    /// True while the writer takes commands.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Ends the writer after the commands before this one.
    pub(crate) async fn stop(&self) {
        // An error means that it has ended already.
        let _ = self.sender.send(Message::Stop).await;
    }
}

/// Opens, locks and reads the file. Answers it with its length in bytes.
fn open_and_recall<B: Book>(path: &Path, book: &mut B) -> anyhow::Result<(File, u64)> {
    let file = open_private(path).with_context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "{} is in use by another simulator: stop it or choose another state directory",
            path.display()
        ),
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("lock {}", path.display()));
        }
    }
    let found = file.metadata()?.len();
    let sound = recall_lines(&file, book).with_context(|| format!("read {}", path.display()))?;
    if sound < found {
        tracing::warn!(
            bytes = found - sound,
            "the journal ended in a torn line; removed it"
        );
        file.set_len(sound)
            .with_context(|| format!("cut the torn line off {}", path.display()))?;
    }
    Ok((file, sound))
}

/// Takes in every line. Answers the number of bytes that are sound: all but a torn last line.
fn recall_lines<B: Book>(file: &File, book: &mut B) -> anyhow::Result<u64> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut line = Vec::new();
    let mut sound: u64 = 0;
    for number in 1_u64.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        let Some(text) = line.strip_suffix(b"\n") else {
            break;
        };
        if let Err(error) = book.recall(text) {
            let is_last = reader.fill_buf()?.is_empty();
            if is_last {
                break;
            }
            return Err(error).with_context(|| format!("line {number} is not a line of ours"));
        }
        sound += read as u64;
    }
    Ok(sound)
}

/// Readable by its owner only: the registry's file holds persons.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The writer's side.
struct Writing<B: Book> {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// A write was interrupted: truncate the file to `length` first.
    is_torn: bool,
    book: B,
    lines: Vec<u8>,
}

impl<B: Book> Writing<B> {
    fn run(&mut self, mut receiver: mpsc::Receiver<Message<B>>) {
        let mut waiting = Vec::with_capacity(GROUP_SIZE_MAX);
        let mut has_stopped = false;
        while !has_stopped {
            let Some(first) = receiver.blocking_recv() else {
                return;
            };
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Command(command, answer) => {
                        waiting.push((self.book.plan(command, &mut self.lines), answer));
                    }
                    Message::Stop => {
                        has_stopped = true;
                        break;
                    }
                }
                next = (waiting.len() < GROUP_SIZE_MAX)
                    .then(|| receiver.try_recv().ok())
                    .flatten();
            }
            let is_written = self.write();
            for (answer, caller) in waiting.drain(..) {
                // A caller that goes away leaves its effect behind.
                let _ = caller.send(is_written.then_some(answer).ok_or(NotWritten));
            }
        }
    }

    /// Writes the planned lines, all or none.
    fn write(&mut self) -> bool {
        let is_written = match self.append() {
            Ok(()) => {
                self.book.publish();
                true
            }
            Err(error) => {
                tracing::error!(
                    path = %self.path.display(),
                    %error,
                    "the simulator's journal cannot be written: free some space"
                );
                self.book.discard();
                false
            }
        };
        self.lines.clear();
        is_written
    }

    fn append(&mut self) -> std::io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.length)?;
        }
        self.is_torn = true;
        self.file.write_all(&self.lines)?;
        self.file.flush()?;
        self.is_torn = false;
        self.length += self.lines.len() as u64;
        Ok(())
    }
}
