//! Starting: once for each directory, with known secrets, on a known schema.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use tests::{
    Database, ProcessExit, River, Secrets, Services, on_both_databases, people, run_to_end,
};

const STARTED: Duration = Duration::from_secs(60);

on_both_databases![
    a_second_start_has_the_same_keys_and_facilities,
    two_rivers_on_one_directory_do_not_run,
    production_names_the_secret_that_is_missing,
    production_refuses_a_secret_it_cannot_read,
    a_production_worker_names_its_peers_and_calls_nobody_in_clear,
    an_older_and_a_newer_schema_are_refused_by_name,
    two_migrations_at_once_make_one_schema,
    keys_are_made_listed_and_revoked,
    the_operators_address_tells_how_it_is,
    nothing_readable_lies_in_the_database,
];

async fn a_second_start_has_the_same_keys_and_facilities(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let settings: Vec<_> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    let river = River::start_in(directory.path(), &settings).await;
    let (keys, facilities) = (river.keys().clone(), river.facilities().clone());
    assert_eq!(keys.len(), 8);
    assert_eq!(facilities.len(), 5);
    let declared = river
        .caller("hotel")
        .accepted(&people::citizen(&facilities["hotel"]))
        .await;
    let jwks = river
        .stranger()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    river.process().terminate();
    assert_eq!(river.process().ended(STARTED).await.code, Some(0));
    let kept = directory.path().join("demo.json");
    let mode = kept.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let again = River::start_in(directory.path(), &settings).await;
    assert_eq!(again.keys(), &keys);
    assert_eq!(again.facilities(), &facilities);
    let stay = again
        .caller("hotel")
        .stay(declared["id"].as_str().unwrap())
        .await;
    assert_eq!(stay["receipt"], declared["receipt"]);
    let published = again
        .stranger()
        .get("/.well-known/jwks.json")
        .await
        .expect(200);
    assert_eq!(published, jwks);
    tests::receipt::assert_sound(&stay, &published);
}

async fn two_rivers_on_one_directory_do_not_run(database: Database) {
    let directory = tempfile::tempdir().unwrap();
    let database = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(database.create().await),
    };
    let settings: Vec<_> = database
        .iter()
        .map(|database| ("LUUTRU_DATABASE_URL", database.url().to_owned()))
        .collect();
    let first = River::start_in(directory.path(), &settings).await;
    let second = River::spawn_in(directory.path(), &settings);
    let ending = second.ended(STARTED).await;
    assert_ne!(ending.code, Some(0));
    assert!(ending.code.is_some(), "it ends by itself");
    assert!(ending.output.is_empty(), "no ready line");
    let path = directory.path().display().to_string();
    assert!(
        ending.log.contains(&path),
        "it names the directory: {}",
        ending.log
    );
    let facility_id = first.facility("hotel");
    first
        .caller("hotel")
        .accepted(&people::citizen(facility_id))
        .await;
    // The directory is free again after a `kill -9`.
    first.process().kill();
    River::start_in(directory.path(), &settings).await;
}

async fn production_names_the_secret_that_is_missing(database: Database) {
    let database = database.create().await;
    let secrets = Secrets::generate();
    let url = ("LUUTRU_DATABASE_URL", database.url().to_owned());
    let migrated = run_to_end(&["migrate"], std::slice::from_ref(&url)).await;
    assert_eq!(migrated.code, Some(0), "{}", migrated.log);
    let needed = [
        (
            "api",
            vec![
                "LUUTRU_MASTER_KEY",
                "LUUTRU_INDEX_KEY",
                "LUUTRU_KEY_PEPPER",
                "LUUTRU_RECEIPT_KEY",
            ],
        ),
        ("worker", vec!["LUUTRU_MASTER_KEY", "LUUTRU_POLICE_SECRET"]),
    ];
    for (command, names) in needed {
        for name in names {
            let mut settings = secrets.without(name);
            settings.push(url.clone());
            let ending = run_to_end(&[command], &settings).await;
            assert_refused_by_name(&ending, name);
        }
        let ending = run_to_end(&[command], secrets.settings()).await;
        assert_refused_by_name(&ending, "LUUTRU_DATABASE_URL");
    }
}

fn assert_refused_by_name(ending: &ProcessExit, name: &str) {
    assert!(ending.code.is_some_and(|code| code != 0), "{ending:?}");
    assert!(
        ending.log.contains(name),
        "{name} is not named: {}",
        ending.log
    );
}

