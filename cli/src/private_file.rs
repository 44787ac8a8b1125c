//! Files that only their owner reads: secrets of development, copies of the database.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// What the file holds; when it is not there, `make` fills it.
///
/// The file appears complete, with mode 0600. If two processes create it at once, one wins and both
/// use its content.
pub(crate) fn load_or_make<T: Serialize + DeserializeOwned>(
    path: &Path,
    make: impl FnOnce() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    if let Some(known) = load(path)? {
        return Ok(known);
    }
    let text = serde_json::to_vec_pretty(&make()?)?;
    publish(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    load(path)?.with_context(|| format!("{} vanished", path.display()))
}

/// An empty file, in place of what an earlier attempt left there.
pub(crate) fn make_empty(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true).mode(0o600);
    options.open(path).map(|_| ())
}

/// What the file holds, if it is there.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    };
    // The error's own text could quote the content.
    serde_json::from_slice(&text)
        .ok()
        .with_context(|| {
            format!(
                "{} is damaged: restore it, or remove the data directory to start afresh",
                path.display()
            )
        })
        .map(Some)
}

/// A link does not replace a file, so the first one stays.
fn publish(path: &Path, text: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("new.{}", std::process::id()));
    let written = write_draft(&draft, text).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    let removed = fs::remove_file(&draft);
    written.and(removed)
}

fn write_draft(draft: &Path, text: &[u8]) -> io::Result<()> {
    let mut file: File = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_first_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one.json");
        let first: u32 = load_or_make(&path, || Ok(1)).unwrap();
        let second: u32 = load_or_make(&path, || Ok(2)).unwrap();
        assert_eq!((first, second), (1, 1));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_named_and_not_quoted() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("one.json");
        fs::write(&path, "secret{").unwrap();
        let error = load_or_make::<u32>(&path, || Ok(1)).unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains("one.json") && !text.contains("secret{"),
            "{text}"
        );
    }
}
