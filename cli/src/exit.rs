//! Exit codes.

use std::process::ExitCode;

/// How a command that did its work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// 0.
    Success,
    /// 1: the command found a problem, such as a stay missing at the police or a service that did
    /// not stop in time. Its output names it.
    ProblemFound,
}

/// Of a command that could not do its work: a setting, a missing peer, a refused start.
pub(crate) const REFUSED: u8 = 2;

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        match status {
            ExitStatus::Success => Self::SUCCESS,
            ExitStatus::ProblemFound => Self::from(1),
        }
    }
}
