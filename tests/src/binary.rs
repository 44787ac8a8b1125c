//! The binary under test: found beside the test executable, built when it is missing or older
//! than its sources.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use crate::{environment, process::Process};

/// The path of the binary. Built once per test run if necessary.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match environment::setting("LUUTRU_TEST_BINARY") {
        Some(path) => {
            let path = PathBuf::from(path);
            assert!(path.is_file(), "LUUTRU_TEST_BINARY names no file");
            path
        }
        None => beside_the_tests(),
    })
}

fn beside_the_tests() -> PathBuf {
    let executable = std::env::current_exe().expect("a test knows its own executable");
    // target/PROFILE/deps/it-…, or target/PROFILE/evening
    let beside = executable.parent().expect("a target directory");
    let profile = match beside.file_name() {
        Some(name) if name == "deps" => beside.parent().expect("a target directory"),
        Some(_) | None => beside,
    };
    let path = profile.join("luutru");
    let built_at = modified_at(&path);
    if built_at.is_none_or(|built_at| built_at < newest_source()) {
        build(profile);
    }
    assert!(
        path.is_file(),
        "there is no binary to test beside the tests: run `cargo build -p luutru` first, or name \
         one in LUUTRU_TEST_BINARY"
    );
    path
}

fn build(profile: &Path) {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--package", "luutru"]);
    if profile.file_name() == Some(OsStr::new("release")) {
        cargo.arg("--release");
    }
    let outcome = cargo
        .current_dir(workspace())
        .stdin(Stdio::null())
        .output()
        .expect("cargo cannot be started: run `cargo build -p luutru` first");
    assert!(
        outcome.status.success(),
        "`cargo build -p luutru` failed:\n{}",
        String::from_utf8_lossy(&outcome.stderr)
    );
}

/// The root of the repository.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the workspace")
}

/// The newest modification time of the other packages' files.
fn newest_source() -> SystemTime {
    let packages = std::fs::read_dir(workspace()).expect("the workspace can be listed");
    packages
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("Cargo.toml").is_file() && !path.ends_with("tests"))
        .flat_map(|package| {
            let sources = newest_below(&package.join("src"));
            sources.max(newest_below(&package.join("data")))
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

fn newest_below(directory: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(directory).ok()?;
    let times = entries.flatten().filter_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            newest_below(&path)
        } else {
            modified_at(&path)
        }
    });
    times.max()
}

fn modified_at(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// Runs a command of the binary that ends by itself.
pub async fn run_to_end(arguments: &[&str], settings: &[(&str, String)]) -> crate::ProcessExit {
    let process = Process::start(arguments, settings);
    process.ended(Duration::from_secs(60)).await
}

/// Makes the key of an officer of some `areas`, as `luutru key create` is told them.
pub async fn officer_key(areas: &[&str], settings: &[(&str, String)]) -> String {
    let words = [
        "key",
        "create",
        "--organisation",
        "demo",
        "--role",
        "police",
        "--label",
        "officer",
    ];
    let ending = run_to_end(&[&words, areas].concat(), settings).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    let is_of_a_key = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let mut words = ending.output.split(|letter| !is_of_a_key(letter));
    let key = words.find(|word| word.starts_with("luutru_"));
    key.expect("a key is shown").to_owned()
}
