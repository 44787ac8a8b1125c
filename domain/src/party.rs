//! Guests who travel together.

coded! {
    /// What a guest is in the party that travels together.
    pub enum PartyRole {
        /// Leads the party.
        Head => "head",
        /// Belongs to it.
        Member => "member",
        /// Spouse of the head.
        Spouse => "spouse",
        /// Child of the head.
        Child => "child",
        /// Cares for a patient.
        Carer => "carer",
    }
}
