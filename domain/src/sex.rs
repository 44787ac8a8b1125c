//! Sex as documents state it.

coded! {
    /// Sex as the document states it.
    pub enum Sex {
        /// Nam.
        Male => "male",
        /// Nữ.
        Female => "female",
        /// Not stated, or stated as neither (`<` in the machine-readable zone).
        Unspecified => "unspecified",
    }
}
