//! The simulators over real HTTP, each test on free ports and in a directory of its own.

mod faults;
mod harness;
mod police;
mod registry;
