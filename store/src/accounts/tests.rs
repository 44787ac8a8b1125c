use domain::account::{AccountScope, AreaGrant, Jurisdiction};
use domain::audit::{Action, SubjectKind};
use domain::role::AccountRole;
use domain::session::{Session, Stage};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use tempfile::TempDir;

use super::sessions::StoredSession;
use super::*;
use crate::audit::Actor;
use crate::database::ConnectOptions;

const PEPPER: [u8; 32] = [5; 32];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn by() -> AccountRowKey {
    AccountRowKey::of_pepper(&PEPPER)
}

async fn database() -> (TempDir, Database) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("luutru.db").display());
    let db = Database::connect(&url, &ConnectOptions::default())
        .await
        .unwrap();
    crate::schema::migrate(&db).await.unwrap();
    crate::facilities::insert_organisation(&db, Uuid::from_u128(1), "police", "Công an", now())
        .await
        .unwrap();
    (directory, db)
}

fn officer() -> StoredAccount {
    let area = AreaGrant {
        area: Jurisdiction::Province("38".to_owned()),
        valid_from: domain::time::local_date(now()),
        valid_until: None,
    };
    StoredAccount::new(Account {
        id: Uuid::from_u128(7),
        organisation_id: Uuid::from_u128(1),
        name: "can-bo".to_owned(),
        label: "Cán bộ trực".to_owned(),
        role: AccountRole::ProvinceOfficer,
        scope: AccountScope {
            facility_ids: Vec::new(),
            areas: vec![area],
        },
        has_password: false,
        has_totp: false,
        created_at: now(),
        ended_at: None,
        version: 1,
    })
}

fn entry(number: u128, subject: (SubjectKind, Uuid)) -> audit::Entry {
    let place = (Uuid::from_u128(number), now());
    audit::entry(
        place,
        Actor::Account(subject.1),
        Action::SessionOpened,
        subject,
    )
}

fn account_entry(number: u128) -> audit::Entry {
    entry(number, (SubjectKind::Account, Uuid::from_u128(7)))
}

fn kept(number: u8, stage: Stage) -> StoredSession {
    StoredSession {
        session: Session {
            id: Uuid::from_u128(number.into()),
            account_id: Uuid::from_u128(7),
            stage,
            generation: 1,
            created_at: now(),
            last_used_at: now(),
            ended_at: None,
        },
        token_hash: vec![number; 32],
        sealed_totp: None,
    }
}

#[tokio::test]
async fn an_account_is_read_as_it_was_written_and_its_name_is_its_own() {
    let (_directory, db) = database().await;
    let stored = officer();
    let note = ActionRecord {
        entry: account_entry(100),
        key: None,
    };
    let made = create(&db, &stored, &by(), note).await.unwrap();
    assert_eq!(made, ActionOutcome::Done(stored.account.clone()));
    let found = find_by_name(&db, "can-bo", &by()).await.unwrap();
    assert_eq!(found, Some(stored.clone()));

    let mut twin = officer();
    twin.account.id = Uuid::from_u128(8);
    let note = ActionRecord {
        entry: account_entry(101),
        key: None,
    };
    let made = create(&db, &twin, &by(), note).await.unwrap();
    assert_eq!(made, ActionOutcome::CodeTaken);
}

#[tokio::test]
async fn an_account_that_somebody_else_wrote_is_none() {
    let (_directory, db) = database().await;
    insert_absent(&db, &officer(), &by()).await.unwrap();
    let id = Uuid::from_u128(7);
    let row = account::Entity::find_by_id(id)
        .one(db.reader())
        .await
        .unwrap();
    let row = row.unwrap().into_active_model();
    let mut widened = row.clone();
    widened.role = Set(AccountRole::Administrator.into());
    widened.update(db.writer()).await.unwrap();
    assert_eq!(find(&db, id, &by()).await.unwrap(), None);
    assert!(
        list(
            &db,
            None,
            None,
            ListPart {
                after: None,
                count_max: 9
            },
            &by()
        )
        .await
        .unwrap()
        .is_empty()
    );

    row.reset_all().update(db.writer()).await.unwrap();
    assert!(find(&db, id, &by()).await.unwrap().is_some());
    let other = AccountRowKey::of_pepper(&[6; 32]);
    assert_eq!(find(&db, id, &other).await.unwrap(), None, "another pepper");
}

