//! A process with a wrong clock: `libfaketime` sits between it and the machine's clock. Monotonic
//! time is left alone, as it is when a clock is set wrong.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::river::Setting;

const LIBRARIES: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock that processes go by and that jumps while they run.
pub struct WrongClock {
    directory: TempDir,
}

impl WrongClock {
    /// So many seconds ahead of the clock of the machine, or behind.
    pub fn ahead(seconds: i64) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = Self { directory };
        clock.jump(seconds);
        clock
    }

    /// From now on it runs this many seconds ahead, or behind.
    pub fn jump(&self, seconds: i64) {
        let written = self.directory.path().join("next");
        let text = format!("{seconds:+}\n");
        std::fs::write(&written, text).expect("a clock can be written");
        // A reader sees the old value or the new one, never half of it.
        std::fs::rename(&written, self.file()).expect("a clock can be set");
    }

    /// What a process must be started with to go by it.
    pub fn settings(&self) -> Vec<Setting> {
        vec![
            library(),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("clock")
    }
}

fn library() -> Setting {
    let directories = std::fs::read_dir(LIBRARIES).ok().into_iter().flatten();
    let found = directories
        .flatten()
        .map(|entry| entry.path().join(LIBRARY))
        .find(|path| path.is_file());
    let path = found.expect("wrong clocks need the package `faketime`");
    ("LD_PRELOAD", path.display().to_string())
}
