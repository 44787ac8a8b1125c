//! The pages for people, as pure functions: a view goes in, HTML comes out.
//!
//! A view is a struct of what a page shows; its template (askama, `templates/`) says where. Nothing
//! here reads a clock, a database or a request: `api` gathers the views by the calls that answer
//! its JSON operations. Invariants: no template holds words of its own ([`words`] has all, in both
//! languages), no rule and no count; no page has a script, style or event handler in its markup,
//! so that the strictest policy ([`SECURITY_POLICY`]) holds; every page works without script.

pub mod bulk;
pub mod desk;
pub mod duty;
pub mod expected;
pub mod facility;
pub mod failed;
pub mod group;
pub mod guests;
pub mod help;
pub mod household;
pub mod imports;
pub mod office;
pub mod police;
pub mod receipt;
pub mod reconcile;
pub mod register;
pub mod rooms;
pub mod roster;
pub mod rows;
pub mod sign_in;
pub mod stay;
pub mod today;
pub mod ward;

pub mod badge;
pub mod field;
pub mod frame;
pub mod note;
pub mod notice;
pub mod section;

pub mod assets;
pub mod icon;
pub mod moment;
pub mod words;

#[cfg(test)]
mod tests;

pub use askama::Template;

/// What browsers let a page do.
pub const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; \
     img-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";
