//! Who may do what: one table for keys and accounts, for the API and its pages alike.
//!
//! Nobody may do what no row grants. An operation without a row does not compile; a test compares
//! the operations with those of the served document.

use crate::role::AccountRole;
use crate::sender;

mod table;

pub use table::OperationId;

/// The holder of a right: a key or an account, by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RightHolder {
    /// A program with a key.
    Key(sender::Role),
    /// A person who has signed in.
    Account(AccountRole),
}

impl RightHolder {
    /// All there are.
    pub fn all() -> impl Iterator<Item = Self> {
        let keys = sender::Role::ALL.iter().copied().map(Self::Key);
        let accounts = AccountRole::ALL.iter().copied().map(Self::Account);
        keys.chain(accounts)
    }

    /// The word of its role.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key(role) => role.as_str(),
            Self::Account(role) => role.as_str(),
        }
    }
}

coded! {
    /// Among what an operation finds its objects. Anything else is absent for the caller.
    pub enum RightScope {
        /// Published: it belongs to nobody.
        Public => "public",
        /// What belongs to the caller alone: its session, its password.
        Own => "own",
        /// The facilities of the caller's scope.
        Facilities => "facilities",
        /// The caller's organisation, and its accounts.
        Organisation => "organisation",
        /// The communes and provinces of the caller's scope.
        Areas => "areas",
        /// The whole installation.
        Installation => "installation",
    }
}

coded! {
    /// The answer to a caller without the right.
    pub enum Denial {
        /// They learn that their role may not do this.
        Forbidden => "forbidden",
        /// For them there is no such thing.
        NotFound => "not_found",
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The roles of keys that have it.
    pub keys: &'static [sender::Role],
    /// The roles of accounts that have it.
    pub accounts: &'static [AccountRole],
    /// Among what it reaches.
    pub scope: RightScope,
    /// The answer to everybody else.
    pub denial: Denial,
    /// Whether it changes nothing.
    pub is_reading: bool,
}

impl Right {
    /// Whether a caller of this role has it.
    #[must_use]
    pub fn is_held_by(&self, holder: RightHolder) -> bool {
        match holder {
            RightHolder::Key(role) => self.keys.contains(&role),
            RightHolder::Account(role) => self.accounts.contains(&role),
        }
    }

    /// Whether it needs no caller at all.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.scope == RightScope::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::AccountRole as Account;
    use crate::sender::Role as Key;

    fn holds(holder: RightHolder, operation: OperationId) -> bool {
        operation.right().is_held_by(holder)
    }

    #[test]
    fn rights_are_those_of_the_roles() {
        let table: [(OperationId, &[Key], &[Account]); 9] = [
            (OperationId::ListCatalogues, Key::ALL, Account::ALL),
            (
                OperationId::DeclareStay,
                &[Key::Declarant, Key::Integrator],
                &[
                    Account::Manager,
                    Account::FrontDesk,
                    Account::Ward,
                    Account::Dormitory,
                    Account::Residence,
                ],
            ),
            (
                OperationId::ShowStay,
                Key::ALL,
                &[
                    Account::Manager,
                    Account::FrontDesk,
                    Account::Ward,
                    Account::Dormitory,
                    Account::Residence,
                ],
            ),
            (
                OperationId::CreateWebhook,
                &[Key::Declarant, Key::Integrator],
                &[Account::Manager],
            ),
            (
                OperationId::DecideCase,
                &[Key::Police],
                &[Account::CommuneOfficer, Account::ProvinceOfficer],
            ),
            (
                OperationId::ShowCase,
                &[Key::Police],
                &[
                    Account::CommuneOfficer,
                    Account::ProvinceOfficer,
                    Account::Supervisor,
                ],
            ),
            (
                OperationId::PauseDestination,
                &[Key::Admin],
                &[Account::Administrator],
            ),
            (
                OperationId::ListDestinations,
                &[Key::Admin],
                &[Account::Auditor, Account::Administrator],
            ),
            (
                OperationId::CreateAccount,
                &[],
                &[Account::Manager, Account::Administrator],
            ),
        ];
        for (operation, keys, accounts) in table {
            for holder in RightHolder::all() {
                let expected = match holder {
                    RightHolder::Key(role) => keys.contains(&role),
                    RightHolder::Account(role) => accounts.contains(&role),
                };
                assert_eq!(holds(holder, operation), expected, "{operation} {holder:?}");
            }
        }
    }

    /// What no change of the table may loosen.
    #[test]
    fn duties_stay_apart() {
        for operation in OperationId::ALL.iter().copied() {
            let right = operation.right();
            for holder in RightHolder::all().filter(|holder| right.is_held_by(*holder)) {
                let is_apart = match (right.scope, holder) {
                    (RightScope::Public | RightScope::Own, _) => true,
                    (RightScope::Facilities, RightHolder::Account(role)) => {
                        role.as_sender() != Key::Police && role.as_sender() != Key::Admin
                    }
                    // Keys of the police and of operators may read, and find nothing.
                    (RightScope::Facilities, RightHolder::Key(_)) => true,
                    (RightScope::Organisation, RightHolder::Account(role)) => {
                        matches!(role, Account::Manager | Account::Administrator)
                            || operation.is_reading() && role == Account::Auditor
                    }
                    (RightScope::Organisation, RightHolder::Key(_)) => false,
                    (RightScope::Areas, RightHolder::Account(role)) => {
                        role.as_sender() == Key::Police
                    }
                    (RightScope::Installation, RightHolder::Account(role)) => {
                        role == Account::Administrator
                            || operation.is_reading() && role == Account::Auditor
                    }
                    (RightScope::Areas, RightHolder::Key(role)) => role == Key::Police,
                    (RightScope::Installation, RightHolder::Key(role)) => role == Key::Admin,
                };
                assert!(is_apart, "{operation} {holder:?}");
            }
        }
    }

    #[test]
    fn who_only_watches_changes_nothing() {
        for operation in OperationId::ALL.iter().copied() {
            for role in [Account::Supervisor, Account::Auditor] {
                let right = operation.right();
                let is_of_others = !matches!(right.scope, RightScope::Public | RightScope::Own);
                if is_of_others && right.is_held_by(RightHolder::Account(role)) {
                    assert!(operation.is_reading(), "{operation} {role}");
                }
            }
        }
    }
}
