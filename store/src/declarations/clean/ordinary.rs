//! Which declarations are ordinary: the statement writes constants and repeats columns, so it can
//! write only rows that hold just these.

use domain::{
    audit::{Action, ActorKind, SubjectKind},
    change::ChangeKind,
    stay::{DeliveryState, IdentityState, NotificationKind, Presence},
};

use super::super::NewDeclaration;

pub(super) const ACTOR_KIND: ActorKind = ActorKind::ApiKey;
pub(super) const ACTION: Action = Action::StayDeclared;
pub(super) const SUBJECT_KIND: SubjectKind = SubjectKind::Stay;

/// Whether the rows hold nothing that the statement does not write, and repeat where it repeats.
pub(super) fn is_ordinary(one: &NewDeclaration) -> bool {
    one.cases.is_empty()
        && has_ordinary_stay(one)
        && has_ordinary_version(one)
        && has_ordinary_task(one)
        && has_ordinary_audit(one)
        && has_ordinary_event(one)
        && has_ordinary_keys(one)
}

fn has_ordinary_stay(one: &NewDeclaration) -> bool {
    let stay = &one.stay;
    let delivery = match one.task {
        Some(_) => DeliveryState::Queued,
        None => DeliveryState::NotRequired,
    };
    (stay.version, stay.delivery_version) == (1, 1)
        && stay.presence == Presence::Present.into()
        && stay.identity_state == IdentityState::Pending.into()
        && stay.delivery_state == delivery.into()
        && stay.identity_review.is_none()
        && stay.police_reference.is_none()
        && stay.delivery_reason.is_none()
        && stay.departed_at.is_none()
        && stay.changed_at == stay.received_at
}

fn has_ordinary_version(one: &NewDeclaration) -> bool {
    let (stay, version) = (&one.stay, &one.version);
    (version.stay_id, version.version) == (stay.id, 1)
        && version.received_at == stay.received_at
        && version.owed == stay.owed
        && version.is_forwardable == one.task.is_some()
        && version.delivery_version == i32::from(version.is_forwardable)
        && version.change_kind == ChangeKind::Declared.into()
        && version.presence == stay.presence
        && version.change_index.is_none()
        && version.sealed_reason.is_none()
        && version.as_of.is_none()
}

fn has_ordinary_task(one: &NewDeclaration) -> bool {
    let stay = &one.stay;
    one.task.as_ref().is_none_or(|task| {
        (task.stay_id, task.version, task.facility_id) == (stay.id, 1, stay.facility_id)
            && task.kind == NotificationKind::Stay
            && task.commune_code == stay.commune_code
            && task.deadline_at == stay.deadline_at
            && task.created_at == stay.received_at
    })
}

fn has_ordinary_audit(one: &NewDeclaration) -> bool {
    let (stay, version, audit) = (&one.stay, &one.version, &one.audit);
    (audit.at, audit.subject_id, audit.subject_version) == (stay.received_at, stay.id, Some(1))
        && audit.actor_kind == ACTOR_KIND.into()
        && audit.actor_id == Some(version.created_by)
        && audit.action == ACTION.into()
        && audit.subject_kind == SUBJECT_KIND.into()
        && audit.digest.as_ref() == Some(&version.content_sha256)
}

fn has_ordinary_event(one: &NewDeclaration) -> bool {
    let (stay, event) = (&one.stay, &one.event);
    event.organisation_id == Some(stay.organisation_id)
        && event.facility_id == Some(stay.facility_id)
        && (event.stay_id, event.version) == (Some(stay.id), Some(1))
        && event.kind == ChangeKind::Declared.event().into()
        && event.created_at == stay.received_at
}

fn has_ordinary_keys(one: &NewDeclaration) -> bool {
    let idempotency = one.idempotency.as_ref();
    let identity_try = one.identity_try.as_ref();
    idempotency.is_none_or(|key| key.request_hash.as_slice() == one.version.content_index)
        && identity_try.is_none_or(|tried| tried.at == one.stay.received_at)
}
