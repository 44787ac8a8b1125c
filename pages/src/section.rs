//! The places of the rail: where people work.

use crate::icon::Icon;
use crate::words::Words;

/// A place of the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Declaring a guest.
    Desk,
    /// Declaring a group.
    Group,
    /// The census of a ward.
    Ward,
    /// The residents of a dormitory.
    Roster,
    /// The household of an official residence.
    Household,
    /// The guests of today.
    Today,
    /// Files of stays.
    Imports,
    /// The rooms of a facility.
    Rooms,
    /// The cases that wait for officers.
    Queue,
    /// What officers and supervisors watch over.
    Dashboard,
    /// Where notifications go.
    Destinations,
    /// How the service is.
    Health,
    /// The telephones of the communes' police.
    DutyDesks,
    /// Who declares, and for whom.
    Organisations,
    /// The facilities of an organisation.
    Facilities,
    /// Who may sign in.
    Accounts,
    /// The keys of programs.
    Keys,
    /// One's own account.
    Own,
}

impl Section {
    /// Where it begins.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Desk => "/desk",
            Self::Group => "/desk/group",
            Self::Ward => "/desk/ward",
            Self::Roster => "/desk/roster",
            Self::Household => "/desk/household",
            Self::Today => "/desk/today",
            Self::Imports => "/desk/imports",
            Self::Rooms => "/desk/rooms",
            Self::Queue => "/police",
            Self::Dashboard => "/police/dashboard",
            Self::Destinations => "/admin",
            Self::Health => "/admin/health",
            Self::DutyDesks => "/admin/duty-desks",
            Self::Organisations => "/admin/organisations",
            Self::Facilities => "/organisation/facilities",
            Self::Accounts => "/organisation/accounts",
            Self::Keys => "/admin/keys",
            Self::Own => "/account",
        }
    }

    pub(crate) const fn icon(self) -> Icon {
        match self {
            Self::Desk => Icon::Scan,
            Self::Group | Self::Accounts => Icon::Users,
            Self::Ward | Self::Roster | Self::Household | Self::Organisations => Icon::Book,
            Self::Today | Self::Rooms => Icon::Bed,
            Self::Imports => Icon::FileUp,
            Self::Queue => Icon::Inbox,
            Self::Dashboard => Icon::Activity,
            Self::Destinations => Icon::Send,
            Self::Health => Icon::Shield,
            Self::DutyDesks => Icon::Phone,
            Self::Facilities => Icon::Door,
            Self::Keys => Icon::Lock,
            Self::Own => Icon::Users,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(self, words: Words) -> &'static str {
        match self {
            Self::Desk => words.desk(),
            Self::Group => words.group(),
            Self::Ward => words.ward(),
            Self::Roster => words.roster(),
            Self::Household => words.household(),
            Self::Today => words.today(),
            Self::Imports => words.imports(),
            Self::Rooms => words.rooms(),
            Self::Queue => words.queue(),
            Self::Dashboard => words.dashboard(),
            Self::Destinations => words.destinations(),
            Self::Health => words.health(),
            Self::DutyDesks => words.duty_desks(),
            Self::Organisations => words.organisations(),
            Self::Facilities => words.facilities(),
            Self::Accounts => words.accounts(),
            Self::Keys => words.keys(),
            Self::Own => words.own_account(),
        }
    }
}
