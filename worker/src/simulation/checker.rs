//! Invariants once everything has settled. Compares three independent records: the answers to
//! senders, the database, and the log of the police endpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::{eyes, plan::PoliceFault, world::World};

/// Unclear answers after which a notification may be parked.
const UNCLEAR_COUNT: usize = 10;

struct Task {
    id: String,
    stay: String,
    version: i64,
    kind: String,
    state: String,
    is_claimed: bool,
    is_settled: bool,
    body: String,
}

impl Task {
    /// The id as the wire has it.
    fn key(&self) -> String {
        let id = uuid::Uuid::parse_str(&self.id).unwrap();
        id.to_string()
    }
}

/// What is wrong.
pub(super) async fn check(world: &World) -> Vec<String> {
    let tasks = tasks(world).await;
    let mut wrong = world.observed.seen().violations.clone();
    wrong.extend(intake(world).await);
    wrong.extend(together(world).await);
    wrong.extend(ends(world, &tasks));
    wrong.extend(effects(world, &tasks));
    wrong.extend(order(world));
    wrong.extend(stays(world, &tasks).await);
    wrong.extend(attempts(world).await);
    wrong
}

async fn tasks(world: &World) -> Vec<Task> {
    let text = "SELECT lower(hex(id)), lower(hex(stay_id)), CAST(version AS TEXT), kind, state, \
                CASE WHEN lease_id IS NULL THEN '' ELSE 'x' END, \
                CASE WHEN settled_at IS NULL THEN '' ELSE 'x' END, \
                lower(hex(COALESCE(body_sha256, ''))) FROM outbox_task ORDER BY id";
    let rows: Vec<[String; 8]> = eyes::texts(&world.eyes, text).await;
    rows.into_iter()
        .map(
            |[id, stay, version, kind, state, lease, settled, body]| Task {
                id,
                stay,
                version: version.parse().unwrap(),
                kind,
                state,
                is_claimed: lease == "x",
                is_settled: settled == "x",
                body,
            },
        )
        .collect()
}

/// I1, I2, I4, I9: every acknowledged stay is stored, and nothing else is.
async fn intake(world: &World) -> Vec<String> {
    let text = "SELECT lower(hex(stay.id)), CAST(stay.version AS TEXT), \
                (SELECT CAST(COUNT(*) || '/' || MIN(v.version) || '/' || MAX(v.version) AS TEXT) \
                 FROM stay_version v WHERE v.stay_id = stay.id) FROM stay";
    let rows: Vec<[String; 3]> = eyes::texts(&world.eyes, text).await;
    let stored: BTreeMap<String, (String, String)> = rows
        .into_iter()
        .map(|[id, version, versions]| (id, (version, versions)))
        .collect();
    let known: BTreeMap<String, usize> = world
        .desk
        .stays
        .iter()
        .map(|stay| (stay.id.simple().to_string(), stay.answers.len()))
        .collect();
    let mut wrong = Vec::new();
    for (id, count) in &known {
        let expected = (count.to_string(), format!("{count}/1/{count}"));
        if stored.get(id) != Some(&expected) {
            let found = stored.get(id);
            wrong.push(format!(
                "I1/I9 stay {id}: {expected:?} expected, {found:?} stored"
            ));
        }
    }
    for id in stored.keys().filter(|id| !known.contains_key(*id)) {
        wrong.push(format!("I4 stay {id} is stored, and nobody knows of it"));
    }
    wrong
}

