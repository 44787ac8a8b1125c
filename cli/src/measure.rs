//! `luutru load` and `luutru bench`: run what the crate `bench` measures and print it.

use bench::{BenchOptions, Measure, load::LoadOptions};

use crate::{exit::ExitStatus, progress::Progress, terminal};

/// Runs the load and prints the summary. A stay that is missing at the police, or is there twice,
/// is a problem.
pub(crate) async fn load(options: LoadOptions) -> anyhow::Result<ExitStatus> {
    let is_json = options.is_json();
    let progress = Progress::new();
    let watch = |step: &str, done, of| progress.show(step, done, of);
    let summary = bench::load::execute(options, &watch).await?;
    drop(progress);
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
    let progress = Progress::new();
    let watch = |step: &str, done, of| progress.show(step, done, of);
    let show = |measure: &Measure| -> anyhow::Result<()> {
        if !is_json {
            progress.suspend(|| terminal::say(&measure.to_string()))?;
        }
        Ok(())
    };
    let Some(report) = bench::execute(options, show, &watch).await? else {
        return Ok(ExitStatus::ProblemFound);
    };
    drop(progress);
    if is_json {
        terminal::say_line(&serde_json::to_string(&report)?)?;
    }
    Ok(ExitStatus::Success)
}
