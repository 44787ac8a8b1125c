//! P12: memory of the services, idle and under load.

use std::time::Duration;

use super::Bench;
use crate::report::Measure;

/// After a start, before memory is called idle.
const SETTLING: Duration = Duration::from_secs(3);

impl Bench<'_> {
    /// P12.
    pub(super) async fn take_memory(&mut self) -> anyhow::Result<()> {
        let installation = self.install("memory").await?;
        let registry = installation.start_registry().await?;
        let police = installation.start_police().await?;
        let api = installation.start_api().await?;
        let worker = installation.start_worker(&registry, &police).await?;
        let up = installation.start_up().await?;
        self.begin("P12", 1, "memory");
        tokio::time::sleep(SETTLING).await;
        let mut memory = vec![
            ("api, idle", api.memory()?),
            ("worker, idle", worker.memory()?),
            ("up (everything), idle", up.memory()?),
        ];
        up.stop().await?;
        self.post_for(&api, &installation, self.duration()).await?;
        memory.push(("api, under load", api.memory()?));
        memory.push(("worker, under load", worker.memory()?));
        for service in [api, worker, registry, police] {
            service.stop().await?;
        }
        let title = format!(
            "memory, PostgreSQL, {} connections for {} s with the worker delivering meanwhile",
            self.options.connections, self.options.seconds
        );
        self.keep(Measure::memory("P12", title, memory))
    }
}
