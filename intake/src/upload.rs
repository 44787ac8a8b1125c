//! How an uploaded file is stored: in sealed pieces, with the cells of each rejected row sealed
//! separately. The process that stores a file and the one that processes it both use this module.

use runtime::vault::{Owner, SealContext, Vault, VaultError};
use serde::{Deserialize, Serialize};
use store::imports::Import;
use zeroize::Zeroizing;

use crate::clerk::month;

/// Bytes of a piece of a file.
pub const CHUNK_BYTE_COUNT: usize = 1024 * 1024;
/// How long a file, its outcomes and its rejected rows are kept.
pub const KEPT_DAYS: i64 = 7;
/// How many files of a facility may be queued or in progress at once.
pub const WAITING_COUNT_MAX: u64 = 3;

/// The cells of a rejected row.
#[derive(Default, Serialize, Deserialize)]
pub struct RejectedCells {
    /// As they were sent.
    pub cells: Vec<String>,
    /// What may have been meant, by pointer into the stay.
    pub suggestions: Vec<(String, String)>,
}

/// What a file and its sheets are called, and their headings: people name both after guests.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SheetNames {
    /// The file, as its sender calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Those that are read: name, where there is one, and heading.
    pub sheets: Vec<(Option<String>, Vec<String>)>,
    /// The others: name and reason.
    pub passed_over: Vec<(String, String)>,
}

impl SheetNames {
    /// What is known of a file by name: nothing of one without a name until it is read, or if it was
    /// read before sheets were supported.
    ///
    /// # Errors
    /// The key is not loaded, or what is stored is damaged.
    pub fn open(vault: &Vault, import: &Import) -> Result<Self, VaultError> {
        let Some(sealed) = &import.sealed_sheets else {
            return Ok(Self::default());
        };
        let opened = Sealed::Sheets.open(vault, import, sealed)?;
        serde_json::from_slice(&opened).map_err(|_| VaultError::NotOpened)
    }

    /// Seals it, to be kept with its file.
    ///
    /// # Errors
    /// No key can seal.
    pub fn seal(&self, vault: &Vault, import: &Import) -> Result<Vec<u8>, VaultError> {
        let names = serde_json::to_vec(self).map_err(|_| VaultError::NotSealed)?;
        Sealed::Sheets.seal(vault, import, &names)
    }
}

/// A sealed part of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// A piece of the file.
    Chunk(i32),
    /// The heading of its table.
    Heading,
    /// Names and headings of its sheets.
    Sheets,
    /// The cells of a row.
    Row(i32),
}

impl Sealed {
    fn context(self, import: &Import) -> SealContext<'static> {
        let (table, version) = match self {
            Self::Chunk(position) => ("import_chunk", position),
            Self::Heading => ("import", 0),
            Self::Sheets => ("import", 1),
            Self::Row(position) => ("import_row", position),
        };
        SealContext {
            table,
            row_id: import.id,
            version,
            owner: Owner {
                organisation_id: import.organisation_id,
                facility_id: import.facility_id,
            },
        }
    }

    /// Seals it, under the key of the month in which the file came.
    ///
    /// # Errors
    /// No key can seal.
    pub fn seal(
        self,
        vault: &Vault,
        import: &Import,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        vault.seal(&month(import.created_at), &self.context(import), plaintext)
    }

    /// Opens it.
    ///
    /// # Errors
    /// The key is not loaded, or the blob was sealed for another place.
    pub fn open(
        self,
        vault: &Vault,
        import: &Import,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        vault.open(&self.context(import), sealed)
    }
}
