//! What senders hear of, in the feed and by webhooks: one closed list.

coded! {
    /// What happened. The word before the dot is what it happened to.
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
        /// What was owed of a stay was completed.
        StayCompleted => "stay.completed",
        /// The police endpoint confirmed a version.
        StayAcknowledged => "stay.acknowledged",
        /// The police endpoint refused a version; correctable.
        StayRejected => "stay.rejected",
        /// A version was set aside for an operator.
        StayParked => "stay.parked",
        /// Name, number or birth date should be looked at again.
        StayAttention => "stay.attention",
        /// An officer has accepted what was to be looked at again.
        StayReviewed => "stay.reviewed",
        /// An officer asks to look at members of a stay again.
        StayCorrectionRequested => "stay.correction_requested",
        /// A planned departure has passed while the guest is there.
        StayDepartureOverdue => "stay.departure_overdue",
        /// Something turned out to be owed of a stay.
        StayCompletionDue => "stay.completion_due",
        /// A webhook was switched off: its consumer is gone, or did nothing but fail.
        WebhookDisabled => "webhook.disabled",
    }
}
