//! PDFs are rendered on blocking threads, a few at a time.

use domain::catalogue::Catalogues;
use domain::facility::Facility;
use domain::time::local_date;
use formats::paper::PaperFault;
use formats::receipt_paper::PrintedPlace;
use poem::http::header;
use poem::{IntoResponse, Response};

use crate::app::App;
use crate::problem::Failure;
use crate::reply;

/// The media type of a paper.
pub(crate) const PDF: &str = "application/pdf";

/// A receipt to be printed.
pub(crate) struct Paper {
    pdf: Vec<u8>,
    /// What a browser saves it as.
    file_name: String,
}

/// The paper that `write` makes. `name` is what a browser saves it as; it holds no personal value.
pub(crate) async fn write(
    app: &App,
    name: &str,
    write: impl FnOnce() -> Result<Vec<u8>, PaperFault> + Send + 'static,
) -> Result<Paper, Failure> {
    let turn = app.papers.acquire().await;
    let _turn = turn.map_err(Failure::internal)?;
    let written = tokio::task::spawn_blocking(write).await;
    let pdf = written
        .map_err(Failure::internal)?
        .map_err(Failure::internal)?;
    let name = name.replace('/', "-");
    Ok(Paper {
        pdf,
        file_name: format!("{name}.pdf"),
    })
}

impl IntoResponse for Paper {
    fn into_response(self) -> Response {
        let disposition = format!("inline; filename=\"{}\"", self.file_name);
        reply::of_type(PDF, self.pdf)
            .with_header(header::CONTENT_DISPOSITION, disposition)
            .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .into_response()
    }
}

/// Name and whole address of a facility, with the names of its units of today.
pub(crate) fn place(app: &App, facility: &Facility) -> PrintedPlace {
    let catalogues: &Catalogues = app.intake.catalogues();
    let today = local_date(app.clock.now());
    let commune = catalogues.commune(&facility.commune_code);
    let commune = commune.and_then(|commune| commune.full_name_on(today));
    let province = catalogues.province(&facility.province_code);
    let province = province.map(|province| province.full_name.as_str());
    let parts = [Some(facility.address.as_str()), commune, province];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    PrintedPlace {
        name: facility.name.clone(),
        address: parts.join(", "),
    }
}
