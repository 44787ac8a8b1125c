//! pgbench on the project's own tables.

use std::{io::Write, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use tempfile::NamedTempFile;
use tokio::process::Command;

/// BEGIN; stay; outbox_task; COMMIT.
pub(crate) const TRANSACTION: &str = include_str!("transaction.sql");
/// The same rows by one statement.
pub(crate) const STATEMENT: &str = include_str!("statement.sql");

/// How pgbench is run.
pub(crate) struct Pgbench {
    /// Where it is.
    pub(crate) program: PathBuf,
    /// The database.
    pub(crate) url: String,
    /// Sessions at once.
    pub(crate) client_count: usize,
}

impl Pgbench {
    /// Runs a script and gives transactions a second.
    pub(crate) async fn run(&self, script: &str, duration: Duration) -> anyhow::Result<f64> {
        let mut file = NamedTempFile::new()?;
        file.write_all(script.as_bytes())?;
        let thread_count = std::thread::available_parallelism().map_or(1, usize::from);
        let output = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared"])
            .arg(format!("--client={}", self.client_count))
            .arg(format!("--jobs={}", thread_count.min(self.client_count)))
            .arg(format!("--time={}", duration.as_secs().max(1)))
            .arg("--file")
            .arg(file.path())
            .arg(&self.url)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("start pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "pgbench failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        parse_rate(&text).context("pgbench reported no rate")
    }
}

fn parse_rate(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_read_of_the_report() {
        let text = "number of failed transactions: 0 (0.000%)\nlatency average = 26.0 ms\n\
                    tps = 2459.500000 (without initial connection time)\n";
        assert_eq!(parse_rate(text), Some(2_459.5));
        assert_eq!(parse_rate(""), None);
    }
}
