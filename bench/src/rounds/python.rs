//! P4: `POST /v1/stays` on PostgreSQL against a small service of FastAPI and asyncpg, which takes
//! the same requests and writes two rows in one transaction.

use std::time::Duration;

use super::{Bench, Load, WARM_UP, Work, sample};
use crate::{
    fastapi::{FastApi, PythonEnvironment},
    load::{find_desks, mix::Mix, people::Population, schedule::Pace},
    machine::Process,
    postgres::Postgres,
    report::{Measure, Sample, Side},
    service::{Installation, Service},
    wire::Target,
};

impl Bench<'_> {
    /// P4.
    pub(super) async fn take_python(&mut self) -> anyhow::Result<()> {
        let environment = PythonEnvironment::prepare(self.options.python_environment.as_deref());
        let environment = environment.await?;
        let installation = self.install("against_python").await?;
        let url = self.postgres()?.new_database("python")?;
        let api = installation.start_api().await?;
        let service = FastApi::start(&environment, &url).await?;
        let postgres = self.postgres.as_ref().and_then(Postgres::process);
        let mut with_us = vec![Process::this("generator"), api.process("api")?];
        with_us.extend(postgres);
        let mut without_us = vec![Process::this("generator"), service.process()?];
        without_us.extend(postgres);
        let mut ours = Side::new("luutru, POST /v1/stays");
        let mut theirs = Side::new("FastAPI + asyncpg");

        self.post_for(&api, &installation, WARM_UP).await?;
        self.post_to_python(&service, (&api, &installation), WARM_UP)
            .await?;
        for round in 1..=self.options.rounds {
            let duration = self.duration();
            self.begin("P4", round, theirs.name);
            let work = self.post_to_python(&service, (&api, &installation), duration);
            theirs.samples.push(sample(&without_us, work).await?);
            self.begin("P4", round, ours.name);
            let work = self.post_for(&api, &installation, duration);
            ours.samples.push(sample(&with_us, work).await?);
        }
        api.stop().await?;
        let title = format!(
            "POST /v1/stays on PostgreSQL against FastAPI and asyncpg on uvicorn with 2 workers, \
             two rows in one transaction ({} connections)",
            self.options.connections
        );
        let p99 = |sample: &Sample| sample.p99_ms.unwrap_or_default();
        let measure = Measure::paired("P4", title, vec![ours, theirs])
            .with_ratios("p99", p99)
            .with_ratios("processor time per stay", Sample::own_us)
            .with_note(environment.versions().await?);
        self.keep(measure)
    }

    /// The same facilities as ours, asked of our API.
    async fn post_to_python(
        &self,
        service: &FastApi,
        (api, installation): (&Service, &Installation),
        duration: Duration,
    ) -> anyhow::Result<Work> {
        let ours = Target::parse(&api.url)?;
        let desks = find_desks(&ours, std::slice::from_ref(&installation.key), &[]).await?;
        let pace = Pace::Closed {
            request_count: None,
            duration: Some(duration),
        };
        let load = Load::Singles(Population::MadeUp, Mix::FRESH);
        let target = Target::parse(&service.url)?;
        self.post_to(target, desks, pace, load).await
    }
}
