//! Waits for effects of other processes.

use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(20);

/// Polls until the answer is `true`. `what` completes the sentence "… did not happen within …".
pub async fn eventually(what: &str, limit: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    eventually_some(what, limit, async || is_so().await.then_some(())).await;
}

/// Polls until there is an answer, and returns it.
pub async fn eventually_some<T>(
    what: &str,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            started.elapsed() < limit,
            "{what} did not happen within {limit:?}"
        );
        tokio::time::sleep(PAUSE).await;
    }
}