#[tokio::test]
async fn of_two_that_judged_the_same_state_one_moves_the_account() {
    let (_directory, db) = database().await;
    let before = officer();
    insert_absent(&db, &before, &by()).await.unwrap();
    let by = by();
    let with_step = |step| {
        let proof = Proof {
            totp_step: Some(step),
            ..Proof::default()
        };
        before.clone().with_proof(proof)
    };
    let first = replace(&db, &before, with_step(5), &by, account_entry(100));
    assert!(first.await.unwrap());
    let second = replace(&db, &before, with_step(5), &by, account_entry(101));
    assert!(!second.await.unwrap(), "the same code a second time");
}

#[tokio::test]
async fn a_completed_session_is_another_one_and_an_ended_one_stays_ended() {
    let (_directory, db) = database().await;
    let before = officer();
    insert_absent(&db, &before, &by()).await.unwrap();
    let (pending, complete) = (kept(1, Stage::Password), kept(2, Stage::Complete));
    let subject = |one: &StoredSession| (SubjectKind::Session, one.session.id);
    sessions::open(&db, &pending, &by(), entry(100, subject(&pending)))
        .await
        .unwrap();
    let moves = (&before, before.clone());
    let noted = entry(101, subject(&complete));
    let is_done = sessions::complete(&db, &pending, &complete, moves, &by(), noted).await;
    assert!(is_done.unwrap());
    let gone = sessions::find(&db, &pending.token_hash, &by())
        .await
        .unwrap();
    assert!(
        gone.is_none(),
        "the token of the first stage is none any more"
    );
    let found = sessions::find(&db, &complete.token_hash, &by())
        .await
        .unwrap();
    assert_eq!(found.unwrap().0, complete);

    let noted = entry(102, subject(&complete));
    sessions::end(&db, complete.session.id, &by(), noted)
        .await
        .unwrap();
    let is_noted = sessions::note_use(&db, &complete, &by()).await.unwrap();
    assert!(!is_noted, "a late use does not bring it back");
    let found = sessions::find(&db, &complete.token_hash, &by())
        .await
        .unwrap();
    assert_eq!(found.unwrap().0.session.ended_at, Some(now()));
}

#[tokio::test]
async fn a_link_is_used_once_and_replaced_by_the_next() {
    let (_directory, db) = database().await;
    let before = officer();
    insert_absent(&db, &before, &by()).await.unwrap();
    let link = |number: u8| invitations::Invitation {
        id: Uuid::from_u128(number.into()),
        account_id: before.account.id,
        token_hash: vec![number; 32],
        created_at: now(),
        expires_at: now() + domain::session::INVITATION_VALID,
        used_at: None,
    };
    for (number, noted) in [(1, 100), (2, 101)] {
        let note = ActionRecord {
            entry: account_entry(noted),
            key: None,
        };
        let made = invitations::create(&db, &link(number), &by(), note).await;
        assert_eq!(made.unwrap(), ActionOutcome::Done(()));
    }
    let find = async |number: u8| {
        let found = invitations::find(&db, &[number; 32], &by()).await.unwrap();
        found.unwrap()
    };
    assert!(!find(1).await.is_valid_at(now()), "replaced");
    let second = find(2).await;
    assert!(second.is_valid_at(now()));
    assert!(!second.is_valid_at(second.expires_at));
    let accept = async |noted| {
        let stored = super::find(&db, before.account.id, &by())
            .await
            .unwrap()
            .unwrap();
        let after = stored.clone().without_sessions();
        invitations::accept(&db, &second, (&stored, after), &by(), account_entry(noted))
            .await
            .unwrap()
    };
    assert!(accept(102).await);
    assert!(!accept(103).await, "a second use");
}
