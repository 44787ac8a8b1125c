//! Who may do what: one table for keys and accounts, for the API and its pages alike.
//!
//! Nobody may do what no row grants. An operation without a row does not compile; a test compares
//! the operations with those of the served document.

use crate::role::AccountRole;
use crate::sender;

mod table;

pub use table::Operation;

/// The holder of a right: a key or an account, by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A program with a key.
    Key(sender::Role),
    /// A person who has signed in.
    Account(AccountRole),
}

impl Holder {
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
    pub enum Scope {
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
    pub scope: Scope,
    /// The answer to everybody else.
    pub denial: Denial,
    /// Whether it changes nothing.
    pub is_reading: bool,
}

impl Right {
    /// Whether a caller of this role has it.
    #[must_use]
    pub fn is_held_by(&self, holder: Holder) -> bool {
        match holder {
            Holder::Key(role) => self.keys.contains(&role),
            Holder::Account(role) => self.accounts.contains(&role),
        }
    }

    /// Whether it needs no caller at all.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.scope == Scope::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::AccountRole as Account;
    use crate::sender::Role as Key;

    fn holds(holder: Holder, operation: Operation) -> bool {
        operation.right().is_held_by(holder)
    }

    #[test]
    fn rights_are_those_of_the_roles() {
        let table: [(Operation, &[Key], &[Account]); 9] = [
            (Operation::ListCatalogues, Key::ALL, Account::ALL),
            (
                Operation::DeclareStay,
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
                Operation::ShowStay,
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
                Operation::CreateWebhook,
                &[Key::Declarant, Key::Integrator],
                &[Account::Manager],
            ),
            (
                Operation::DecideCase,
                &[Key::Police],
                &[Account::CommuneOfficer, Account::ProvinceOfficer],
            ),
            (
                Operation::ShowCase,
                &[Key::Police],
                &[
                    Account::CommuneOfficer,
                    Account::ProvinceOfficer,
                    Account::Supervisor,
                ],
            ),
            (
                Operation::PauseDestination,
                &[Key::Admin],
                &[Account::Administrator],
            ),
            (
                Operation::ListDestinations,
                &[Key::Admin],
                &[Account::Auditor, Account::Administrator],
            ),
            (
                Operation::CreateAccount,
                &[],
                &[Account::Manager, Account::Administrator],
            ),
        ];
        for (operation, keys, accounts) in table {
            for holder in Holder::all() {
                let expected = match holder {
                    Holder::Key(role) => keys.contains(&role),
                    Holder::Account(role) => accounts.contains(&role),
                };
                assert_eq!(holds(holder, operation), expected, "{operation} {holder:?}");
            }
        }
    }

    /// What no change of the table may loosen.
    #[test]
    fn duties_stay_apart() {
        for operation in Operation::ALL.iter().copied() {
            let right = operation.right();
            for holder in Holder::all().filter(|holder| right.is_held_by(*holder)) {
                let is_apart = match (right.scope, holder) {
                    (Scope::Public | Scope::Own, _) => true,
                    (Scope::Facilities, Holder::Account(role)) => {
                        role.as_sender() != Key::Police && role.as_sender() != Key::Admin
                    }
                    // Keys of the police and of operators may read, and find nothing.
                    (Scope::Facilities, Holder::Key(_)) => true,
                    (Scope::Organisation, Holder::Account(role)) => {
                        matches!(role, Account::Manager | Account::Administrator)
                            || operation.is_reading() && role == Account::Auditor
                    }
                    (Scope::Organisation, Holder::Key(_)) => false,
                    (Scope::Areas, Holder::Account(role)) => role.as_sender() == Key::Police,
                    (Scope::Installation, Holder::Account(role)) => {
                        role == Account::Administrator
                            || operation.is_reading() && role == Account::Auditor
                    }
                    (Scope::Areas, Holder::Key(role)) => role == Key::Police,
                    (Scope::Installation, Holder::Key(role)) => role == Key::Admin,
                };
                assert!(is_apart, "{operation} {holder:?}");
            }
        }
    }

    #[test]
    fn who_only_watches_changes_nothing() {
        for operation in Operation::ALL.iter().copied() {
            for role in [Account::Supervisor, Account::Auditor] {
                let right = operation.right();
                let is_of_others = !matches!(right.scope, Scope::Public | Scope::Own);
                if is_of_others && right.is_held_by(Holder::Account(role)) {
                    assert!(operation.is_reading(), "{operation} {role}");
                }
            }
        }
    }
}
