//! The events sent to senders, in the feed and by webhooks: one closed list.

coded! {
    /// The kind of an event. The word before the dot names its subject.
    pub enum EventKind {
        /// A stay was declared.
        StayAccepted => "stay.accepted",
        /// A stay was amended.
        StayAmended => "stay.amended",
        /// A guest departed.
        StayDeparted => "stay.departed",
        /// A departure was taken back.
        StayReturned => "stay.returned",
        /// A stay was extended.
        StayExtended => "stay.extended",
        /// A stay was cancelled.
        StayCancelled => "stay.cancelled",
        /// The missing data of a stay was completed.
        StayCompleted => "stay.completed",
        /// The police endpoint confirmed a version.
        StayAcknowledged => "stay.acknowledged",
        /// The police endpoint refused a version; correctable.
        StayRejected => "stay.rejected",
        /// A version was parked for an operator.
        StayParked => "stay.parked",
        /// Name, number or birth date should be checked.
        StayAttention => "stay.attention",
        /// An officer has accepted the data in question.
        StayReviewed => "stay.reviewed",
        /// An officer asks to look at members of a stay again.
        StayCorrectionRequested => "stay.correction_requested",
        /// A planned departure has passed while the guest is present.
        StayDepartureOverdue => "stay.departure_overdue",
        /// Something turned out to be owed of a stay.
        StayCompletionDue => "stay.completion_due",
        /// A webhook was disabled: its consumer is gone, or kept failing.
        WebhookDisabled => "webhook.disabled",
    }
}
