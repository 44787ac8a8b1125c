//! Readers of foreign bytes, and writers of what is sent back. A reader here gets bytes and gives
//! drafts or a fault: it reaches no socket and no table, holds bounds on all that it takes, and
//! never panics on what it reads.
//!
//! The way of an uploaded file: [`table`] makes rows of text of it, [`columns`] tells which column
//! is what, [`stay_rows`] turns each row into the contract's stay, [`stay_file`] puts the sheets
//! together, and [`rejected`] writes what was refused as a file again.
//!
//! Papers to be printed are marks on [`paper`]; [`receipt_paper`] says what stands on receipts. A
//! writer gives the same bytes each time. Readers and writers may take long enough to need a thread
//! where blocking is allowed.

pub mod paper;
pub mod qr_image;
pub mod receipt_paper;

pub mod table;

pub mod columns;

pub mod stay_rows;

pub mod stay_file;

pub mod rejected;
mod sheet_text;
pub mod template;
pub mod write_error;
