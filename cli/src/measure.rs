//! `luutru load` and `luutru bench`: run what the crate `bench` measures and print it.

use std::{fs::File, io::Write, path::Path};

use anyhow::Context;
use bench::{BenchOptions, Measure, html, load::LoadOptions};

use crate::{exit::ExitStatus, progress::ProgressLine, terminal};

/// Runs the load and prints the summary. A stay that is missing at the police, or is there twice,
/// is a problem.
pub(crate) async fn load(options: LoadOptions) -> anyhow::Result<ExitStatus> {
    let is_json = options.is_json();
    let page = options.html().map(ReportFile::create).transpose()?;
    let progress = ProgressLine::new();
    let watch = |step: &str, done, of| progress.show(step, done, of);
    let summary = bench::load::execute(options, &watch).await?;
    drop(progress);
    if let Some(page) = page {
        page.write(&html::of_summary(&summary))?;
    }
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
    let (is_json, is_enforced) = (options.is_json(), options.is_enforced());
    let page = options.html().map(ReportFile::create).transpose()?;
    let progress = ProgressLine::new();
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
    if let Some(page) = page {
        page.write(&html::of_report(&report))?;
    }
    if is_json {
        terminal::say_line(&serde_json::to_string(&report)?)?;
    }
    if is_enforced && report.misses_a_limit() {
        return Ok(ExitStatus::ProblemFound);
    }
    Ok(ExitStatus::Success)
}

/// The file of an HTML report. It is opened before the run, so that a wrong path is refused before
/// an hour of measuring.
struct ReportFile(File);

impl ReportFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path);
        let file = file.with_context(|| format!("--html: cannot write {}", path.display()))?;
        Ok(Self(file))
    }

    fn write(mut self, html: &str) -> anyhow::Result<()> {
        self.0.write_all(html.as_bytes()).context("--html")
    }
}
