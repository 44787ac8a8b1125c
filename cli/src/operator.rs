//! The operator at this terminal: the operating system's user, or the name given by `--as`. Every
//! action is audited under that name.

use std::{fs, os::unix::fs::MetadataExt, sync::OnceLock};

use anyhow::{bail, ensure};
use chrono::{DateTime, Utc};
use domain::{
    audit::{Action, SubjectKind},
    problem::{Language, Violation},
    time::format_instant,
};
use runtime::{clock::Clock, ids};
use serde_json::{Value, json};
use store::{
    Database,
    audit::{self, Actor},
    damage::Listed,
    directory::{ActionOutcome, ActionRecord, ListPart},
};
use uuid::Uuid;

/// Rows that are read at once for a list.
const PART_SIZE: u64 = 500;
/// Characters of a name.
const NAME_LENGTH_MAX: usize = 100;

/// The name given by `--as`, for the life of the process.
static NAMED: OnceLock<String> = OnceLock::new();

/// Notes whom `--as` names.
///
/// Errors: that is no name.
pub(crate) fn name(named: Option<String>) -> anyhow::Result<()> {
    let Some(named) = named else {
        return Ok(());
    };
    let named = named.trim();
    let length = named.chars().count();
    ensure!(
        (1..=NAME_LENGTH_MAX).contains(&length) && !named.chars().any(char::is_control),
        "--as: must be a name of 1 to {NAME_LENGTH_MAX} characters"
    );
    // Said once a process.
    let _ = NAMED.set(named.to_owned());
    Ok(())
}

/// The acting operator, with a clock.
pub(crate) struct ActingOperator {
    /// The time.
    pub(crate) clock: Clock,
    by: Actor,
}

impl ActingOperator {
    /// The operator at this terminal.
    pub(crate) async fn at_terminal(db: &Database) -> anyhow::Result<Self> {
        let clock = Clock::system();
        let name = NAMED.get().cloned().unwrap_or_else(system_user);
        let by = audit::operator(db, &name, ids::uuid_v7(&clock), clock.now()).await?;
        Ok(Self { clock, by })
    }

    /// The audit record of an action: its name, and the kind and id of its subject.
    pub(crate) fn entry(&self, action: Action, subject: (SubjectKind, Uuid)) -> audit::Entry {
        let place = (ids::uuid_v7(&self.clock), self.clock.now());
        audit::entry(place, self.by, action, subject)
    }

    /// The same for what is noted with its deed.
    pub(crate) fn note(
        &self,
        action: Action,
        subject: (SubjectKind, Uuid),
    ) -> ActionRecord<'static> {
        ActionRecord {
            entry: self.entry(action, subject),
            key: None,
        }
    }
}

/// What is done to an organisation or a facility that is there.
pub(crate) enum DirectoryEdit {
    /// It is changed in these members.
    Change(Value),
    /// It ends at this instant; now when left out.
    End(Option<DateTime<Utc>>),
    /// It is opened again.
    Reopen,
}

impl DirectoryEdit {
    /// The change as the API takes it.
    pub(crate) fn patch(&self) -> Value {
        match self {
            Self::Change(patch) => patch.clone(),
            Self::End(at) => {
                let at = at.unwrap_or_else(|| Clock::system().now());
                json!({"ended_at": format_instant(at)})
            }
            Self::Reopen => json!({"ended_at": null}),
        }
    }

    /// Which of the actions on its subject it is.
    pub(crate) const fn action(&self, [change, end, reopen]: [Action; 3]) -> Action {
        match self {
            Self::Change(_) => change,
            Self::End(_) => end,
            Self::Reopen => reopen,
        }
    }

    /// What the command says when it is done.
    pub(crate) const fn done(&self) -> &'static str {
        match self {
            Self::Change(_) => "changed",
            Self::End(_) => "ended",
            Self::Reopen => "reopened",
        }
    }
}

