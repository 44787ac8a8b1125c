//! How the document groups operations.

use poem_openapi::Tags;

/// A group of operations.
#[derive(Tags)]
pub(crate) enum Topic {
    /// Declaring stays, and seeing them again.
    Stays,
    /// Declaring the stays of a file.
    Files,
    /// Where stays may be declared, and how many.
    Facilities,
    /// What became of stays.
    Events,
    /// The review queue of the police. For keys of officers; to others it is not there.
    Police,
    /// The way to the police, for who operates the service. To others it is not there.
    Administration,
    /// Who declares, from where, and by which keys; for who operates the service. To others it is
    /// not there.
    Directory,
    /// People: signing in, and the accounts of an organisation.
    Accounts,
    /// Published lists and keys.
    Catalogues,
    /// Whether the service is there.
    Operation,
}
