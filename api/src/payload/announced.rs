//! The headers of an uploaded file, and the file itself.
//!
//! Browsers derive a file's media type from its extension: Windows calls a CSV
//! `application/vnd.ms-excel`, and many clients send none. If the type does not tell, the content
//! does.

use domain::{
    import::FileKind,
    problem::{Code, Violation},
};
use formats::table;
use poem::http::{HeaderMap, header};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::Type;

use super::media_type;
use crate::imports::form;
use crate::problem::Failure;
use crate::shapes::text::FileContent;

pub(super) use crate::imports::form::FORM;

/// The media types that Windows uses for workbooks and CSV.
const EXCEL: &str = "application/vnd.ms-excel";
const OPEN_DOCUMENT: &str = "application/vnd.oasis.opendocument.spreadsheet";
const BYTES: &str = "application/octet-stream";
/// What files of stays come in.
pub(super) const FILE_MEDIA_TYPES: [&str; 6] = [
    FileKind::Csv.media_type(),
    FileKind::Xlsx.media_type(),
    EXCEL,
    OPEN_DOCUMENT,
    BYTES,
    FORM,
];
/// Other names of text with separators, taken and not advised.
const OTHER_NAMES: [&str; 5] = [
    "application/csv",
    "application/x-csv",
    "text/x-csv",
    "text/comma-separated-values",
    "text/tab-separated-values",
];

/// What the headers say of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Announced {
    /// Its kind.
    Kind(FileKind),
    /// Nothing that tells its kind.
    Content,
    /// It is in a form, between lines with this boundary.
    Form(String),
}

impl Announced {
    /// Nothing when no file comes under such a media type.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let named = media_type(headers)?;
        let is = |media_type: &&str| media_type.eq_ignore_ascii_case(named);
        if let Some(kind) = FileKind::of_media_type(named) {
            return Some(Self::Kind(kind));
        }
        if is(&FORM) {
            let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
            return form::boundary(content_type).map(Self::Form);
        }
        let is_known = [EXCEL, OPEN_DOCUMENT, BYTES].iter().any(is);
        (is_known || OTHER_NAMES.iter().any(is)).then_some(Self::Content)
    }

    /// Bytes that come beside the file.
    pub(super) fn overhead(&self) -> u32 {
        match self {
            Self::Kind(_) | Self::Content => 0,
            Self::Form(_) => form::OVERHEAD_BYTE_COUNT_MAX,
        }
    }

    /// The file of a body that has come whole.
    ///
    /// Errors: 422 when a form holds not just one file.
    pub(crate) fn file(self, body: Vec<u8>) -> Result<SentFile, Failure> {
        let (bytes, name) = match self {
            // A text cannot be called a workbook; a workbook that is called a text is one.
            Self::Kind(FileKind::Xlsx) => {
                return Ok(SentFile {
                    bytes: body,
                    kind: FileKind::Xlsx,
                    name: None,
                });
            }
            Self::Kind(FileKind::Csv) | Self::Content => (body, None),
            Self::Form(boundary) => form::into_file(body, &boundary)
                .map_err(|_| Failure::invalid(vec![Violation::new("", Code::FormNotOneFile)]))?,
        };
        let kind = table::kind_of_content(&bytes);
        Ok(SentFile { bytes, kind, name })
    }
}

/// A file that has come whole.
pub(crate) struct SentFile {
    /// Its content.
    pub(crate) bytes: Vec<u8>,
    /// What kind of file it is.
    pub(crate) kind: FileKind,
    /// What its sender calls it, if it came in a form.
    pub(crate) name: Option<String>,
}

/// A form with one file.
pub(super) fn form_schema() -> MetaSchemaRef {
    let mut schema = MetaSchema::new("object");
    schema.required = vec!["file"];
    schema.properties = vec![("file", FileContent::schema_ref())];
    MetaSchemaRef::Inline(Box::new(schema))
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    fn announced(content_type: &'static str) -> Option<Announced> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Announced::of(&headers)
    }

    #[test]
    fn the_content_tells_what_the_media_type_does_not() {
        let (csv, book) = (b"a,b".to_vec(), b"PK\x03\x04".to_vec());
        let table = [
            ("text/csv; charset=utf-8", &csv, FileKind::Csv),
            ("text/csv", &book, FileKind::Xlsx),
            ("application/vnd.ms-excel", &csv, FileKind::Csv),
            ("Application/Vnd.MS-Excel", &book, FileKind::Xlsx),
            ("application/octet-stream", &csv, FileKind::Csv),
            ("text/tab-separated-values", &csv, FileKind::Csv),
            (FileKind::Xlsx.media_type(), &csv, FileKind::Xlsx),
        ];
        for (content_type, body, kind) in table {
            let read = announced(content_type).unwrap().file(body.clone());
            assert_eq!(read.map_err(|_| ()).unwrap().kind, kind, "{content_type}");
        }
        for content_type in ["application/json", "text/plain", "multipart/form-data"] {
            assert_eq!(announced(content_type), None, "{content_type}");
        }
        let form = announced("multipart/form-data; boundary=b").unwrap();
        let fault = form.file(b"--b--".to_vec()).err().unwrap();
        assert_eq!(fault.code(), Code::ValidationFailed);
    }
}
