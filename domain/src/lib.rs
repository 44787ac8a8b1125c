//! The law of the notification of stay (thông báo lưu trú) as pure functions and parsed types.
//!
//! Invariants: no I/O, no clock, no randomness, no async, no database. Instants, "today" and ids
//! are parameters; every rule is a function of its arguments, so that a table of examples can test
//! it. `docs/law.md` leads from each article to its function.
//!
//! The path of a stay through this crate: [`draft::Draft::read`] reads the JSON,
//! [`declaration::check`] turns it into a [`declaration::Declaration`] or into every violation at
//! once, [`receipt`] builds the signed payload, and [`notification::build`] writes the notification
//! for the police.

#[macro_use]
pub mod coded;

pub mod census;
pub mod change;
pub mod declaration;
pub mod draft;

pub mod account;
pub mod audit;
pub mod birth_date;
pub mod deadline;
pub mod directory;
pub mod document;
pub mod event;
pub mod expected;
pub mod facility;
pub mod import;
mod members;
pub mod neighbour;
pub mod night;
pub mod operator;
pub mod party;
pub mod password;
pub mod personal_id;
pub mod purpose;
pub mod review;
pub mod rights;
pub mod role;
pub mod search;
pub mod sender;
pub mod session;
pub mod sex;
pub mod stay;
pub mod webhook;

pub mod occupancy;
pub mod room;

pub mod scan;

pub mod canonical;
pub mod digest;
pub mod hold;
pub mod identity;
pub mod notification;
pub mod receipt;
pub mod routing;

pub mod catalogue;
pub mod country;
pub mod damage;
pub mod problem;
pub mod text;
pub mod time;
pub mod typed;
