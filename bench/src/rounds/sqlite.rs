//! P6: SQLite, against durable transactions of one stay on the same file.

use std::time::Instant;

use store::{ConnectOptions, Database};

use super::{Bench, WARM_UP, Work, sample};
use crate::{
    machine::Process,
    postgres,
    report::{Measure, Side},
    service::Installation,
    sqlite,
};

impl Bench<'_> {
    /// P6.
    pub(super) async fn take_sqlite(&mut self) -> anyhow::Result<()> {
        let installation = Installation::new(None, None).await?;
        if postgres::is_in_memory(installation.path()) {
            tracing::warn!("the file is on tmpfs: set TMPDIR to a directory on a disk");
        }
        let api = installation.start_api().await?;
        let db = Database::connect(&installation.database_url, &ConnectOptions::default()).await?;
        let mut ours = Side::new("luutru, POST /v1/stays");
        let mut alone = Side::new("one-stay transactions");
        let with_us = [Process::this("generator"), api.process("api")?];
        let without_us = [Process::this("writer")];
        self.post_for(&api, &installation, WARM_UP).await?;
        sqlite::write_one_by_one(&db, WARM_UP).await?;
        for round in 1..=self.options.rounds {
            self.begin("P6", round, alone.name);
            let duration = self.duration();
            let work = async {
                let beginning = Instant::now();
                let count = sqlite::write_one_by_one(&db, duration).await?;
                Ok(Work {
                    count: count as f64,
                    duration: beginning.elapsed(),
                    tally: None,
                })
            };
            alone.samples.push(sample(&without_us, work).await?);
            self.begin("P6", round, ours.name);
            let work = self.post_for(&api, &installation, duration);
            ours.samples.push(sample(&with_us, work).await?);
        }
        db.close().await;
        api.stop().await?;
        let title = format!(
            "POST /v1/stays on SQLite against durable transactions of one stay (five rows) on the \
             same file ({} connections)",
            self.options.connections
        );
        self.keep(Measure::paired("P6", title, vec![ours, alone]))
    }
}
