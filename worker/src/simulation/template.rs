//! What is the same for all runs: a database with its schema and the demonstration, data keys, the
//! catalogues.

use std::sync::{Arc, OnceLock};

use domain::{
    audit::{Action, SubjectKind},
    catalogue::Catalogues,
};
use runtime::{
    clock::Clock,
    ids,
    signing::ReceiptSigner,
    vault::{MasterKey, Vault, WrappedDataKey},
};
use store::{ConnectOptions, Database};
use uuid::Uuid;

/// A database with its schema and the demonstration, and what else is the same for all runs.
pub(super) struct Template {
    pub(super) file: Vec<u8>,
    pub(super) keys: Vec<WrappedDataKey>,
    pub(super) signer: Arc<ReceiptSigner>,
    pub(super) catalogues: Arc<Catalogues>,
}

impl Template {
    /// The one of this process.
    pub(super) fn shared() -> &'static Self {
        static TEMPLATE: OnceLock<Template> = OnceLock::new();
        TEMPLATE.get_or_init(|| {
            // The caller may be inside a runtime.
            let thread = std::thread::spawn(|| super::block_on(Self::make()));
            thread.join().unwrap()
        })
    }

    async fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("template.db");
        let url = format!("sqlite://{}", path.display());
        let db = connect(&url).await;
        store::schema::migrate(&db).await.unwrap();
        let (clock, _hands) = Clock::manual("2026-11-01T00:00:00Z".parse().unwrap());
        seeds::seed_demo(&db, &[7; 32], &clock, None).await.unwrap();
        let vault = vault();
        let mut keys = Vec::new();
        for month in ["2026-11", "2026-12"] {
            let key = vault.new_data_key(ids::uuid_v7(&clock), month).unwrap();
            let stored = store::data_keys::DataKey {
                id: key.id,
                month: key.month.clone(),
                wrapped: key.wrapped.clone(),
            };
            store::data_keys::settle_month(&db, stored, clock.now())
                .await
                .unwrap();
            keys.push(key);
        }
        route_one_commune(&db, &clock).await;
        db.close().await;
        Self {
            file: std::fs::read(&path).unwrap(),
            keys,
            signer: Arc::new(
                ReceiptSigner::from_pem(&ReceiptSigner::generate_pem().unwrap()).unwrap(),
            ),
            catalogues: Arc::new(catalogues()),
        }
    }
}

/// Destination of the commune of the official residence; it has no endpoint of its own.
pub(super) const POST: &str = "post";

/// So that a pause can hold back some and not the others.
async fn route_one_commune(db: &Database, clock: &Clock) {
    let ids = seeds::demo_facility_ids();
    let facilities = seeds::demo_facilities();
    let residence = facilities
        .iter()
        .find(|facility| facility.id == ids.official_residence)
        .unwrap();
    let name = "Công an phường (dữ liệu mẫu)".to_owned();
    let id = ids::uuid_v7(clock);
    let post = store::destinations::new(POST.to_owned(), id, name, None, clock.now());
    let route = store::destinations::Route {
        commune_code: residence.commune_code.clone(),
        valid_from: "2026-01-01".parse().unwrap(),
        valid_to: None,
        destination_code: POST.to_owned(),
    };
    store::destinations::add(db, vec![post]).await.unwrap();
    store::destinations::route(db, route, audit(clock, Action::DestinationRouted))
        .await
        .unwrap();
}

/// An operator's entry.
pub(super) fn audit(clock: &Clock, action: Action) -> store::audit::Entry {
    let place = (ids::uuid_v7(clock), clock.now());
    let actor = store::audit::Actor::Key(Uuid::from_u128(5));
    store::audit::entry(
        place,
        actor,
        action,
        (SubjectKind::Destination, Uuid::from_u128(6)),
    )
}

fn catalogues() -> Catalogues {
    let seeds = seeds::catalogues().unwrap();
    let entries = |name: &str| {
        let seed = seeds.iter().find(|seed| seed.name == name);
        seed.map(|seed| seed.entries.clone()).unwrap()
    };
    Catalogues::read(
        &entries("provinces"),
        &entries("communes"),
        &entries("countries"),
        &entries("commune_aliases"),
    )
    .unwrap()
}

/// The vault of every process of a run.
pub(super) fn vault() -> Arc<Vault> {
    Arc::new(Vault::new(MasterKey::new([1; 32]), [2; 32]))
}

/// Opens a database for a run.
pub(super) async fn connect(url: &str) -> Database {
    let options = ConnectOptions {
        reader_count_max: 2,
        acquire_timeout: std::time::Duration::from_secs(30),
        ..ConnectOptions::default()
    };
    Database::connect(url, &options).await.unwrap()
}
