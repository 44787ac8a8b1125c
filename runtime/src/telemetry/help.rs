//! The meaning of each metric, for `# HELP`: one list for all processes.

/// Which macro writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

use MetricKind::{Counter, Gauge, Histogram};

/// Name, kind and meaning of every metric. A test reads the sources and holds it complete.
pub(super) const METRICS: &[(&str, MetricKind, &str)] = &[
    (
        "http_server_active_requests",
        Gauge,
        "Requests that are being answered, by method.",
    ),
    (
        "http_server_request_duration_seconds",
        Histogram,
        "Time from the first byte of a request to its answer, by route, method and status.",
    ),
    (
        "http_client_request_duration_seconds",
        Histogram,
        "Time of a call to the registry or a police endpoint, by peer, status and fault.",
    ),
    (
        "luutru_auth_failures_total",
        Counter,
        "Requests without a valid key or session, by reason.",
    ),
    (
        "luutru_auth_forged_keys_total",
        Counter,
        "Rows of API keys that were changed outside the service.",
    ),
    (
        "luutru_auth_forged_rows_total",
        Counter,
        "Rows of accounts, sessions, machines and links that were changed outside the service, by table.",
    ),
    (
        "luutru_authz_denied_total",
        Counter,
        "Requests whose caller may not do what was asked, by group of routes and reason.",
    ),
    (
        "luutru_breaker_state",
        Gauge,
        "Breaker of a peer in this process: 0 closed, 1 probing, 2 open.",
    ),
    (
        "luutru_build_info",
        Gauge,
        "Always 1; the labels say which version and which program this is.",
    ),
    (
        "luutru_census_results_total",
        Counter,
        "Lines of censuses, by outcome.",
    ),
    (
        "luutru_clock_skew_seconds",
        Gauge,
        "Our clock minus the database server's.",
    ),
    (
        "luutru_connections_cut_total",
        Counter,
        "Connections closed because of their client, by reason.",
    ),
    (
        "luutru_connections_open",
        Gauge,
        "Open connections, by listener.",
    ),
    (
        "luutru_deadline_margin_seconds",
        Histogram,
        "Time from the filing of a stay to its statutory deadline, by kind of facility.",
    ),
    (
        "luutru_destination_backlog",
        Gauge,
        "Notifications of a destination under way (open, of these overdue) or parked.",
    ),
    (
        "luutru_destination_breaker_open",
        Gauge,
        "1 while the breaker of a destination's endpoint is open, as a worker last observed it.",
    ),
    (
        "luutru_destination_breaker_state",
        Gauge,
        "Breaker of a destination's endpoint in this worker: 0 closed, 2 open.",
    ),
    (
        "luutru_destination_deadline_left_seconds",
        Gauge,
        "Time until the nearest deadline of a destination's backlog; negative once it has passed, \
         +Inf when the backlog is empty.",
    ),
    (
        "luutru_destination_oldest_age_seconds",
        Gauge,
        "Age of the oldest notification on its way to a destination.",
    ),
    (
        "luutru_destination_paused",
        Gauge,
        "1 while a destination is paused.",
    ),
    (
        "luutru_event_lag_seconds",
        Histogram,
        "Time from an event to its number in the feed.",
    ),
    (
        "luutru_event_streams",
        Gauge,
        "Clients that follow the feed of events as a stream.",
    ),
    (
        "luutru_idempotency_total",
        Counter,
        "Requests with an Idempotency-Key, by what the key led to.",
    ),
    (
        "luutru_identity_checks_total",
        Counter,
        "Guests looked up in the population registry, by grade.",
    ),
    (
        "luutru_import_duration_seconds",
        Histogram,
        "Time from the claim of a file to its end.",
    ),
    (
        "luutru_import_rows_total",
        Counter,
        "Rows of files, by outcome.",
    ),
    (
        "luutru_intake_changes_total",
        Counter,
        "Changes of stays, by operation and outcome.",
    ),
    (
        "luutru_intake_commit_duration_seconds",
        Histogram,
        "Time to commit a group of declarations.",
    ),
    (
        "luutru_intake_commits_total",
        Counter,
        "Commits of groups of declarations, by whether one statement or a transaction made them.",
    ),
    (
        "luutru_intake_group_count",
        Histogram,
        "Declarations per commit.",
    ),
    (
        "luutru_intake_items_total",
        Counter,
        "Declarations, by door, kind of facility and outcome.",
    ),
    (
        "luutru_intake_on_time_total",
        Counter,
        "Stays accepted, by whether they met their deadline.",
    ),
    (
        "luutru_intake_outcome_searches_total",
        Counter,
        "Commits whose answer was lost and whose outcome was looked up.",
    ),
    (
        "luutru_log_lines_held_back_total",
        Counter,
        "Log lines about refusals that were suppressed because there were too many in a second.",
    ),
    (
        "luutru_outbox_attempts_total",
        Counter,
        "Calls of registry and police, by peer and outcome.",
    ),
    (
        "luutru_outbox_claim_duration_seconds",
        Histogram,
        "Time that a claim of notifications takes.",
    ),
    (
        "luutru_outbox_claim_rows",
        Histogram,
        "Notifications of one claim.",
    ),
    (
        "luutru_outbox_e2e_seconds",
        Histogram,
        "Time from the acceptance of a version to the confirmation of the police.",
    ),
    (
        "luutru_outbox_hastened_total",
        Counter,
        "Notifications made due when their peer recovered.",
    ),
    (
        "luutru_outbox_lease_lost_total",
        Counter,
        "Results that came after their lease had passed to another worker.",
    ),
    (
        "luutru_outbox_rows",
        Gauge,
        "Notifications under way (open, of these overdue) and parked.",
    ),
    (
        "luutru_personal_reads_total",
        Counter,
        "Answers that showed personal data, by role and route.",
    ),
    (
        "luutru_problems_total",
        Counter,
        "Refusals and failures, by code.",
    ),
    (
        "luutru_ratelimit_decisions_total",
        Counter,
        "Requests that a quota let through, delayed or refused.",
    ),
    (
        "luutru_ratelimit_tracked_keys",
        Gauge,
        "Keys and facilities with a tracked quota.",
    ),
    (
        "luutru_readiness",
        Gauge,
        "1 while a check passes, 0 while it fails.",
    ),
    (
        "luutru_review_answers_total",
        Counter,
        "Questions of the police that facilities answered in words.",
    ),
    (
        "luutru_review_cases",
        Gauge,
        "Cases that wait for an officer, by kind.",
    ),
    (
        "luutru_review_decisions_total",
        Counter,
        "Decisions of officers.",
    ),
    (
        "luutru_review_oldest_age_seconds",
        Gauge,
        "Age of the oldest case that waits for an officer, by kind.",
    ),
    (
        "luutru_settle_duration_seconds",
        Histogram,
        "Time to commit a group of results.",
    ),
    (
        "luutru_settle_group_count",
        Histogram,
        "Results per commit.",
    ),
    (
        "luutru_shed_total",
        Counter,
        "Requests refused because of overload, by the queue that was full.",
    ),
    (
        "luutru_sign_ins_total",
        Counter,
        "Passwords refused and sessions completed, by outcome.",
    ),
    (
        "luutru_stays_forwarded_at_night_total",
        Counter,
        "Stays that needed no notification while they lay within a day, and were forwarded at \
         23:00.",
    ),
    (
        "luutru_task_panics_total",
        Counter,
        "Background tasks that panicked.",
    ),
    (
        "luutru_unreadable_rows_total",
        Counter,
        "Sealed rows that could not be opened, by table.",
    ),
    (
        "luutru_webhook_attempts_total",
        Counter,
        "Calls of webhooks, by outcome.",
    ),
    ("luutru_webhook_disabled", Gauge, "Disabled webhooks."),
];

