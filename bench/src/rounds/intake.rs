//! P1, P1-mixed, P2 and P3: `POST /v1/stays` on PostgreSQL against pgbench. They share their
//! rounds, because they are pairs of the same runs.

use anyhow::Context;

use super::{Bench, WARM_UP, Work, sample};
use crate::{
    load::mix::Mix,
    machine::Process,
    options::Wanted,
    pgbench::{self, Pgbench},
    postgres::Postgres,
    report::{Measure, Side},
    service::{Installation, Service},
};

const MIX: Mix = Mix {
    resend_share: 0.1,
    returning_share: 0.1,
};

/// What runs, and what has been measured of it.
struct Rounds {
    installation: Installation,
    api: Service,
    pgbench: Pgbench,
    with_us: Vec<Process>,
    without_us: Vec<Process>,
    fresh: Side,
    mixed: Side,
    transactions: Side,
    statements: Side,
}

impl Bench<'_> {
    /// P1, P1-mixed, P2 and P3.
    pub(super) async fn take_intake(&mut self) -> anyhow::Result<()> {
        let mut rounds = self.prepare_intake().await?;
        self.post_for(&rounds.api, &rounds.installation, WARM_UP)
            .await?;
        rounds.pgbench.run(pgbench::TRANSACTION, WARM_UP).await?;
        for round in 1..=self.options.rounds {
            self.take_round(&mut rounds, round).await?;
        }
        rounds.api.stop().await?;
        let connections = self.options.connections;
        let (fresh, transactions) = (&rounds.fresh, &rounds.transactions);
        if self.options.wants(Wanted::Transactions) {
            let title = format!(
                "POST /v1/stays on PostgreSQL against pgbench, BEGIN; stay; outbox_task; COMMIT \
                 ({connections} connections)"
            );
            let sides = vec![fresh.clone(), transactions.clone()];
            self.keep(Measure::paired("P1", title, sides))?;
        }
        if self.options.wants(Wanted::Mixed) {
            let title = format!(
                "the same with 10 % resends, which count as stays, and 10 % returning guests \
                 ({connections} connections)"
            );
            let sides = vec![rounds.mixed, transactions.clone()];
            self.keep(Measure::paired("P1-mixed", title, sides))?;
        }
        if self.options.wants(Wanted::Statement) {
            let title = format!(
                "POST /v1/stays on PostgreSQL against pgbench, one statement ({connections} \
                 connections)"
            );
            let sides = vec![fresh.clone(), rounds.statements];
            self.keep(Measure::paired("P2", title, sides))?;
        }
        if self.options.wants(Wanted::Processor) {
            let title = "processor time of the whole machine per accepted stay, PostgreSQL";
            self.keep(Measure::paired("P3", title, vec![rounds.fresh]))?;
        }
        Ok(())
    }

    async fn prepare_intake(&mut self) -> anyhow::Result<Rounds> {
        let installation = self.install("intake").await?;
        let pgbench = Pgbench {
            program: self.postgres.as_ref().context("no PostgreSQL")?.pgbench()?,
            url: installation.database_url.clone(),
            client_count: self.options.connections,
        };
        let api = installation.start_api().await?;
        let postgres = self.postgres.as_ref().and_then(Postgres::process);
        let mut with_us = vec![Process::this("generator"), api.process("api")?];
        with_us.extend(postgres);
        let mut without_us = vec![Process::this("pgbench")];
        without_us.extend(postgres);
        Ok(Rounds {
            installation,
            api,
            pgbench,
            with_us,
            without_us,
            fresh: Side::new("luutru, POST /v1/stays"),
            mixed: Side::new("luutru, mixed"),
            transactions: Side::new("pgbench, transaction"),
            statements: Side::new("pgbench, one statement"),
        })
    }

    async fn take_round(&self, rounds: &mut Rounds, round: u32) -> anyhow::Result<()> {
        let options = &self.options;
        let (api, installation, duration) = (&rounds.api, &rounds.installation, self.duration());
        if options.wants(Wanted::Transactions) || options.wants(Wanted::Mixed) {
            self.begin("P1", round, rounds.transactions.name);
            let work = self.run_pgbench(&rounds.pgbench, pgbench::TRANSACTION);
            let taken = sample(&rounds.without_us, work).await?;
            rounds.transactions.samples.push(taken);
        }
        if options.wants_fresh() {
            self.begin("P1", round, rounds.fresh.name);
            let work = self.post_for(api, installation, duration);
            let taken = sample(&rounds.with_us, work).await?;
            rounds.fresh.samples.push(taken);
        }
        if options.wants(Wanted::Mixed) {
            self.begin("P1-mixed", round, rounds.mixed.name);
            let work = self.post_mixed(api, installation, duration, MIX);
            let taken = sample(&rounds.with_us, work).await?;
            rounds.mixed.samples.push(taken);
        }
        if options.wants(Wanted::Statement) {
            self.begin("P2", round, rounds.statements.name);
            let work = self.run_pgbench(&rounds.pgbench, pgbench::STATEMENT);
            let taken = sample(&rounds.without_us, work).await?;
            rounds.statements.samples.push(taken);
        }
        Ok(())
    }

    async fn run_pgbench(&self, pgbench: &Pgbench, script: &str) -> anyhow::Result<Work> {
        let duration = self.duration();
        let rate = pgbench.run(script, duration).await?;
        Ok(Work {
            count: rate * duration.as_secs_f64(),
            duration,
            tally: None,
        })
    }
}