/// The name of the operating system's user that runs this process.
fn system_user() -> String {
    let Ok(own) = fs::metadata("/proc/self") else {
        return "unknown".to_owned();
    };
    let uid = own.uid();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    name_of(&users, uid).unwrap_or_else(|| format!("uid {uid}"))
}

fn name_of(users: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let mut lines = users.lines().map(|line| line.split(':'));
    lines.find_map(|mut fields| {
        let name = fields.next()?;
        (fields.nth(1)? == uid).then(|| name.to_owned())
    })
}

/// What was done, of a deed without a key of a request.
///
/// Errors: it was not.
pub(crate) fn done<T>(written: ActionOutcome<T>) -> anyhow::Result<T> {
    match written {
        ActionOutcome::Done(subject) | ActionOutcome::Replayed(subject, _) => Ok(subject),
        ActionOutcome::CodeTaken => {
            bail!("--code: another organisation has this code; choose another")
        }
        ActionOutcome::VersionMismatch(_) | ActionOutcome::KeyReused => {
            bail!("it was changed at the same time; check it and run the command again")
        }
    }
}

/// Everything of a list that is read in parts. `id` tells where a part ends.
pub(crate) async fn all<T>(
    mut read: impl AsyncFnMut(ListPart) -> store::Result<Vec<T>>,
    id: impl Fn(&T) -> Uuid,
) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    loop {
        let part = ListPart {
            after: all.last().map(&id),
            count_max: PART_SIZE,
        };
        let found = read(part).await?;
        let is_last = found.len() < usize::try_from(PART_SIZE)?;
        all.extend(found);
        if is_last {
            return Ok(all);
        }
    }
}

/// The same of a list whose rows may be damaged: those are left out, and named in the log.
pub(crate) async fn all_sound<T>(
    table: &'static str,
    read: impl AsyncFnMut(ListPart) -> store::Result<Vec<Listed<T>>>,
) -> anyhow::Result<Vec<T>> {
    let listed = all(read, |one| one.id).await?;
    let sound = listed.into_iter().filter_map(|one| one.sound(table));
    Ok(sound.collect())
}

/// Every violation as a sentence that names the option; `options` leads from members to options
/// where they differ.
pub(crate) fn refused(violations: &[Violation], options: &[(&str, &str)]) -> anyhow::Error {
    let lines: Vec<String> = violations
        .iter()
        .map(|violation| {
            let member = violation.pointer.trim_start_matches('/');
            let member = member.split('/').next().unwrap_or_default();
            let option = options.iter().find(|(name, _)| *name == member);
            let option = match option {
                Some((_, option)) => (*option).to_owned(),
                None => format!("--{}", member.replace('_', "-")),
            };
            format!("{option}: {}", violation.message(Language::En))
        })
        .collect();
    anyhow::anyhow!("{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use domain::problem::Code;

    use super::*;

    #[test]
    fn the_user_is_found_by_number() {
        let users = "root:x:0:0:root:/:/bin/bash\nlan:x:1000:1000::/srv/lan:/bin/sh\nodd\n";
        assert_eq!(name_of(users, 1_000).as_deref(), Some("lan"));
        assert_eq!(name_of(users, 0).as_deref(), Some("root"));
        assert_eq!(name_of(users, 7), None);
    }

    #[test]
    fn a_violation_names_the_option() {
        let violations = [
            Violation::new("/commune_code", Code::Required),
            Violation::new("/facility_ids/0", Code::FacilityUnknown),
            Violation::new("/valid_from", Code::InvalidDate),
        ];
        let options = [
            ("commune_code", "--commune"),
            ("facility_ids", "--facility-id"),
        ];
        let text = refused(&violations, &options).to_string();
        let starts: Vec<&str> = text.lines().map(|line| &line[..8]).collect();
        assert_eq!(starts, ["--commun", "--facili", "--valid-"], "{text}");
    }
}
