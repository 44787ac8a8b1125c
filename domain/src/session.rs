//! Sessions of people who have signed in: their stages and their ends.

pub mod request;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::account::Account;

/// How long a session waits for the second factor.
pub const SECOND_FACTOR_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// How exactly the last use is kept. Each use need not write the row.
pub const USE_NOTED_AFTER: TimeDelta = TimeDelta::minutes(1);
/// How long a one-time link is good.
pub const INVITATION_VALID: TimeDelta = TimeDelta::hours(72);

coded! {
    /// What its holder has proved.
    pub enum Stage {
        /// The password. Enough to present the second factor, and for nothing else.
        Password => "password",
        /// Everything that the account needs.
        Complete => "complete",
    }
}

coded! {
    /// What a person has to do after the password.
    pub enum NextStep {
        /// Nothing: they are signed in.
        Nothing => "nothing",
        /// Present a one-time code.
        Code => "code",
        /// Enrol an authenticator.
        Enrolment => "enrolment",
    }
}

/// A session as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// The account that signed in.
    pub account_id: Uuid,
    /// What its holder has proved.
    pub stage: Stage,
    /// The account's generation at sign-in.
    pub generation: i32,
    /// When the password was accepted.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it was ended by hand.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Session {
    /// When it ends by itself, unless it is used before.
    #[must_use]
    pub fn expires_at(&self, account: &Account) -> DateTime<Utc> {
        match self.stage {
            Stage::Password => self.created_at + SECOND_FACTOR_WITHIN,
            Stage::Complete => {
                let idle_end = self.last_used_at + account.role.idle_max();
                idle_end.min(self.created_at + account.role.session_max())
            }
        }
    }

    /// Whether it holds for the account, which has reached `generation`.
    #[must_use]
    pub fn is_valid_at(&self, now: DateTime<Utc>, account: &Account, generation: i32) -> bool {
        self.ended_at.is_none()
            && account.ended_at.is_none()
            && self.generation == generation
            && now < self.expires_at(account)
    }

    /// Whether its last use is to be written again.
    #[must_use]
    pub fn is_use_due(&self, now: DateTime<Utc>) -> bool {
        now - self.last_used_at >= USE_NOTED_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountScope;
    use crate::role::AccountRole;
    use crate::time::parse_instant;

    fn account(role: AccountRole) -> Account {
        Account {
            id: Uuid::nil(),
            organisation_id: Uuid::nil(),
            name: "desk".to_owned(),
            label: "desk".to_owned(),
            role,
            scope: AccountScope::default(),
            has_password: true,
            has_totp: false,
            created_at: DateTime::UNIX_EPOCH,
            ended_at: None,
            version: 1,
        }
    }

    #[test]
    fn a_session_ends_after_idle_hours_after_days_and_with_its_generation() {
        let start = parse_instant("2026-11-23T08:00:00+07:00").unwrap();
        let hours = TimeDelta::hours;
        // Role, last use and present in hours after the start, whether it still holds.
        let table = [
            (AccountRole::FrontDesk, 0, 11, true),
            (AccountRole::FrontDesk, 0, 12, false),
            (AccountRole::FrontDesk, 160, 167, true),
            (AccountRole::FrontDesk, 160, 168, false),
            (AccountRole::CommuneOfficer, 1, 1, true),
            (AccountRole::CommuneOfficer, 1, 2, false),
            (AccountRole::CommuneOfficer, 12, 12, false),
        ];
        for (role, used, present, expected) in table {
            let session = Session {
                id: Uuid::nil(),
                account_id: Uuid::nil(),
                stage: Stage::Complete,
                generation: 3,
                created_at: start,
                last_used_at: start + hours(used),
                ended_at: None,
            };
            let (account, now) = (account(role), start + hours(present));
            let found = session.is_valid_at(now, &account, 3);
            assert_eq!(found, expected, "{role} {used} {present}");
            assert!(!session.is_valid_at(now, &account, 4), "another generation");
            let ended = Session {
                ended_at: Some(start),
                ..session.clone()
            };
            assert!(!ended.is_valid_at(now, &account, 3), "ended by hand");
            let gone = Account {
                ended_at: Some(start),
                ..account
            };
            assert!(!session.is_valid_at(now, &gone, 3), "the account has ended");
        }
    }

    #[test]
    fn a_password_alone_holds_ten_minutes() {
        let start = parse_instant("2026-11-23T08:00:00+07:00").unwrap();
        let session = Session {
            id: Uuid::nil(),
            account_id: Uuid::nil(),
            stage: Stage::Password,
            generation: 1,
            created_at: start,
            last_used_at: start + TimeDelta::minutes(9),
            ended_at: None,
        };
        let account = account(AccountRole::Manager);
        let at = |minutes| start + TimeDelta::minutes(minutes);
        assert!(session.is_valid_at(at(9), &account, 1));
        assert!(!session.is_valid_at(at(10), &account, 1));
    }
}
