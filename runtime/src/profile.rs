//! How careful a process is at start.

use clap::ValueEnum;

/// Where the process runs. `LUUTRU_PROFILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// A laptop or a test: missing keys are created, and an unsafe database only causes a warning.
    Development,
    /// Real stays: a missing secret or an unsafe database prevents the start, with an error that
    /// names it.
    Production,
}

impl Profile {
    /// True in [`Profile::Production`].
    pub fn is_production(self) -> bool {
        match self {
            Self::Production => true,
            Self::Development => false,
        }
    }

    /// The word used in settings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}
