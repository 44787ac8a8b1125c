//! `luutru load` and `luutru bench`: run what the crate `bench` measures and print it.

use bench::{BenchOptions, Measure, load::LoadOptions};

use crate::{exit::ExitStatus, terminal};

/// Runs the load, prints the summary. A ledger that lacks a stay, or has one twice, ends with 1.
pub(crate) async fn load(options: LoadOptions) -> anyhow::Result<ExitStatus> {
    let is_json = options.is_json();
    let summary = bench::load::execute(options).await?;
    if is_json {
        terminal::say_line(&serde_json::to_string(&summary)?)?;
    } else {
        terminal::say(&summary.to_string())?;
    }
    Ok(if summary.is_clean() {
        ExitStatus::Success
    } else {
        ExitStatus::ProblemFound
    })
}

/// Takes the measures and prints each as it is done; as JSON, all of them at the end.
pub(crate) async fn bench(options: BenchOptions) -> anyhow::Result<ExitStatus> {
    let is_json = options.is_json();
    let show = |measure: &Measure| -> anyhow::Result<()> {
        if !is_json {
            terminal::say(&measure.to_string())?;
        }
        Ok(())
    };
    let Some(report) = bench::execute(options, show).await? else {
        return Ok(ExitStatus::ProblemFound);
    };
    if is_json {
        terminal::say_line(&serde_json::to_string(&report)?)?;
    }
    Ok(ExitStatus::Success)
}