async fn production_refuses_a_secret_it_cannot_read(database: Database) {
    let database = database.create().await;
    let secrets = Secrets::generate();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("master_key").display().to_string();
    for (name, value) in [
        ("LUUTRU_MASTER_KEY", "too short"),
        ("LUUTRU_RECEIPT_KEY", "no PEM at all"),
        ("LUUTRU_MASTER_KEY_FILE", &file),
    ] {
        let mut settings = secrets.without(name.trim_end_matches("_FILE"));
        settings.push((name, value.to_owned()));
        settings.push(("LUUTRU_DATABASE_URL", database.url().to_owned()));
        let ending = run_to_end(&["api"], &settings).await;
        assert_refused_by_name(&ending, name);
        assert!(!ending.log.contains("too short") && !ending.log.contains("no PEM at all"));
    }
}

async fn a_production_worker_names_its_peers_and_calls_nobody_in_clear(database: Database) {
    let services = Services::install(database).await;
    let peers = ["LUUTRU_REGISTRY_URL", "LUUTRU_POLICE_URL"];
    let bare: Vec<_> = services
        .settings()
        .iter()
        .filter(|(name, _)| !peers.contains(name))
        .cloned()
        .collect();
    let ending = run_to_end(&["worker"], &bare).await;
    for name in peers {
        assert_refused_by_name(&ending, name);
    }
    for name in peers {
        let clear = (name, "http://peer.example:8082".to_owned());
        let settings = [services.settings(), &[clear]].concat();
        let ending = run_to_end(&["worker"], &settings).await;
        assert_refused_by_name(&ending, name);
        assert_refused_by_name(&ending, "LUUTRU_ALLOW_PLAIN_HTTP");
    }
    // Named, it may: whether anybody answers there is another matter.
    let named = [
        ("LUUTRU_POLICE_URL", "http://peer.invalid:8082".to_owned()),
        ("LUUTRU_ALLOW_PLAIN_HTTP", "peer.invalid".to_owned()),
    ];
    let worker = services.launch_worker_with(&named);
    worker.ready().await;
    worker.process.terminate();
    assert_eq!(worker.process.ended(STARTED).await.code, Some(0));

    let endpoint = ["delivery", "endpoint", "38", "--url", "http://peer.example"];
    let ending = run_to_end(&endpoint, services.settings()).await;
    assert_refused_by_name(&ending, "--url");
    let settings = [
        services.settings(),
        &[("LUUTRU_ALLOW_PLAIN_HTTP", "peer.example".to_owned())],
    ];
    let ending = run_to_end(&endpoint, &settings.concat()).await;
    assert_eq!(ending.code, Some(0), "{}", ending.log);
}

async fn an_older_and_a_newer_schema_are_refused_by_name(database: Database) {
    let services = Services::install(database).await;
    let newest = "(SELECT MAX(version) FROM seaql_migrations)";
    let changes = [
        (
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m29990101_000001_tomorrow', 0)".to_owned(),
            "m29990101_000001_tomorrow",
        ),
        (
            format!("DELETE FROM seaql_migrations WHERE version LIKE 'm2999%' OR version = {newest}"),
            "luutru migrate",
        ),
    ];
    for (statement, named) in changes {
        services.database().execute(&statement).await;
        if named == "luutru migrate" {
            // The newest known one, too.
            let known = format!("DELETE FROM seaql_migrations WHERE version = {newest}");
            services.database().execute(&known).await;
        }
        for command in ["api", "worker"] {
            let mut settings = services.settings().to_vec();
            for name in ["LUUTRU_LISTEN", "LUUTRU_OPS_LISTEN"] {
                settings.push((name, "127.0.0.1:0".to_owned()));
            }
            let ending = run_to_end(&[command], &settings).await;
            assert_refused_by_name(&ending, named);
        }
    }
}

async fn two_migrations_at_once_make_one_schema(database: Database) {
    let database = database.create().await;
    let settings = [("LUUTRU_DATABASE_URL", database.url().to_owned())];
    let migrate = || run_to_end(&["migrate"], &settings);
    let (one, two, three) = tokio::join!(migrate(), migrate(), migrate());
    for ending in [one, two, three, migrate().await] {
        assert_eq!(ending.code, Some(0), "{}", ending.log);
    }
    let query = "SELECT COUNT(*) FROM seaql_migrations";
    let applied = database.count(query).await;
    assert!(applied >= 5, "{applied}");
    let distinct = "SELECT COUNT(DISTINCT version) FROM seaql_migrations";
    assert_eq!(database.count(distinct).await, applied);
}

