//! The pages: views gathered by the calls that answer the JSON operations, drawn by the crate
//! `pages`.
//!
//! A handler admits its caller like every other operation, gathers a view and returns HTML. It
//! stops early with a failure, which the door draws as a page, or with another answer instead.
//! Pages are no part of the OpenAPI document.

mod html;
mod reader;

mod enter;
mod form;
mod frame;
mod lines;

mod assets;
mod desk;
mod preferences;
mod receipt;
mod sign_in;
mod stay;
mod today;

use std::collections::HashMap;

use poem::endpoint::BoxEndpoint;
use poem::http::{Method, StatusCode, header};
use poem::{EndpointExt, Request, Response};

use crate::problem::Failure;

pub(crate) use html::failed;
pub(crate) use reader::PageReader;

/// Why a handler stops before its page is made.
enum Stop {
    /// It cannot be made.
    Failed(Failure),
    /// Another answer is given instead.
    Instead(Box<Response>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What a handler makes.
type MadePage = Result<Response, Stop>;

/// Adds the pages to the table of routes.
pub(crate) fn add_routes(table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
    let routes = [
        ("/desk", Method::GET, endpoint(desk::show)),
        ("/desk/scan", Method::POST, endpoint(desk::scan::read)),
        (
            "/desk/picture",
            Method::POST,
            endpoint(desk::scan::read_picture),
        ),
        ("/desk/card", Method::POST, endpoint(desk::declare::redraw)),
        (
            "/desk/stays",
            Method::POST,
            endpoint(desk::declare::declare),
        ),
        ("/desk/today", Method::GET, endpoint(today::show)),
        ("/desk/today", Method::POST, endpoint(today::find)),
        (
            "/desk/today/departures",
            Method::POST,
            endpoint(today::depart),
        ),
        ("/desk/stays/:id", Method::GET, endpoint(stay::show)),
        (
            "/desk/stays/:id/number",
            Method::POST,
            endpoint(stay::show_number),
        ),
        (
            "/desk/stays/:id/undo",
            Method::POST,
            endpoint(stay::change::undo),
        ),
        (
            "/desk/stays/:id/amendment",
            Method::POST,
            endpoint(stay::change::amend),
        ),
        (
            "/desk/stays/:id/departure",
            Method::POST,
            endpoint(stay::change::depart),
        ),
        (
            "/desk/stays/:id/extension",
            Method::POST,
            endpoint(stay::change::extend),
        ),
        (
            "/desk/stays/:id/cancellation",
            Method::POST,
            endpoint(stay::change::cancel),
        ),
        (
            "/desk/stays/:id/answer",
            Method::POST,
            endpoint(stay::answer::give),
        ),
        (
            "/desk/stays/:id/receipt",
            Method::GET,
            endpoint(receipt::show),
        ),
        ("/sign-in", Method::GET, endpoint(sign_in::show)),
        ("/sign-in", Method::POST, endpoint(sign_in::take_password)),
        ("/sign-in/code", Method::GET, endpoint(sign_in::show_code)),
        ("/sign-in/code", Method::POST, endpoint(sign_in::take_code)),
        (
            "/sign-in/enrolment",
            Method::GET,
            endpoint(sign_in::show_enrolment),
        ),
        (
            "/sign-in/enrolment",
            Method::POST,
            endpoint(sign_in::take_enrolment),
        ),
        ("/sign-out", Method::POST, endpoint(sign_in::leave)),
        (
            "/invitation/:token",
            Method::GET,
            endpoint(sign_in::show_invitation),
        ),
        (
            "/invitation/:token",
            Method::POST,
            endpoint(sign_in::accept_invitation),
        ),
        ("/help", Method::GET, endpoint(preferences::help)),
        ("/preferences", Method::POST, endpoint(preferences::keep)),
        ("/assets/:name", Method::GET, endpoint(assets::show)),
    ];
    for (path, method, endpoint) in routes {
        let methods = table.entry(path.to_owned()).or_default();
        methods.insert(method, endpoint);
    }
}

/// Whether people, not programs, read what is at a path.
pub(crate) fn is_page(path: &str) -> bool {
    const PLACES: [&str; 6] = [
        "/desk",
        "/sign-in",
        "/sign-out",
        "/invitation",
        "/help",
        "/preferences",
    ];
    PLACES.iter().any(|place| {
        path.strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn endpoint<F, Work>(handler: F) -> BoxEndpoint<'static>
where
    F: Fn(Request) -> Work + Send + Sync + 'static,
    Work: Future<Output = MadePage> + Send + 'static,
{
    let endpoint = poem::endpoint::make(move |request| {
        let work = handler(request);
        async move {
            match work.await {
                Ok(response) => Ok::<Response, poem::Error>(response),
                Err(Stop::Instead(response)) => Ok(*response),
                Err(Stop::Failed(failure)) => Err(failure.into()),
            }
        }
    });
    endpoint.boxed()
}

/// Leads the browser to another page, which it asks for by GET.
fn see_other(location: &str) -> Response {
    Response::builder()
        .status(StatusCode::SEE_OTHER)
        .header(header::LOCATION, location)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_operations_by_their_path() {
        for path in ["/desk", "/desk/stays", "/sign-in", "/help"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/", "/v1/stays", "/docs", "/desktop", "/assets/x", "/livez"] {
            assert!(!is_page(path), "{path}");
        }
    }
}
