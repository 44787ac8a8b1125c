//! How a command ends.

use std::process::ExitCode;

/// The end of a command that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done: 0.
    Done,
    /// Done, and something is not as it should be (a stay missing at the police; a part that did
    /// not stop in time): 1. What it is has been said.
    Found,
}

/// Of a command that could not do its work: a setting, a missing peer, a refused start.
pub(crate) const REFUSED: u8 = 2;

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Done => Self::SUCCESS,
            Ending::Found => Self::from(1),
        }
    }
}
