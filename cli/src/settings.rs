//! What every process needs before it starts: profile, data directory, database, secrets.
//!
//! The environment is read here (by clap) and nowhere else. In production every missing secret is
//! named, all of them at once; in development they are made on the first start and kept in the
//! data directory, readable for its owner only.

use std::{
    fmt::{self, Display},
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use runtime::{
    profile::Profile,
    secrets::{self, SettingError},
    signing::ReceiptSigner,
    standard_webhooks,
    vault::MasterKey,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use store::{ConnectOptions, api_keys::RowKey};
use zeroize::Zeroizing;

use crate::private_file;

pub(crate) const DATABASE_URL: &str = "LUUTRU_DATABASE_URL";
const DATABASE_FILE: &str = "luutru.db";
const DEVELOPMENT_KEYS_FILE: &str = "development-keys.json";

/// Several settings refused at once; each is a sentence that names it.
#[derive(Debug)]
pub(crate) struct Refusals(Vec<SettingError>);

impl Refusals {
    /// Collects these errors.
    pub(crate) fn new(refusals: Vec<SettingError>) -> Self {
        Self(refusals)
    }
}

impl Display for Refusals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, refusal) in self.0.iter().enumerate() {
            if position > 0 {
                writeln!(out)?;
            }
            write!(out, "{refusal}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}

/// The profile, the data directory and the database of a process.
#[derive(Args, Clone)]
pub(crate) struct PlaceSettings {
    /// `development` creates missing secrets and keeps them in the data directory; `production`
    /// refuses to start without them. The default of `up` is development, that of every other
    /// command production.
    #[arg(long, env = "LUUTRU_PROFILE", value_enum)]
    pub(crate) profile: Option<Profile>,

    /// Directory of the embedded database, the simulators' state and development secrets.
    #[arg(long, env = "LUUTRU_DATA_DIR", default_value = "luutru-data")]
    pub(crate) data_dir: PathBuf,

    /// sqlite://PATH or postgres://…. The default in development is the file luutru.db in the data
    /// directory.
    #[arg(long, env = "LUUTRU_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,

    /// File with the database URL.
    #[arg(long, env = "LUUTRU_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,

    /// Number of database connections that write (PostgreSQL; SQLite has one).
    #[arg(long, env = "LUUTRU_DATABASE_WRITERS", default_value_t = 6)]
    database_writers: u32,

    /// Number of database connections that read.
    #[arg(long, env = "LUUTRU_DATABASE_READERS", default_value_t = 8)]
    database_readers: u32,
}

impl PlaceSettings {
    /// The profile, or the command's own default.
    pub(crate) fn profile_or(&self, default: Profile) -> Profile {
        self.profile.unwrap_or(default)
    }

    /// The bounds of the pools.
    pub(crate) fn connect_options(&self) -> ConnectOptions {
        ConnectOptions {
            writer_count_max: self.database_writers.max(1),
            reader_count_max: self.database_readers.max(1),
            ..ConnectOptions::default()
        }
    }

    /// Makes the data directory, closed to other users, and gives its absolute path.
    pub(crate) fn make_data_dir(&self) -> anyhow::Result<PathBuf> {
        make_directory(&self.data_dir).with_context(|| {
            format!(
                "LUUTRU_DATA_DIR: cannot make the directory {}",
                self.data_dir.display()
            )
        })
    }

    fn given_database_url(&self) -> Result<Option<SecretString>, SettingError> {
        secrets::read_secret(
            DATABASE_URL,
            self.database_url.clone(),
            self.database_url_file.clone(),
        )
    }

    /// The URL of the database as set; without one, in development, the file in the data directory.
    pub(crate) fn database_url(&self, profile: Profile) -> anyhow::Result<SecretString> {
        match self.given_database_url()? {
            Some(url) => Ok(url),
            None if profile.is_production() => Err(SettingError::missing(DATABASE_URL).into()),
            None => {
                let file = self.make_data_dir()?.join(DATABASE_FILE);
                Ok(SecretString::from(sqlite_url(&file)?))
            }
        }
    }

    /// Whether the embedded database lies in the data directory and is not there yet.
    pub(crate) fn is_without_database(&self) -> Result<bool, SettingError> {
        let is_given = self.given_database_url()?.is_some();
        Ok(!is_given && !self.data_dir.join(DATABASE_FILE).exists())
    }
}

/// Creates a directory accessible to its owner only; an existing one keeps its mode.
pub(crate) fn make_directory(path: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    fs::canonicalize(path)
}

/// `sqlite://` and the path, with special characters escaped as `%xx`.
pub(crate) fn sqlite_url(path: &Path) -> anyhow::Result<String> {
    let path = path
        .to_str()
        .context("LUUTRU_DATA_DIR: the path is not UTF-8; choose another")?;
    let mut url = "sqlite://".to_owned();
    for character in path.chars() {
        match character {
            '%' | '?' | '#' | ' ' => url.push_str(&format!("%{:02X}", u32::from(character))),
            plain => url.push(plain),
        }
    }
    Ok(url)
}

/// The secrets, each as a value or as a file.
#[derive(Args, Clone)]
pub(crate) struct SecretSettings {
    /// Key that encrypts the data keys of personal fields: 64 hex digits or base64 of 32 bytes.
    #[arg(long, env = "LUUTRU_MASTER_KEY", hide_env_values = true)]
    master_key: Option<SecretString>,

    /// File with the master key.
    #[arg(long, env = "LUUTRU_MASTER_KEY_FILE")]
    master_key_file: Option<PathBuf>,

    /// Key of the blind indexes of names and numbers: 64 hex digits or base64 of 32 bytes.
    #[arg(long, env = "LUUTRU_INDEX_KEY", hide_env_values = true)]
    index_key: Option<SecretString>,

    /// File with the index key.
    #[arg(long, env = "LUUTRU_INDEX_KEY_FILE")]
    index_key_file: Option<PathBuf>,

    /// Pepper that API keys are hashed with: 64 hex digits or base64 of 32 bytes.
    #[arg(long, env = "LUUTRU_KEY_PEPPER", hide_env_values = true)]
    key_pepper: Option<SecretString>,

    /// File with the pepper.
    #[arg(long, env = "LUUTRU_KEY_PEPPER_FILE")]
    key_pepper_file: Option<PathBuf>,

    /// Keys that sign receipts: Ed25519 private keys as PKCS#8 PEM. The first one signs, all are
    /// published.
    #[arg(long, env = "LUUTRU_RECEIPT_KEY", hide_env_values = true)]
    receipt_key: Option<SecretString>,

    /// File with the receipt keys.
    #[arg(long, env = "LUUTRU_RECEIPT_KEY_FILE")]
    receipt_key_file: Option<PathBuf>,

    /// Secret that signs notifications to the police endpoint: whsec_ and base64 of 24 to 64 bytes.
    #[arg(long, env = "LUUTRU_POLICE_SECRET", hide_env_values = true)]
    police_secret: Option<SecretString>,

    /// File with the police secret.
    #[arg(long, env = "LUUTRU_POLICE_SECRET_FILE")]
    police_secret_file: Option<PathBuf>,
}

/// A secret that a command may need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    MasterKey,
    IndexKey,
    KeyPepper,
    ReceiptKey,
    PoliceSigning,
}

impl Secret {
    const ALL: [Self; 5] = [
        Self::MasterKey,
        Self::IndexKey,
        Self::KeyPepper,
        Self::ReceiptKey,
        Self::PoliceSigning,
    ];

    /// Its name in the environment.
    fn name(self) -> &'static str {
        match self {
            Self::MasterKey => "LUUTRU_MASTER_KEY",
            Self::IndexKey => "LUUTRU_INDEX_KEY",
            Self::KeyPepper => "LUUTRU_KEY_PEPPER",
            Self::ReceiptKey => "LUUTRU_RECEIPT_KEY",
            Self::PoliceSigning => "LUUTRU_POLICE_SECRET",
        }
    }
}

/// The secrets of a process, checked for their form.
#[derive(Clone)]
pub(crate) struct Secrets {
    values: Vec<(Secret, SecretString)>,
}

impl Secrets {
    /// The secrets `needed`. In development, secrets that are not set come from the data directory,
    /// where the first start creates them.
    ///
    /// Errors: [`Refusals`], every missing or unusable one at once.
    pub(crate) fn gather(
        settings: &SecretSettings,
        place: &PlaceSettings,
        profile: Profile,
        needed: &[Secret],
    ) -> anyhow::Result<Self> {
        let mut values = Vec::new();
        let mut refusals = Vec::new();
        for secret in needed {
            match settings.given(*secret) {
                Ok(Some(text)) => match check(*secret, &text) {
                    Ok(()) => values.push((*secret, text)),
                    Err(refusal) => refusals.push(refusal),
                },
                Ok(None) if profile.is_production() => {
                    refusals.push(SettingError::missing(secret.name()));
                }
                Ok(None) => {
                    let made = DevelopmentKeys::load_or_make(&place.make_data_dir()?)?;
                    values.push((*secret, made.secret(*secret)));
                }
                Err(refusal) => refusals.push(refusal),
            }
        }
        if profile.is_production() {
            refusals.extend(weaknesses(&values));
        }
        if profile.is_production()
            && let Err(refusal) = place.given_database_url().and_then(|url| {
                url.map(|_| ())
                    .ok_or_else(|| SettingError::missing(DATABASE_URL))
            })
        {
            refusals.insert(0, refusal);
        }
        if refusals.is_empty() {
            Ok(Self { values })
        } else {
            Err(Refusals(refusals).into())
        }
    }

    /// The secrets `needed` and those of `wanted` that exist. Nothing is created, not even in
    /// development.
    ///
    /// Errors: [`Refusals`], every missing or unusable one at once.
    pub(crate) fn find(
        settings: &SecretSettings,
        place: &PlaceSettings,
        profile: Profile,
        needed: &[Secret],
        wanted: &[Secret],
    ) -> anyhow::Result<Self> {
        let kept = match profile.is_production() {
            true => None,
            false => private_file::load(&place.data_dir.join(DEVELOPMENT_KEYS_FILE))?,
        };
        let kept: Option<DevelopmentKeys> = kept;
        let mut values = Vec::new();
        let mut refusals = Vec::new();
        for secret in needed.iter().chain(wanted) {
            let found = settings.given(*secret).map(|given| {
                let kept = kept.as_ref().map(|kept| kept.secret(*secret));
                given.or(kept)
            });
            match found {
                Ok(Some(text)) => match check(*secret, &text) {
                    Ok(()) => values.push((*secret, text)),
                    Err(refusal) => refusals.push(refusal),
                },
                Ok(None) if needed.contains(secret) => {
                    refusals.push(SettingError::missing(secret.name()));
                }
                Ok(None) => {}
                Err(refusal) => refusals.push(refusal),
            }
        }
        if refusals.is_empty() {
            Ok(Self { values })
        } else {
            Err(Refusals(refusals).into())
        }
    }

    /// Wraps data keys.
    pub(crate) fn master_key(&self) -> Result<MasterKey, SettingError> {
        MasterKey::parse(Secret::MasterKey.name(), self.get(Secret::MasterKey)?)
    }

    /// Makes blind indexes.
    pub(crate) fn index_key(&self) -> Result<Zeroizing<[u8; 32]>, SettingError> {
        secrets::parse_key(Secret::IndexKey.name(), self.get(Secret::IndexKey)?)
    }

    /// Hashes API keys.
    pub(crate) fn key_pepper(&self) -> Result<Zeroizing<[u8; 32]>, SettingError> {
        secrets::parse_key(Secret::KeyPepper.name(), self.get(Secret::KeyPepper)?)
    }

    /// Authenticates the rows of API keys.
    pub(crate) fn row_key(&self) -> Result<RowKey, SettingError> {
        Ok(RowKey::of_pepper(&*self.key_pepper()?))
    }

    /// The check value of each key that must stay the same for the life of a database, with the
    /// key's name.
    pub(crate) fn check_values(&self) -> Vec<(&'static str, Vec<u8>)> {
        let lasting = [Secret::MasterKey, Secret::IndexKey, Secret::KeyPepper];
        let values = lasting.into_iter().filter_map(|secret| {
            let key = secrets::parse_key(secret.name(), self.get(secret).ok()?).ok()?;
            Some((secret.name(), secrets::check_value(secret.name(), &key)))
        });
        values.collect()
    }

    /// Signs receipts.
    pub(crate) fn receipt_signer(&self) -> Result<ReceiptSigner, SettingError> {
        signer(self.get(Secret::ReceiptKey)?)
    }

    /// Signs notifications; the text as the simulator reads it.
    pub(crate) fn police_secret(&self) -> Result<&SecretString, SettingError> {
        self.get(Secret::PoliceSigning)
    }

    fn get(&self, wanted: Secret) -> Result<&SecretString, SettingError> {
        self.values
            .iter()
            .find(|(secret, _)| *secret == wanted)
            .map(|(_, text)| text)
            .ok_or_else(|| SettingError::missing(wanted.name()))
    }
}

impl SecretSettings {
    fn given(&self, secret: Secret) -> Result<Option<SecretString>, SettingError> {
        let (value, file) = match secret {
            Secret::MasterKey => (&self.master_key, &self.master_key_file),
            Secret::IndexKey => (&self.index_key, &self.index_key_file),
            Secret::KeyPepper => (&self.key_pepper, &self.key_pepper_file),
            Secret::ReceiptKey => (&self.receipt_key, &self.receipt_key_file),
            Secret::PoliceSigning => (&self.police_secret, &self.police_secret_file),
        };
        secrets::read_secret(secret.name(), value.clone(), file.clone())
    }
}

fn signer(pem: &SecretString) -> Result<ReceiptSigner, SettingError> {
    ReceiptSigner::from_pem(pem.expose_secret())
        .map_err(|error| SettingError::new(Secret::ReceiptKey.name(), error.to_string()))
}

fn check(secret: Secret, text: &SecretString) -> Result<(), SettingError> {
    let name = secret.name();
    match secret {
        Secret::MasterKey | Secret::IndexKey | Secret::KeyPepper => {
            secrets::parse_key(name, text).map(|_| ())
        }
        Secret::ReceiptKey => signer(text).map(|_| ()),
        Secret::PoliceSigning => standard_webhooks::parse_secret(name, text).map(|_| ()),
    }
}

/// Finds secrets that can be guessed and secrets that are used twice: whoever gets hold of one
/// would have the other.
fn weaknesses(values: &[(Secret, SecretString)]) -> Vec<SettingError> {
    let mut refusals = Vec::new();
    let mut seen: Vec<(Secret, Zeroizing<Vec<u8>>)> = Vec::new();
    for (secret, text) in values {
        let Some(bytes) = secret_bytes(*secret, text) else {
            continue;
        };
        let name = secret.name();
        let how = match secret {
            Secret::PoliceSigning => "whsec_ and the output of `openssl rand -base64 32`",
            Secret::MasterKey | Secret::IndexKey | Secret::KeyPepper | Secret::ReceiptKey => {
                "the output of `openssl rand -hex 32`"
            }
        };
        if secrets::is_patterned(&bytes) {
            let advice = format!("is a pattern that can be guessed. Use {how}.");
            refusals.push(SettingError::new(name, advice));
        } else if let Some((other, _)) = seen.iter().find(|(_, known)| *known == bytes) {
            let advice = format!(
                "is the same as {}. Use another secret for each: {how}.",
                other.name()
            );
            refusals.push(SettingError::new(name, advice));
        }
        seen.push((*secret, bytes));
    }
    refusals
}

/// The bytes of a secret that is nothing but random bytes.
fn secret_bytes(secret: Secret, text: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    match secret {
        Secret::MasterKey | Secret::IndexKey | Secret::KeyPepper => {
            let key = secrets::parse_key(secret.name(), text).ok()?;
            Some(Zeroizing::new(key.to_vec()))
        }
        Secret::PoliceSigning => {
            let secret = standard_webhooks::parse_secret(secret.name(), text).ok()?;
            Some(Zeroizing::new(secret.to_vec()))
        }
        Secret::ReceiptKey => None,
    }
}

/// The secrets that development makes for itself. No `Debug`.
#[derive(Serialize, Deserialize)]
struct DevelopmentKeys {
    master_key: String,
    index_key: String,
    key_pepper: String,
    receipt_key: String,
    police_secret: String,
}

impl DevelopmentKeys {
    /// Those of the directory; two processes that start at once get the same.
    fn load_or_make(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join(DEVELOPMENT_KEYS_FILE);
        let keys: Self = private_file::load_or_make(&path, Self::make)?;
        for secret in Secret::ALL {
            check(secret, &keys.secret(secret))
                .with_context(|| format!("{} holds an unusable secret", path.display()))?;
        }
        Ok(keys)
    }

    fn make() -> anyhow::Result<Self> {
        let key = || secrets::generate_key().expose_secret().to_owned();
        Ok(Self {
            master_key: key(),
            index_key: key(),
            key_pepper: key(),
            receipt_key: ReceiptSigner::generate_pem()?,
            police_secret: standard_webhooks::generate_secret()
                .expose_secret()
                .to_owned(),
        })
    }

    fn secret(&self, secret: Secret) -> SecretString {
        let text = match secret {
            Secret::MasterKey => &self.master_key,
            Secret::IndexKey => &self.index_key,
            Secret::KeyPepper => &self.key_pepper,
            Secret::ReceiptKey => &self.receipt_key,
            Secret::PoliceSigning => &self.police_secret,
        };
        SecretString::from(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        place: PlaceSettings,
        #[command(flatten)]
        secrets: SecretSettings,
    }

    fn parse(arguments: &[&str]) -> Command {
        Command::try_parse_from(std::iter::once("luutru").chain(arguments.iter().copied())).unwrap()
    }

    #[test]
    fn production_names_everything_that_is_missing_at_once() {
        let settings = parse(&["--index-key", "short"]);
        let refused = Secrets::gather(
            &settings.secrets,
            &settings.place,
            Profile::Production,
            &Secret::ALL,
        );
        let text = refused.err().unwrap().to_string();
        for name in Secret::ALL.map(Secret::name).iter().chain(&[DATABASE_URL]) {
            assert!(text.contains(name), "{name} in {text}");
        }
        assert!(!text.contains("short"));
        assert_eq!(text.lines().count(), 6);
    }

    #[test]
    fn production_refuses_secrets_that_can_be_guessed_or_are_set_twice() {
        let (one, other) = ("3a".repeat(31) + "00", "3a".repeat(31) + "01");
        let zeros = "00".repeat(32);
        let police = |byte: u8| {
            use base64::{Engine, engine::general_purpose::STANDARD};
            format!("whsec_{}", STANDARD.encode([byte; 24]))
        };
        let gather = |settings: [&str; 3]| {
            let [index_key, key_pepper, police_secret] = settings;
            let settings = parse(&[
                "--database-url",
                "sqlite:///nowhere",
                "--index-key",
                index_key,
                "--key-pepper",
                key_pepper,
                "--police-secret",
                police_secret,
            ]);
            let needed = [Secret::IndexKey, Secret::KeyPepper, Secret::PoliceSigning];
            let (secrets, place) = (&settings.secrets, &settings.place);
            let gathered = Secrets::gather(secrets, place, Profile::Production, &needed);
            gathered.err().map(|refusal| refusal.to_string())
        };
        let good = standard_webhooks::generate_secret();
        let good = good.expose_secret();
        assert_eq!(gather([&one, &other, good]), None);
        let table = [
            ([zeros.as_str(), &one, good], "LUUTRU_INDEX_KEY"),
            ([&one, &"ab".repeat(32), good], "LUUTRU_KEY_PEPPER"),
            ([&one, &one, good], "LUUTRU_KEY_PEPPER"),
            ([&one, &other, &police(0)], "LUUTRU_POLICE_SECRET"),
        ];
        for (settings, name) in table {
            let refusal = gather(settings).unwrap();
            assert!(refusal.starts_with(name), "{refusal}");
            assert_eq!(refusal.lines().count(), 1, "{refusal}");
        }
    }

    #[test]
    fn development_makes_its_secrets_once_and_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().join("data");
        let settings = parse(&["--data-dir", data_dir.to_str().unwrap()]);
        let gather = || {
            Secrets::gather(
                &settings.secrets,
                &settings.place,
                Profile::Development,
                &Secret::ALL,
            )
            .unwrap()
        };
        let first = gather();
        let second = gather();
        assert_eq!(
            first.receipt_signer().unwrap().kid(),
            second.receipt_signer().unwrap().kid()
        );
        assert_eq!(first.key_pepper().unwrap(), second.key_pepper().unwrap());
        let file = data_dir.join(DEVELOPMENT_KEYS_FILE);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(&data_dir), 0o700);
    }

    #[test]
    fn a_secret_that_is_set_goes_before_the_one_of_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let pepper = "07".repeat(32);
        let data_dir = directory.path().to_str().unwrap();
        let settings = parse(&["--data-dir", data_dir, "--key-pepper", &pepper]);
        let secrets = Secrets::gather(
            &settings.secrets,
            &settings.place,
            Profile::Development,
            &[Secret::KeyPepper],
        )
        .unwrap();
        assert_eq!(*secrets.key_pepper().unwrap(), [7; 32]);
        assert!(!directory.path().join(DEVELOPMENT_KEYS_FILE).exists());
    }

    #[test]
    fn a_path_becomes_a_url_that_reads_back() {
        let url = sqlite_url(Path::new("/tmp/a b%c/luutru.db")).unwrap();
        assert_eq!(url, "sqlite:///tmp/a%20b%25c/luutru.db");
    }
}
