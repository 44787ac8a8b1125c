//! What a change would do to a stay as it was read.

use domain::{
    change::{self, Before},
    problem::Code,
};

use super::{ChangeRequest, Expected, PreparedChange, ReadStay, next::NextVersion, unreadable};
use crate::{Refusal, clerk::Clerk, rules::Rules, view};

/// What a change would do.
pub(super) enum JudgedChange {
    /// This version says it already.
    Said { version: i32 },
    /// To be written.
    New(Box<PreparedChange>),
}

/// Judges a change in the contract's order: absent stay, version not named, faults of the document,
/// outdated version, state of the stay.
pub(super) fn judge(
    rules: &Rules,
    clerk: &Clerk,
    request: &ChangeRequest<'_>,
    read: &ReadStay,
) -> Result<JudgedChange, Refusal> {
    let stay = &read.stay;
    let said = Ok(JudgedChange::Said {
        version: stay.version,
    });
    let facility = request.occasion.sender.facility(stay.facility_id);
    let facility = facility.ok_or(Refusal::NotFound)?;
    if *request.expected == Expected::Unnamed {
        return Err(Refusal::VersionUnnamed);
    }
    if is_repetition(request, read) {
        return said;
    }
    let opened = view::open(&clerk.vault, stay, &read.current);
    let opened = opened.map_err(|cause| unreadable(stay.id, cause))?;
    let presence = stay.presence.get();
    let presence = presence.map_err(|cause| unreadable(stay.id, cause))?;
    let before = Before {
        content: &opened.content,
        presence,
        owed: stay.owed.as_deref(),
        // To the microsecond; defaults to the instant of receipt.
        arrival_was_sent: stay.arrival_at != stay.received_at,
    };
    let by = rules.rejudging(facility, request.occasion.received_at, stay.received_at);
    let after = change::apply(request.change, &before, &by).map_err(Refusal::Invalid)?;
    if let Expected::Versions(versions) = request.expected
        && !versions.contains(&stay.version)
    {
        return Err(Refusal::VersionMismatch {
            version: stay.version,
        });
    }
    match change::forbidden(request.change.operation, presence) {
        None => {}
        Some(Code::StayDeparted) => return Err(Refusal::StayDeparted),
        Some(_) => return Err(Refusal::StayCancelled),
    }
    if after.presence == presence && after.content == opened.content {
        return said;
    }
    let next = NextVersion {
        clerk,
        request,
        read,
        facility,
        before: &opened.content,
        after: &after,
    };
    Ok(JudgedChange::New(Box::new(next.prepare()?)))
}

/// Whether this very change made the current version, from the version it names.
fn is_repetition(request: &ChangeRequest<'_>, read: &ReadStay) -> bool {
    let Expected::Versions(versions) = request.expected else {
        return false;
    };
    versions.contains(&(read.stay.version - 1))
        && read.current.change_index.as_deref() == Some(request.change_index.as_slice())
}
