//! The words of the audit: who did what, and to what.

use crate::change::ChangeKind;

coded! {
    /// What acted.
    pub enum ActorKind {
        /// The holder of a key.
        ApiKey => "api_key",
        /// A person who has signed in.
        Account => "account",
        /// An operator at a terminal of the installation.
        Operator => "operator",
        /// The worker, by itself.
        Worker => "worker",
    }
}

coded! {
    /// What an entry is about.
    pub enum SubjectKind {
        /// A stay, at a version.
        Stay => "stay",
        /// An organisation.
        Organisation => "organisation",
        /// A facility.
        Facility => "facility",
        /// A key.
        ApiKey => "api_key",
        /// A consumer of events.
        Webhook => "webhook",
        /// An uploaded file.
        Import => "import",
        /// A case for the police.
        ReviewCase => "review_case",
        /// A notification on its way.
        Task => "outbox_task",
        /// An endpoint of the police.
        Destination => "destination",
        /// The duty desk of a commune's police.
        DutyDesk => "duty_desk",
        /// An account of a person.
        Account => "account",
        /// A session of a person.
        Session => "session",
        /// A machine at a desk.
        Machine => "enrolled_machine",
    }
}

coded! {
    /// What was done. The word before the dot names its object.
    pub enum Action {
        /// A stay was declared.
        StayDeclared => "stay.declared",
        /// A stay was corrected.
        StayAmended => "stay.amended",
        /// A guest left.
        StayDeparted => "stay.departed",
        /// A departure was taken back.
        StayReturned => "stay.returned",
        /// The expected departure was moved.
        StayExtended => "stay.extended",
        /// A stay was cancelled.
        StayCancelled => "stay.cancelled",
        /// Missing data of a stay was supplied.
        StayCompleted => "stay.completed",
        /// A sender read stays of its own facilities.
        StaysRead => "stays.read",
        /// A sender searched its own facilities for a guest.
        StaysSearched => "stays.searched",
        /// A sender opened the register of a facility.
        RegisterRead => "register.read",
        /// A file of stays was accepted.
        ImportAccepted => "import.accepted",
        /// A facility's list of rooms was replaced.
        RoomsReplaced => "rooms.replaced",
        /// Guests were noted who are expected.
        ExpectedGuestsNoted => "expected_guests.noted",
        /// A guest is expected no longer.
        ExpectedGuestRemoved => "expected_guests.removed",
        /// A stay that was not to be notified came to be.
        NotificationRequired => "notification.required",
        /// The police endpoint confirmed a notification.
        NotificationDelivered => "notification.delivered",
        /// The police endpoint refused a notification.
        NotificationRefused => "notification.refused",
        /// A notification was set aside for an operator.
        NotificationParked => "notification.parked",
        /// An operator read how deliveries stand.
        DeliveryRead => "delivery.read",
        /// An operator sent a parked notification again.
        DeliveryRequeued => "delivery.requeued",
        /// Deliveries to a destination were held back.
        DestinationPaused => "destination.paused",
        /// Deliveries to a destination were let go again.
        DestinationResumed => "destination.resumed",
        /// A destination was given an endpoint or limits.
        DestinationChanged => "destination.changed",
        /// The telephone of a duty desk was changed or taken away.
        DutyDeskChanged => "duty_desk.changed",
        /// A commune was given a destination.
        DestinationRouted => "destination.routed",
        /// An officer read a case.
        ReviewCaseRead => "review_case.read",
        /// An officer took a case.
        ReviewCaseClaimed => "review_case.claimed",
        /// An officer found nothing to be done about a case.
        ReviewCaseAccepted => "review_case.accepted",
        /// An officer asked the sender of a case's stay to look again.
        ReviewCaseCorrectionRequested => "review_case.correction_requested",
        /// An officer handed a case to another commune.
        ReviewCaseReferred => "review_case.referred",
        /// A facility answered an officer's question.
        ReviewCaseAnswered => "review_case.answered",
        /// An organisation was created.
        OrganisationCreated => "organisation.created",
        /// An organisation was changed.
        OrganisationChanged => "organisation.changed",
        /// An organisation was ended.
        OrganisationEnded => "organisation.ended",
        /// An ended organisation was opened again.
        OrganisationReopened => "organisation.reopened",
        /// A facility was created.
        FacilityCreated => "facility.created",
        /// A facility was changed.
        FacilityChanged => "facility.changed",
        /// A facility was ended.
        FacilityEnded => "facility.ended",
        /// An ended facility was opened again.
        FacilityReopened => "facility.reopened",
        /// A key was made.
        KeyCreated => "key.created",
        /// A key was revoked.
        KeyRevoked => "key.revoked",
        /// A webhook was made.
        WebhookCreated => "webhook.created",
        /// A webhook was switched on again.
        WebhookEnabled => "webhook.enabled",
        /// A webhook was deleted.
        WebhookDeleted => "webhook.deleted",
        /// An account was made.
        AccountCreated => "account.created",
        /// An account was changed, ended or opened again.
        AccountChanged => "account.changed",
        /// A one-time link was made for an account.
        AccountInvited => "account.invited",
        /// A person chose a password by a one-time link.
        AccountPasswordSet => "account.password_set",
        /// A person changed their password.
        AccountPasswordChanged => "account.password_changed",
        /// A person enrolled an authenticator.
        AccountTotpEnrolled => "account.totp_enrolled",
        /// A password was accepted; the second factor is still missing.
        SessionBegun => "session.begun",
        /// A person signed in.
        SessionOpened => "session.opened",
        /// A session was ended by hand.
        SessionEnded => "session.ended",
        /// A machine was enrolled at a desk.
        MachineEnrolled => "machine.enrolled",
        /// A machine's enrolment was ended.
        MachineEnded => "machine.ended",
    }
}

impl Action {
    /// What a version of a stay is recorded as.
    #[must_use]
    pub const fn of_change(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Declared => Self::StayDeclared,
            ChangeKind::Amended => Self::StayAmended,
            ChangeKind::Departed => Self::StayDeparted,
            ChangeKind::Returned => Self::StayReturned,
            ChangeKind::Extended => Self::StayExtended,
            ChangeKind::Cancelled => Self::StayCancelled,
            ChangeKind::Completed => Self::StayCompleted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_recorded_under_its_own_word() {
        for kind in ChangeKind::ALL {
            let action = Action::of_change(*kind);
            assert_eq!(action.as_str(), format!("stay.{kind}"));
        }
    }
}