/// I5, I20: related rows exist together, each once.
async fn together(world: &World) -> Vec<String> {
    let table = [
        (
            "I5 versions without exactly one audit entry",
            "SELECT COUNT(*) FROM stay_version v WHERE 1 <> (SELECT COUNT(*) FROM audit_entry a \
             WHERE a.subject_id = v.stay_id AND a.subject_version = v.version \
             AND a.action = 'stay.' || v.change_kind)",
        ),
        (
            "I5 versions without exactly one event",
            "SELECT COUNT(*) FROM stay_version v WHERE 1 <> (SELECT COUNT(*) FROM event e \
             WHERE e.stay_id = v.stay_id AND e.version = v.version AND e.kind IN \
             ('stay.accepted', 'stay.amended', 'stay.departed', 'stay.returned', \
              'stay.extended', 'stay.cancelled', 'stay.completed'))",
        ),
        (
            "I5 versions for the police without exactly one task",
            "SELECT COUNT(*) FROM stay_version v WHERE (v.is_forwardable OR EXISTS (SELECT 1 \
             FROM audit_entry a WHERE a.subject_id = v.stay_id AND a.subject_version = v.version \
             AND a.action = 'notification.required')) <> (SELECT COUNT(*) \
             FROM outbox_task t WHERE t.stay_id = v.stay_id AND t.version = v.version \
             AND t.kind IN ('stay', 'cancellation'))",
        ),
        (
            "I5 tasks of no version",
            "SELECT COUNT(*) FROM outbox_task t WHERE NOT EXISTS (SELECT 1 FROM stay_version v \
             WHERE v.stay_id = t.stay_id AND v.version = t.version)",
        ),
        (
            "I20 ends without exactly one audit entry",
            "SELECT COUNT(*) FROM outbox_task t WHERE t.kind <> 'identity_result' AND \
             t.state IN ('delivered', 'refused') AND 1 <> \
             (SELECT COUNT(*) FROM audit_entry a WHERE a.subject_id = t.stay_id \
              AND a.subject_version = t.version AND a.action = 'notification.' || t.state \
              AND a.digest = t.body_sha256)",
        ),
        (
            "I20 identity results without exactly one audit entry",
            "SELECT COUNT(*) FROM outbox_task t WHERE t.kind = 'identity_result' AND \
             t.state IN ('delivered', 'refused') AND 1 <> \
             (SELECT COUNT(*) FROM audit_entry a WHERE a.subject_id = t.stay_id \
              AND a.subject_version = t.version AND a.action = 'notification.' || t.state \
              AND a.digest = t.body_sha256)",
        ),
    ];
    let mut wrong = Vec::new();
    for (words, text) in table {
        let count = eyes::number(&world.eyes, text).await;
        if count > 0 {
            wrong.push(format!("{words}: {count}"));
        }
    }
    wrong
}

/// I30: guests present after 23:00 on the day of arrival were reported to the police, once and not
/// before.
pub(super) async fn night(world: &World) -> Vec<String> {
    let day = domain::night::last_evening(world.clock.now());
    let untold = format!(
        "SELECT COUNT(*) FROM stay WHERE presence = 'present' \
         AND delivery_state = 'not_required' AND arrival_on <= '{day}'"
    );
    let early = "SELECT COUNT(*) FROM audit_entry a JOIN stay ON stay.id = a.subject_id \
         WHERE a.action = 'notification.required' \
         AND julianday(substr(a.at, 1, 19)) < julianday(stay.arrival_on) + 16.0 / 24 - 0.00001";
    let twice = "SELECT COUNT(*) FROM (SELECT subject_id FROM audit_entry \
         WHERE action = 'notification.required' GROUP BY subject_id HAVING COUNT(*) > 1)";
    let mut wrong = Vec::new();
    for (words, text) in [
        (
            "I30 guests of the night that nobody told of",
            untold.as_str(),
        ),
        ("I30 stays sent before the night", early),
        ("I30 stays sent twice because of the night", twice),
    ] {
        let count = eyes::number(&world.eyes, text).await;
        if count > 0 {
            wrong.push(format!("{words}: {count}"));
        }
    }
    wrong
}

/// I15: every task has ended, and none was parked without being at fault.
fn ends(world: &World, tasks: &[Task]) -> Vec<String> {
    let seen = world.observed.seen();
    let mut wrong = Vec::new();
    for task in tasks {
        let key = task.key();
        if task.is_claimed || !task.is_settled {
            wrong.push(format!("I15 task {key} is {}", task.state));
        }
        let puzzled = world.police.puzzled.get(&key).copied().unwrap_or(0);
        let id = uuid::Uuid::parse_str(&task.id).unwrap();
        let is_to_blame = puzzled >= UNCLEAR_COUNT || seen.spent.contains(&id);
        if task.state == "parked" && !is_to_blame {
            wrong.push(format!(
                "I15 task {key} is set aside, {puzzled} unclear answers"
            ));
        }
    }
    wrong
}

