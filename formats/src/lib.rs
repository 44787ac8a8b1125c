//! Readers of untrusted bytes, and writers of files sent back. A reader turns bytes into drafts or
//! a fault: it reaches no socket and no table, bounds everything it consumes, and never panics on
//! its input.
//!
//! The path of an uploaded file: [`table`] splits it into rows of text, [`columns`] recognises its
//! columns, [`stay_rows`] turns each row into the contract's stay, [`stay_file`] combines the
//! sheets, and [`rejected`] writes the rejected rows to a file.
//!
//! Printed documents are marks on [`paper`]; [`receipt_paper`] lays out receipts. Writers are
//! deterministic. Readers and writers may take long enough to need a blocking thread.

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
