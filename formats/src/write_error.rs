//! Why a file could not be written.

/// A file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("a file was not written: {0}")]
pub struct WriteError(String);

impl From<std::io::Error> for WriteError {
    fn from(error: std::io::Error) -> Self {
        Self(error.kind().to_string())
    }
}

impl From<csv::Error> for WriteError {
    fn from(_: csv::Error) -> Self {
        Self("CSV".to_owned())
    }
}

impl From<zip::result::ZipError> for WriteError {
    fn from(_: zip::result::ZipError) -> Self {
        Self("ZIP".to_owned())
    }
}

impl From<rust_xlsxwriter::XlsxError> for WriteError {
    fn from(_: rust_xlsxwriter::XlsxError) -> Self {
        Self("XLSX".to_owned())
    }
}
