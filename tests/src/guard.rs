//! Cleans up after the test run, however it ends.
//!
//! Rust drops no statics, and `kill -9` drops nothing at all. So a small shell waits beside the
//! tests on a pipe: the system closes the pipe when the test process is gone, and the shell then
//! removes what was held.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::LazyLock,
};

use parking_lot::Mutex;
/// Lines on standard input: `hold KIND:NAME`, `free KIND:NAME`. Processes end before directories
/// go; a container is removed with its volumes.
const SCRIPT: &str = r#"
set -f
IFS='
'
held=''
while read -r line; do
    case "$line" in
        'hold '*) held="$held
${line#hold }" ;;
        'free '*)
            rest=''
            for one in $held; do
                [ "$one" = "${line#free }" ] || rest="$rest
$one"
            done
            held="$rest" ;;
    esac
done
for one in $held; do
    case "$one" in process:*) kill -KILL "${one#process:}" ;; esac
done
for one in $held; do
    case "$one" in
        directory:*) rm -rf -- "${one#directory:}" ;;
        container:*) docker rm --force --volumes "${one#container:}" ;;
    esac
done
"#;

#[expect(
    clippy::zombie_processes,
    reason = "it outlives this process, on purpose"
)]
fn start() -> Mutex<ChildStdin> {
    let mut shell = Command::new("sh")
        .args(["-c", SCRIPT])
        // A group of its own: Ctrl-C ends the tests, and the guard only afterwards.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the tests need a shell, sh, to clean up behind them");
    Mutex::new(shell.stdin.take().expect("the pipe was asked for"))
}

static GUARD: LazyLock<Mutex<ChildStdin>> = LazyLock::new(start);

/// Something that must not outlive the test run.
#[derive(Clone, Debug)]
pub(crate) struct Held(String);

impl Held {
    pub(crate) fn process(id: u32) -> Self {
        Self::hold(format!("process:{id}"))
    }

    pub(crate) fn container(id: &str) -> Self {
        Self::hold(format!("container:{id}"))
    }

    pub(crate) fn directory(path: &Path) -> Self {
        Self::hold(format!("directory:{}", path.display()))
    }

    /// It is gone already.
    pub(crate) fn free(&self) {
        tell(&format!("free {}\n", self.0));
    }

    fn hold(what: String) -> Self {
        tell(&format!("hold {what}\n"));
        Self(what)
    }
}

fn tell(line: &str) {
    let mut guard = GUARD.lock();
    guard
        .write_all(line.as_bytes())
        .expect("the guard that cleans up behind the tests is gone");
}
