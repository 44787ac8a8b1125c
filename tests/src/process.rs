//! A child process of the binary under test, with its output.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tempfile::TempDir;

use crate::{binary::binary, eventually::eventually_some, guard::Held, people};

/// Lines of the log shown when a test fails.
const SHOWN_LINE_COUNT: usize = 25;

/// How a process ended.
#[derive(Debug)]
pub struct ProcessExit {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Everything it printed on standard output.
    pub output: String,
    /// Everything it logged.
    pub log: String,
}

/// A running process. Dropping it is `kill -9`; its directory goes with it.
///
/// It runs in an empty directory of its own and sees none of the test run's settings. When it
/// goes, no marked personal value may be in its log.
pub struct Process {
    child: Mutex<Child>,
    id: u32,
    output: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    held: [Held; 2],
    // Dropped after the process.
    directory: TempDir,
}

impl Process {
    /// Starts `luutru ARGUMENTS…`. The settings are environment variables.
    pub fn start(arguments: &[&str], settings: &[(&str, String)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the process");
        let mut command = Command::new(binary());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LUUTRU_") {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(arguments)
            .env("TMPDIR", directory.path())
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test can be started");
        let id = child.id();
        let held = [Held::process(id), Held::directory(directory.path())];
        let output = collect(child.stdout.take().expect("standard output was asked for"));
        let log = collect(child.stderr.take().expect("standard error was asked for"));
        Self {
            child: Mutex::new(child),
            id,
            output,
            log,
            held,
            directory,
        }
    }

    /// What it printed so far.
    pub fn output(&self) -> String {
        self.output.lock().clone()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// The directory it runs in.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&self) {
        let mut child = self.child.lock();
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
        self.held[0].free();
    }

    /// The most memory it ever held, in KiB: `VmHWM` of the system.
    pub fn memory_peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id));
        let status = status.expect("the process runs on Linux");
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let size = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        size.expect("the system tells the memory of a process")
    }

    /// The most memory that any process it started, and that runs now, ever held, in KiB; 0 when
    /// there is none.
    pub fn children_memory_peak_kib(&self) -> u64 {
        let processes = std::fs::read_dir("/proc").expect("the process runs on Linux");
        let statuses = processes
            .flatten()
            .filter_map(|process| std::fs::read_to_string(process.path().join("status")).ok());
        let field = |status: &str, name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        let children = statuses.filter(|status| field(status, "PPid:") == Some(self.id.into()));
        let peaks = children.filter_map(|status| field(&status, "VmHWM:"));
        peaks.max().unwrap_or(0)
    }

    /// Its open sockets now: `/proc/PID/fd`.
    pub fn socket_count(&self) -> usize {
        let descriptors = std::fs::read_dir(format!("/proc/{}/fd", self.id));
        let descriptors = descriptors.expect("the process runs on Linux").flatten();
        let targets = descriptors.filter_map(|one| std::fs::read_link(one.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }

    /// Asks it to stop: SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal, for instance `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.id);
        let sent = Command::new("sh").args(["-c", &script]).status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "SIG{name} cannot be sent"
        );
    }

    /// Whether it still runs.
    pub fn is_running(&self) -> bool {
        self.status().is_none()
    }

    /// Waits for its end, `limit` at the longest.
    pub async fn ended(&self, limit: Duration) -> ProcessExit {
        let status = eventually_some("the end of the process", limit, async || self.status()).await;
        // The pipes close with the process; their readers need a moment to the last line.
        let is_read =
            async || Arc::strong_count(&self.log) == 1 && Arc::strong_count(&self.output) == 1;
        crate::eventually("the end of its output", Duration::from_secs(5), is_read).await;
        ProcessExit {
            code: status.code(),
            output: self.output(),
            log: self.log(),
        }
    }

    fn status(&self) -> Option<ExitStatus> {
        self.child
            .lock()
            .try_wait()
            .expect("a child can be waited for")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        self.held[1].free();
        let log = self.log();
        if std::thread::panicking() {
            show_end_of(&log);
        } else {
            assert!(
                !people::MARKERS.iter().any(|marker| log.contains(marker)),
                "a personal value was logged"
            );
        }
    }
}

#[expect(clippy::print_stderr, reason = "helps to read a failed test")]
fn show_end_of(log: &str) {
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(SHOWN_LINE_COUNT);
    eprintln!("the log of a process ends:\n{}", lines[from..].join("\n"));
}

/// Reads a pipe to its end on a thread of its own, so that the process never waits for us.
fn collect(pipe: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&text);
    std::thread::spawn(move || {
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .is_ok_and(|read| read > 0)
        {
            kept.lock().push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    text
}
