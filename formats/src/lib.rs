//! Readers of foreign bytes.
//!
//! What always holds here: no socket, no file, no table, no clock. A reader takes bytes and gives
//! content or a fault, whatever the bytes are; time and memory are bounded by constants beside the
//! loops they bound. Reading may take long enough to need a thread where blocking is allowed.

pub mod qr_image;
