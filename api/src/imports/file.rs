//! Files that are answered: tables, named so that a browser saves them.

use domain::import::FileKind;
use poem::http::header;
use poem::{IntoResponse, Response};
use poem_openapi::{
    ResponseContent,
    registry::{MetaMediaType, Registry},
    types::Type,
};

use crate::reply;
use crate::shapes::text::FileContent;

/// A table as a file.
pub(crate) struct TableFile {
    /// What kind of file it is.
    pub(crate) kind: FileKind,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
    /// What it is called when it is saved, without the ending: never what its sender called it.
    pub(crate) name: String,
}

impl ResponseContent for TableFile {
    fn media_types() -> Vec<MetaMediaType> {
        let file = |kind: FileKind| MetaMediaType {
            content_type: kind.media_type(),
            schema: FileContent::schema_ref(),
        };
        FileKind::ALL.iter().copied().map(file).collect()
    }

    fn register(registry: &mut Registry) {
        FileContent::register(registry);
    }
}

impl IntoResponse for TableFile {
    fn into_response(self) -> Response {
        let (name, ending) = (self.name, self.kind.as_str());
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        reply::of_type(self.kind.media_type(), self.bytes)
            .with_header(header::CONTENT_DISPOSITION, disposition)
            .into_response()
    }
}
