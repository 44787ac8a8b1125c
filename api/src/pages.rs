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
mod paste;

mod assets;
mod desk;
mod group;
mod home;
mod house;
mod imports;
mod live;
mod office;
mod police;
mod preferences;
mod receipt;
mod rows;
mod sign_in;
mod stay;
mod today;
mod ward;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

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

impl From<store::word::Unreadable> for Stop {
    fn from(error: store::word::Unreadable) -> Self {
        Self::Failed(error.into())
    }
}

/// What a handler makes.
type MadePage = Result<Response, Stop>;

/// A page: its path, the method, what answers.
type PageRoute = (&'static str, Method, BoxEndpoint<'static>);

/// Every page, of every kind of work.
fn all() -> impl Iterator<Item = PageRoute> {
    let areas = [
        entrance(),
        desk::routes(),
        group::routes(),
        imports::routes(),
        ward::routes(),
        today::routes(),
        house::routes(),
        stay::routes(),
        police::routes(),
        live::routes(),
        office::routes(),
    ];
    areas.into_iter().flatten()
}

/// Adds the pages to the table of routes.
pub(crate) fn add_routes(table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
    for (path, method, endpoint) in all() {
        let methods = table.entry(path.to_owned()).or_default();
        methods.insert(method, endpoint);
    }
}

/// The paths of pages that are read.
static READABLE: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let read = all().filter(|(_, method, _)| method == Method::GET);
    read.map(|(path, _, _)| path).collect()
});

/// The place itself where it is a page that is read, else the nearest such page above it.
fn readable(place: &str) -> &str {
    let path = place.split(['?', '#']).next().unwrap_or_default();
    if is_readable(path) {
        return place;
    }
    let mut above = path;
    while let Some((parent, _)) = above.rsplit_once('/') {
        if is_readable(parent) {
            return parent;
        }
        above = parent;
    }
    "/"
}

fn is_readable(path: &str) -> bool {
    let fits = |pattern: &&str| {
        let (mut of_path, mut of_pattern) = (path.split('/'), pattern.split('/'));
        loop {
            match (of_path.next(), of_pattern.next()) {
                (None, None) => return true,
                (Some(part), Some(known)) if part == known => {}
                (Some(part), Some(known)) if known.starts_with(':') && !part.is_empty() => {}
                (Some(_) | None, Some(_) | None) => return false,
            }
        }
    };
    READABLE.iter().any(fits)
}

/// What needs nobody signed in, or leads to it.
fn entrance() -> Vec<PageRoute> {
    vec![
        get("/", home::lead),
        get("/sign-in", sign_in::show),
        post("/sign-in", sign_in::take_password),
        post("/sign-in/demo", sign_in::take_demo),
        get("/sign-in/code", sign_in::show_code),
        post("/sign-in/code", sign_in::take_code),
        get("/sign-in/enrolment", sign_in::show_enrolment),
        post("/sign-in/enrolment", sign_in::take_enrolment),
        post("/sign-out", sign_in::leave),
        get("/invitation/:token", sign_in::show_invitation),
        post("/invitation/:token", sign_in::accept_invitation),
        get("/help", preferences::help),
        get("/help/:screen", preferences::help_of),
        post("/preferences", preferences::keep),
        get("/assets/:name", assets::show),
    ]
}

/// A page that is read.
fn get<F, Work>(path: &'static str, handler: F) -> PageRoute
where
    F: Fn(Request) -> Work + Send + Sync + 'static,
    Work: Future<Output = MadePage> + Send + 'static,
{
    (path, Method::GET, endpoint(handler))
}

/// A form that is sent.
fn post<F, Work>(path: &'static str, handler: F) -> PageRoute
where
    F: Fn(Request) -> Work + Send + Sync + 'static,
    Work: Future<Output = MadePage> + Send + 'static,
{
    (path, Method::POST, endpoint(handler))
}

/// Whether people, not programs, read what is at a path.
pub(crate) fn is_page(path: &str) -> bool {
    const PLACES: [&str; 10] = [
        "/account",
        "/desk",
        "/police",
        "/organisation",
        "/admin",
        "/sign-in",
        "/sign-out",
        "/invitation",
        "/help",
        "/preferences",
    ];
    path == "/"
        || PLACES.iter().any(|place| {
            path.strip_prefix(place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn endpoint<F, Work>(handler: F) -> BoxEndpoint<'static>
where
    F: Fn(Request) -> Work + Send + Sync + 'static,
    Work: Future<Output = MadePage> + Send + 'static,
{
    let handler = Arc::new(handler);
    let endpoint = poem::endpoint::make(move |request| {
        let handler = Arc::clone(&handler);
        async move {
            let request = form::carry_token(request).await?;
            match handler(request).await {
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

/// There is nothing to show.
fn nothing() -> Response {
    Response::builder().status(StatusCode::NO_CONTENT).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_operations_by_their_path() {
        for path in ["/", "/desk", "/desk/stays", "/police", "/sign-in", "/help"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/v1/stays", "/docs", "/desktop", "/assets/x", "/livez"] {
            assert!(!is_page(path), "{path}");
        }
    }
}
