//! The roles of people who sign in: how far each sees, how it proves who it is, and how long it
//! stays signed in.

use chrono::TimeDelta;

use crate::facility::FacilityKind;
use crate::sender;

/// How long a front desk stays signed in without doing anything: a night shift.
const DESK_IDLE_MAX: TimeDelta = TimeDelta::hours(12);
/// How long a front desk stays signed in at all.
const DESK_SESSION_MAX: TimeDelta = TimeDelta::days(7);
/// How long everybody else stays signed in without doing anything.
const OFFICE_IDLE_MAX: TimeDelta = TimeDelta::minutes(30);
/// How long everybody else stays signed in at all.
const OFFICE_SESSION_MAX: TimeDelta = TimeDelta::hours(12);

coded! {
    /// What a person who signs in may do.
    pub enum AccountRole {
        /// Runs an organisation: its facilities, rooms, webhooks and the accounts of its people.
        Manager => "manager",
        /// Declares at the front desk of a lodging.
        FrontDesk => "front_desk",
        /// Declares patients and their carers.
        Ward => "ward",
        /// Declares the residents of a dormitory.
        Dormitory => "dormitory",
        /// Declares the household of an official residence.
        Residence => "residence",
        /// Handles the cases of their communes.
        CommuneOfficer => "commune_officer",
        /// Handles the cases of their provinces.
        ProvinceOfficer => "province_officer",
        /// Watches over officers: sees cases and decides none.
        Supervisor => "supervisor",
        /// Sees how the service is run, and changes nothing.
        Auditor => "auditor",
        /// Operates the service.
        Administrator => "administrator",
    }
}

coded! {
    /// What the scope of a role is made of.
    pub enum Reach {
        /// Facilities of its organisation.
        Facilities => "facilities",
        /// Communes and provinces.
        Areas => "areas",
        /// The whole installation.
        Installation => "installation",
    }
}

coded! {
    /// What proves a person's identity besides the password.
    pub enum SecondFactor {
        /// A one-time code.
        Code => "code",
        /// A one-time code, or a machine that the organisation's manager has enrolled.
        CodeOrMachine => "code_or_machine",
    }
}

impl AccountRole {
    /// What its scope is made of.
    #[must_use]
    pub const fn reach(self) -> Reach {
        match self {
            Self::Manager | Self::FrontDesk | Self::Ward | Self::Dormitory | Self::Residence => {
                Reach::Facilities
            }
            Self::CommuneOfficer | Self::ProvinceOfficer | Self::Supervisor => Reach::Areas,
            Self::Auditor | Self::Administrator => Reach::Installation,
        }
    }

    /// Whether it works at the desk of a facility, in shifts and often on a shared machine.
    #[must_use]
    pub const fn is_desk(self) -> bool {
        match self {
            Self::FrontDesk | Self::Ward | Self::Dormitory | Self::Residence => true,
            Self::Manager
            | Self::CommuneOfficer
            | Self::ProvinceOfficer
            | Self::Supervisor
            | Self::Auditor
            | Self::Administrator => false,
        }
    }

    /// The kinds of facilities whose desk it is; none: any kind.
    #[must_use]
    pub const fn facility_kinds(self) -> &'static [FacilityKind] {
        match self {
            Self::FrontDesk => &[FacilityKind::LodgingBusiness, FacilityKind::GuestHouse],
            Self::Ward => &[FacilityKind::MedicalFacility],
            Self::Dormitory => &[FacilityKind::School],
            Self::Residence => &[FacilityKind::OfficialResidence],
            Self::Manager
            | Self::CommuneOfficer
            | Self::ProvinceOfficer
            | Self::Supervisor
            | Self::Auditor
            | Self::Administrator => &[],
        }
    }

    /// What is needed besides the password. Everybody who sees more than one facility needs a code.
    #[must_use]
    pub const fn second_factor(self, facility_count: usize) -> SecondFactor {
        if self.is_desk() && facility_count == 1 {
            SecondFactor::CodeOrMachine
        } else {
            SecondFactor::Code
        }
    }

    /// A session that does nothing for this long has ended.
    #[must_use]
    pub const fn idle_max(self) -> TimeDelta {
        if self.is_desk() {
            DESK_IDLE_MAX
        } else {
            OFFICE_IDLE_MAX
        }
    }

    /// A session of this age has ended, whatever it does.
    #[must_use]
    pub const fn session_max(self) -> TimeDelta {
        if self.is_desk() {
            DESK_SESSION_MAX
        } else {
            OFFICE_SESSION_MAX
        }
    }

    /// Whether it may make accounts of another role, and change them.
    #[must_use]
    pub const fn may_appoint(self, other: Self) -> bool {
        match self {
            Self::Administrator => true,
            Self::Manager => matches!(other.reach(), Reach::Facilities),
            Self::FrontDesk
            | Self::Ward
            | Self::Dormitory
            | Self::Residence
            | Self::CommuneOfficer
            | Self::ProvinceOfficer
            | Self::Supervisor
            | Self::Auditor => false,
        }
    }

    /// The role of a key with the same view of stays. What the account may do with it is in
    /// [`crate::rights`].
    #[must_use]
    pub const fn as_sender(self) -> sender::Role {
        match self {
            Self::Manager => sender::Role::Integrator,
            Self::FrontDesk | Self::Ward | Self::Dormitory | Self::Residence => {
                sender::Role::Declarant
            }
            Self::CommuneOfficer | Self::ProvinceOfficer | Self::Supervisor => sender::Role::Police,
            Self::Auditor | Self::Administrator => sender::Role::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_desk_of_one_facility_does_without_a_code() {
        for role in AccountRole::ALL.iter().copied() {
            let expected = match role {
                AccountRole::FrontDesk
                | AccountRole::Ward
                | AccountRole::Dormitory
                | AccountRole::Residence => SecondFactor::CodeOrMachine,
                AccountRole::Manager
                | AccountRole::CommuneOfficer
                | AccountRole::ProvinceOfficer
                | AccountRole::Supervisor
                | AccountRole::Auditor
                | AccountRole::Administrator => SecondFactor::Code,
            };
            assert_eq!(role.second_factor(1), expected, "{role}");
            assert_eq!(role.second_factor(2), SecondFactor::Code, "{role}");
            assert_eq!(role.second_factor(0), SecondFactor::Code, "{role}");
        }
    }

    #[test]
    fn desks_stay_signed_in_for_a_shift_and_others_for_half_an_hour() {
        let table = [
            (AccountRole::FrontDesk, 12 * 60, 7 * 24),
            (AccountRole::Residence, 12 * 60, 7 * 24),
            (AccountRole::Manager, 30, 12),
            (AccountRole::CommuneOfficer, 30, 12),
            (AccountRole::Administrator, 30, 12),
        ];
        for (role, idle_minutes, session_hours) in table {
            assert_eq!(role.idle_max().num_minutes(), idle_minutes, "{role}");
            assert_eq!(role.session_max().num_hours(), session_hours, "{role}");
        }
    }
}
