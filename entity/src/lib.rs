//! One file per table: the rows as stored, without functions.
//!
//! Instants are UTC. A column that holds one of a closed set of words is a [`word::Word`] of the
//! enumeration in `domain`; the migrations check what it may hold.

pub mod account;
pub mod api_key;
pub mod api_key_use;
pub mod attempt;
pub mod audit_entry;
pub mod catalogue;
pub mod catalogue_entry;
pub mod census;
pub mod census_question;
pub mod data_key;
pub mod declaration_key;
pub mod destination;
pub mod destination_route;
pub mod directory_change;
pub mod duty_desk;
pub mod enrolled_machine;
pub mod event;
pub mod event_head;
pub mod expected_guest;
pub mod facility;
pub mod idempotency_key;
pub mod identity_try;
pub mod import;
pub mod import_chunk;
pub mod import_row;
pub mod installation_fact;
pub mod invitation;
pub mod operator;
pub mod organisation;
pub mod outbox_task;
pub mod review;
pub mod review_answer;
pub mod review_case;
pub mod review_decision;
pub mod room_list;
pub mod session;
pub mod stay;
pub mod stay_version;
pub mod webhook;
pub mod webhook_delivery;
pub mod word;