async fn keys_are_made_listed_and_revoked(database: Database) {
    let services = Services::install(database).await;
    let run = async |arguments: &[&str]| {
        let ending = run_to_end(arguments, services.settings()).await;
        assert_eq!(ending.code, Some(0), "{arguments:?}: {}", ending.log);
        ending.output
    };
    let made = run(&[
        "key",
        "create",
        "--organisation",
        "demo",
        "--role",
        "integrator",
        "--label",
        "night desk",
    ])
    .await;
    let is_of_a_key = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let key = made
        .split(|letter| !is_of_a_key(letter))
        .find(|word| word.starts_with("luutru_"))
        .expect("the key is printed");
    let id = key.split('_').nth(1).unwrap();

    let (_api, address) = services.start_api().await;
    let desk = services.caller(&address, "hotel").with_key(key);
    desk.accepted(&people::citizen(services.facility("hotel")))
        .await;
    let listed = run(&["key", "list"]).await;
    assert!(listed.contains("night desk"), "{listed}");
    assert!(!listed.contains(key), "the key itself is shown once");

    let dashed = format!(
        "{}-{}-{}-{}-{}",
        &id[..8],
        &id[8..12],
        &id[12..16],
        &id[16..20],
        &id[20..]
    );
    let named = if listed.contains(&dashed) {
        dashed.as_str()
    } else {
        id
    };
    run(&["key", "revoke", named]).await;
    let refused = async || desk.get("/v1/limits").await.status == 401;
    tests::eventually("the end of the key", Duration::from_secs(15), refused).await;
}

async fn the_operators_address_tells_how_it_is(database: Database) {
    let river = River::shared(database).await;
    for address in [river.ops(), river.stranger()] {
        address.get("/livez").await.expect(200);
        let ready = address.get("/readyz").await.expect(200);
        assert_eq!(ready["status"], "ready");
        assert_eq!(ready["checks"]["database"], "ok");
        assert_eq!(ready["dependencies"]["registry"], "ok", "{ready}");
        assert_eq!(ready["dependencies"]["police"], "ok", "{ready}");
    }
    let metrics = river.ops().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("luutru_"));
    river
        .stranger()
        .get("/metrics")
        .await
        .expect_problem(404, "not_found");
}

async fn nothing_readable_lies_in_the_database(database: Database) {
    let services = Services::install(database).await;
    let (api, address) = services.start_api().await;
    let worker = services.start_worker().await;
    let desk = services.caller(&address, "hotel");
    let mut stay = people::citizen(services.facility("hotel"));
    stay["guest"]["full_name"] = serde_json::json!("CANARYNAME THIEM");
    let declared = desk.accepted(&stay).await;
    let limit = Duration::from_secs(15);
    desk.delivered(declared["id"].as_str().unwrap(), "acknowledged", limit)
        .await;
    for process in [&api, &worker] {
        process.terminate();
        assert_eq!(process.ended(limit).await.code, Some(0));
    }
    let bytes = services.database().everything().await;
    let find = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(
        find(declared["id"].as_str().unwrap()) || find("acknowledged"),
        "the dump is real"
    );
    let number = stay["guest"]["document"]["number"].as_str().unwrap();
    let reference = stay["reference"].as_str().unwrap();
    for personal in ["CANARYNAME", number, reference, "0987 608 243", "Thiềm"] {
        assert!(
            !find(personal),
            "a personal value lies open in the database"
        );
    }
}

#[tokio::test]
async fn a_migration_waits_its_turn_and_holds_nobody_up() {
    let database = Database::Postgres.create_seeded().await;
    let settings = [("LUUTRU_DATABASE_URL", database.url().to_owned())];
    let holder = database.execute(
        "BEGIN; LOCK TABLE seaql_migrations IN ACCESS EXCLUSIVE MODE; \
         SELECT pg_sleep(3); COMMIT",
    );
    let migration = async {
        let held = "SELECT COUNT(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted \
             AND relation = 'seaql_migrations'::regclass";
        let is_held = async || database.count(held).await > 0;
        tests::eventually("the lock", Duration::from_secs(10), is_held).await;
        run_to_end(&["migrate"], &settings).await
    };
    let ((), ending) = tokio::join!(holder, migration);
    assert_eq!(ending.code, Some(0), "{}", ending.log);
    assert!(
        ending.log.contains("yields to other work"),
        "{}",
        ending.log
    );
}
