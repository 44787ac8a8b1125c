//! `luutru receipt`: verifies receipts from files alone: no network, no database, no service
//! settings.

mod evidence;
mod report;

use std::{fs::File, io::Read, path::PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand};
use domain::problem::Language;
use runtime::signing;
use serde_json::{Value, json};

use crate::{exit::ExitStatus, terminal};
use evidence::ReceiptEvidence;
use report::Report;

/// Longest file that is read, in bytes: a day's receipt with 100,000 stays, and more.
const FILE_LENGTH_MAX: u64 = 32 * 1024 * 1024;

/// Checks receipts.
#[derive(Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Verifies a receipt offline: exit code 0 if it is valid, 1 if it is not.
    Verify(VerifyOptions),
}

/// What is checked, and against what.
#[derive(Args)]
pub(crate) struct VerifyOptions {
    /// The receipt: its JWS, or a file with the JWS or with the service's JSON that holds it (a
    /// stay, a receipt, a day's receipt). Reads standard input if omitted or `-`.
    receipt: Option<String>,

    /// File with public keys: the service's `/.well-known/jwks.json`, or PEM. May be repeated, for
    /// instance for keys that are no longer published.
    #[arg(
        long = "keys",
        env = "LUUTRU_RECEIPT_PUBLIC_KEYS",
        value_delimiter = ',',
        required = true,
        value_name = "FILE"
    )]
    keys: Vec<PathBuf>,

    /// File with the stay as JSON, to check that the receipt covers this content. Needs the salt,
    /// in the file (`receipt.content_salt`) or through `--salt`.
    #[arg(long, env = "LUUTRU_RECEIPT_CONTENT", value_name = "FILE")]
    content: Option<PathBuf>,

    /// The receipt's `content_salt`, if the content file lacks it.
    #[arg(long, env = "LUUTRU_RECEIPT_SALT")]
    salt: Option<String>,

    /// Language of the result: vi or en.
    #[arg(
        long,
        env = "LUUTRU_LANGUAGE",
        default_value = "vi",
        value_parser = parse_language
    )]
    language: Language,
}

fn parse_language(word: &str) -> Result<Language, String> {
    match word {
        "vi" => Ok(Language::Vi),
        "en" => Ok(Language::En),
        _ => Err("must be vi or en".to_owned()),
    }
}

/// Runs one of the receipt commands.
pub(crate) fn execute(command: &ReceiptCommand) -> anyhow::Result<ExitStatus> {
    match command {
        ReceiptCommand::Verify(options) => verify(options),
    }
}

fn verify(options: &VerifyOptions) -> anyhow::Result<ExitStatus> {
    let keys = read_keys(&options.keys)?;
    let content = options.content.as_ref().map(|path| {
        let text = read_file(path)?;
        serde_json::from_str(&text)
            .ok()
            .with_context(|| format!("{} does not hold JSON", path.display()))
    });
    let evidence = ReceiptEvidence {
        receipt: read_receipt(options.receipt.as_deref())?,
        content: content.transpose()?,
        salt: options.salt.clone(),
    };
    let report = Report::of(&evidence, &keys);
    terminal::say(&report.text(options.language))?;
    Ok(if report.holds() {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

/// The keys of all files, as one JWK set.
fn read_keys(paths: &[PathBuf]) -> anyhow::Result<Value> {
    let mut keys = Vec::new();
    for path in paths {
        let text = read_file(path)?;
        ensure!(
            !text.contains("PRIVATE KEY"),
            "{} holds a private key. Give the public one: openssl pkey -in FILE -pubout",
            path.display()
        );
        let set: Value = match serde_json::from_str(&text) {
            Ok(set) => set,
            Err(_) => signing::jwks_of_pem(&text).with_context(|| path.display().to_string())?,
        };
        match set["keys"].as_array() {
            Some(found) if !found.is_empty() => keys.extend_from_slice(found),
            Some(_) | None => bail!(
                "{} holds no keys. Give the service's /.well-known/jwks.json, or PEM",
                path.display()
            ),
        }
    }
    Ok(json!({ "keys": keys }))
}

/// The receipt's text: as given, from the file of that name, or from standard input.
fn read_receipt(named: Option<&str>) -> anyhow::Result<String> {
    match named {
        None | Some("-") => read_bounded(std::io::stdin()).context("standard input"),
        Some(text) if evidence::is_jws(text) => Ok(text.to_owned()),
        Some(path) => read_file(&PathBuf::from(path)),
    }
}

fn read_file(path: &PathBuf) -> anyhow::Result<String> {
    let file = File::open(path);
    file.map_err(anyhow::Error::from)
        .and_then(read_bounded)
        .with_context(|| path.display().to_string())
}

fn read_bounded(source: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = source
        .take(FILE_LENGTH_MAX + 1)
        .read_to_string(&mut text)
        .context("cannot be read as text")?;
    let is_fitting = u64::try_from(read).is_ok_and(|read| read <= FILE_LENGTH_MAX);
    ensure!(is_fitting, "is longer than {FILE_LENGTH_MAX} bytes");
    Ok(text)
}