/// Tells the recorder all of them.
pub(super) fn describe() {
    for (name, kind, meaning) in METRICS {
        match kind {
            Counter => metrics::describe_counter!(*name, *meaning),
            Gauge => metrics::describe_gauge!(*name, *meaning),
            Histogram => metrics::describe_histogram!(*name, *meaning),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Names of metrics in the sources of the workspace: what stands in quotation marks and begins as
    /// metrics do.
    fn named_in(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                named_in(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let quoted = text.split('"').skip(1).step_by(2);
                let is_name = |text: &str| {
                    let parts = text.split('_').filter(|part| !part.is_empty()).count();
                    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
                    text.bytes().all(is_word)
                        && parts >= 2
                        && (text.starts_with("luutru_") || text.starts_with("http_server_"))
                };
                found.extend(quoted.filter(|text| is_name(text)).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_metric_has_its_help() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = BTreeSet::new();
        for member in ["api", "intake", "runtime", "simulators", "store", "worker"] {
            named_in(&root.join(member).join("src"), &mut found);
        }
        // Words that begin so and are no metrics.
        found.retain(|name| {
            !name.contains("_test_")
                && ![
                    "luutru_browser",
                    "luutru_machine",
                    "luutru_outbox",
                    "luutru_session",
                ]
                .contains(&name.as_str())
        });
        let known: BTreeSet<String> = METRICS
            .iter()
            .map(|(name, ..)| (*name).to_owned())
            .collect();
        let missing: Vec<&String> = found.difference(&known).collect();
        assert_eq!(
            missing,
            Vec::<&String>::new(),
            "these have no line in the list above"
        );
    }

    #[test]
    fn names_and_units_agree() {
        for (name, kind, meaning) in METRICS {
            assert_eq!(name.ends_with("_total"), *kind == Counter, "{name}");
            assert!(meaning.ends_with('.'), "{name}");
        }
        let names: BTreeSet<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), METRICS.len(), "each stands there once");
    }
}
