//! A process that believes in another time: `libfaketime` between it and the clock of the machine.
//! Steady time is left alone, as a clock that was set wrong leaves it.

use std::path::PathBuf;

use crate::river::Setting;

const LIBRARIES: &str = "/usr/lib";
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// What a process must be started with, so that its clock is so many seconds ahead, or behind.
pub(super) fn settings(seconds: i32) -> Vec<Setting> {
    vec![
        ("LD_PRELOAD", library().display().to_string()),
        ("FAKETIME", format!("{seconds:+}")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

fn library() -> PathBuf {
    let directories = std::fs::read_dir(LIBRARIES).ok().into_iter().flatten();
    let found = directories
        .flatten()
        .map(|entry| entry.path().join(LIBRARY))
        .find(|path| path.is_file());
    found.expect("wrong clocks need the package `faketime`")
}