/// I10, I11, I12, I16: each notification has one effect, with one and the same content.
fn effects(world: &World, tasks: &[Task]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut bodies: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for seen in &world.police.seen {
        let sha256 = seen.sha256.iter().map(|byte| format!("{byte:02x}"));
        bodies.entry(&seen.id).or_default().insert(sha256.collect());
    }
    for (id, bodies) in &bodies {
        if bodies.len() > 1 {
            wrong.push(format!(
                "I12 notification {id} came with {} contents",
                bodies.len()
            ));
        }
    }
    for task in tasks {
        let key = task.key();
        let filed = world.police.filed.iter().filter(|filed| filed.id == key);
        let filed: Vec<_> = filed.collect();
        let opinion = world.police.opinions.get(&key);
        let expected = match task.state.as_str() {
            "delivered" => filed.len() == 1,
            "refused" => filed.is_empty() && opinion.is_some_and(|it| *it != PoliceFault::Puzzles),
            _ => filed.len() <= 1,
        };
        if !expected {
            let (state, count) = (&task.state, filed.len());
            wrong.push(format!(
                "I10 notification {key} is {state}, filed {count} times, {opinion:?}"
            ));
        }
        let as_stored = BTreeSet::from([task.body.clone()]);
        if bodies
            .get(key.as_str())
            .is_some_and(|sent| *sent != as_stored)
        {
            wrong.push(format!(
                "I12 notification {key} was sent with other bytes than are stored"
            ));
        }
        if let [filed] = filed[..]
            && (filed.stay_id != task.stay
                || filed.version != task.version
                || filed.kind != task.kind)
        {
            wrong.push(format!("I10 notification {key} says something else"));
        }
    }
    let known: BTreeSet<String> = tasks.iter().map(Task::key).collect();
    for filed in &world.police.filed {
        if !known.contains(&filed.id) {
            wrong.push(format!(
                "I11 the police have {}, which is not stored",
                filed.id
            ));
        }
    }
    wrong
}

/// I13: the police got the versions of each stay in order.
fn order(world: &World) -> Vec<String> {
    let mut last: BTreeMap<&str, (i64, u8)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for filed in &world.police.filed {
        let place = (filed.version, u8::from(filed.kind != "stay"));
        let before = last.insert(&filed.stay_id, place);
        if before.is_some_and(|before| before >= place) {
            let id = &filed.id;
            wrong.push(format!(
                "I13 notification {id} came after a later one: {before:?} {place:?}"
            ));
        }
    }
    wrong
}

/// I16: the delivery state of a stay matches the outcome of its newest notification.
async fn stays(world: &World, tasks: &[Task]) -> Vec<String> {
    let text = "SELECT lower(hex(id)), CAST(delivery_version AS TEXT), delivery_state, \
                COALESCE(police_reference, '') FROM stay";
    let rows: Vec<[String; 4]> = eyes::texts(&world.eyes, text).await;
    let mut wrong = Vec::new();
    for [id, version, state, reference] in rows {
        let newest = tasks.iter().find(|task| {
            task.stay == id && task.version.to_string() == version && task.kind != "identity_result"
        });
        let Some(task) = newest else {
            if state != "not_required" {
                wrong.push(format!("I16 stay {id} is {state} without a notification"));
            }
            continue;
        };
        let expected = match task.state.as_str() {
            "delivered" => "acknowledged",
            "refused" => "rejected",
            other => other,
        };
        let key = task.key();
        let filed = world.police.filed.iter().find(|filed| filed.id == key);
        let is_theirs =
            task.state != "delivered" || filed.is_some_and(|filed| filed.reference == reference);
        if state != expected || !is_theirs {
            wrong.push(format!(
                "I16 stay {id} is {state} {reference}, its task {}",
                task.state
            ));
        }
    }
    wrong
}

/// I17: every call that the police saw is on record, except those whose worker died before
/// recording it.
async fn attempts(world: &World) -> Vec<String> {
    let text = "SELECT lower(hex(task_id)), lower(hex(lease_id)) FROM attempt \
                WHERE peer = 'police'";
    let rows: Vec<[String; 2]> = eyes::texts(&world.eyes, text).await;
    let seen = world.observed.seen();
    let parse = |text: &str| uuid::Uuid::parse_str(text).unwrap();
    let mut recorded: BTreeMap<(uuid::Uuid, u32), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for [task, lease] in &rows {
        match seen.machines.get(&parse(lease)) {
            Some(machine) => *recorded.entry((parse(task), *machine)).or_default() += 1,
            None => wrong.push(format!(
                "I17 an attempt under lease {lease}, which nobody had"
            )),
        }
    }
    let mut arrived: BTreeMap<(uuid::Uuid, u32), usize> = BTreeMap::new();
    for call in &world.police.seen {
        *arrived.entry((parse(&call.id), call.machine)).or_default() += 1;
    }
    for (key, count) in arrived {
        let on_record = recorded.get(&key).copied().unwrap_or(0);
        if on_record < count && !seen.unrecorded.contains(&key) {
            let (task, machine) = key;
            wrong.push(format!(
                "I17 {count} calls of task {task} by worker {machine}, {on_record} on record"
            ));
        }
    }
    wrong
}
