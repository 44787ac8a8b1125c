//! The states of a file of stays, and the outcomes of its rows.

coded! {
    /// How far a file has come.
    pub enum ImportState {
        /// No worker has begun.
        Queued => "queued",
        /// A worker reads it.
        Running => "running",
        /// Every row has an outcome.
        Completed => "completed",
        /// It could not be read to its end.
        Failed => "failed",
    }
}

coded! {
    /// What became of a row.
    pub enum RowOutcome {
        /// It declared a stay.
        Accepted => "accepted",
        /// It repeats a stay that is declared already.
        Replayed => "replayed",
        /// It breaks rules.
        Rejected => "rejected",
        /// It is about nobody who is to be declared.
        Skipped => "skipped",
    }
}
