//! Accepts an upload: checks the file as far as possible without reading its rows, seals it piece
//! by piece, and accepts it in one short transaction.

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use domain::{
    audit::{Action, SubjectKind},
    import::{DateOrder, FileKind, ImportState},
    problem::Code,
    sender::Sender,
    stay::Channel,
};
use formats::table;
use intake::{
    Occasion, Refusal,
    upload::{CHUNK_BYTE_COUNT, KEPT_DAYS, Sealed, SheetNames, WAITING_COUNT_MAX},
};
use poem_openapi::{ApiResponse, OpenApi};
use runtime::ids;
use sha2::{Digest, Sha256};
use store::audit::Actor;
use store::{
    declarations::Idempotency,
    imports::{self, Acceptance, FileAdmission, Import},
    word::Word,
};
use uuid::Uuid;

use super::{ImportView, PATH};
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::exchange::{Current, Exchange};
use crate::idempotency::IdempotencyKey;
use crate::parameters::{FacilityId, Query, query};
use crate::payload::{SentFile, Upload};
use crate::problem::Failure;
use crate::reply::{Json, Localised, Location};
use crate::topic::Topic;

/// The retry delay while three files wait, in seconds.
const RETRY_AFTER_SECONDS: u32 = 30;

query! {
    /// What is said about a file beside it.
    pub(crate) struct ImportQuery {
        /// Where the stays are; may be left out by a key that serves one facility.
        facility_id: Option<FacilityId>,
        /// `true`: judge every row and store nothing but the outcomes.
        dry_run: Option<bool>,
        /// What stands first in dates such as 08/12/2026; each column decides when left out.
        date_order: Option<DateOrder>,
        /// Last permitted day of the file's foreigners whose own rows do not say.
        permitted_stay_until: Option<NaiveDate>,
    }
}

/// What the query says.
pub(crate) struct UploadQuery {
    facility_id: Uuid,
    is_dry_run: bool,
    date_order: Option<DateOrder>,
    permitted_stay_until: Option<NaiveDate>,
}

impl UploadQuery {
    /// A file of which nothing more is said.
    pub(crate) const fn plain(facility_id: Uuid, is_dry_run: bool) -> Self {
        Self {
            facility_id,
            is_dry_run,
            date_order: None,
            permitted_stay_until: None,
        }
    }

    /// What identifies a request: the facility, the file and every option that affects the result.
    fn to_request(&self, digest: &[u8; 32]) -> Vec<u8> {
        let mut request = [self.facility_id.as_bytes().as_slice(), digest].concat();
        if self.is_dry_run {
            request.extend_from_slice(b";dry_run");
        }
        if let Some(order) = self.date_order {
            request.extend_from_slice(b";date_order=");
            request.extend_from_slice(order.as_str().as_bytes());
        }
        if let Some(day) = self.permitted_stay_until {
            request.extend_from_slice(b";permitted_stay_until=");
            request.extend_from_slice(day.to_string().as_bytes());
        }
        request
    }
}

/// Taking files in.
pub(crate) struct UploadApi(pub(crate) Arc<App>);

/// A file was accepted.
#[derive(ApiResponse)]
pub(crate) enum FileAccepted {
    /// The file is accepted, stored for good, and waits for its turn.
    #[oai(status = 202)]
    Import(
        Localised<Json<ImportView>>,
        #[oai(header = "Location")] Location,
    ),
}

impl Examples for UploadApi {
    const EXAMPLES: &'static str = include_str!("upload.examples.json");
}

#[OpenApi]
impl UploadApi {
    /// Declare the stays of a file
    ///
    /// A CSV or XLSX file with a row for each stay; headings of hotel programs are recognised. The
    /// file is worked on in the background: ask the address in `Location`. Every stay counts as
    /// filed when the upload was accepted. Sent again, what is stored already comes back as
    /// `replayed`.
    #[oai(
        path = "/v1/imports",
        method = "post",
        operation_id = "importStays",
        tag = "Topic::Files"
    )]
    async fn accept(
        &self,
        Current(exchange): Current,
        admitted: Admitted<op::ImportStays>,
        /// Guards against another file under the same key; rows are judged again each time.
        #[oai(name = "Idempotency-Key")]
        key: IdempotencyKey,
        query: Query<ImportQuery>,
        upload: Upload,
    ) -> Result<FileAccepted, Failure> {
        let (app, sender) = (&self.0, admitted.sender());
        let wishes = wishes(sender, query)?;
        let stored = store_file(app, &exchange, sender, &key, &wishes, upload).await;
        let import = match stored {
            Ok(import) => import,
            Err(failure) => return Err(admitted.ticket.refuse(failure)),
        };
        let view = ImportView::of(&import, &SheetNames::default(), &exchange)?;
        let location = Location::of(format!("{PATH}/{}", import.id));
        let answer = Localised::new(exchange.language, Json(view));
        Ok(FileAccepted::Import(answer, location))
    }
}

fn wishes(sender: &Sender, mut query: Query<ImportQuery>) -> Result<UploadQuery, Failure> {
    let named = ("facility_id", query.parameters.facility_id.take());
    let named = query.resolve(named, Code::FacilityUnknown, |named| {
        sender.facility(named.0).map(|facility| facility.id)
    });
    let facility_id = named.or_else(|| match sender.facilities.as_slice() {
        [only] => Some(only.id),
        _ => None,
    });
    if facility_id.is_none() && !query.has_fault("facility_id") {
        query.refuse("facility_id", Code::Required);
    }
    let said = query.finish()?;
    Ok(UploadQuery {
        // There is one, or the query was refused.
        facility_id: facility_id.unwrap_or_default(),
        is_dry_run: said.dry_run.unwrap_or_default(),
        date_order: said.date_order,
        permitted_stay_until: said.permitted_stay_until,
    })
}

/// Stores a file and queues it.
///
/// Errors: it was not accepted, or it is not known whether it was.
pub(crate) async fn store_file(
    app: &App,
    exchange: &Exchange,
    sender: &Sender,
    key: &IdempotencyKey,
    wishes: &UploadQuery,
    upload: Upload,
) -> Result<Import, Failure> {
    // Checked before the file is read; decided when it is accepted.
    if imports::waiting_count(&app.db, wishes.facility_id).await? >= WAITING_COUNT_MAX {
        return Err(too_many());
    }
    let announced = upload.announced.clone();
    let bytes = upload.read(app, exchange).await?;
    if let Some(holdings) = exchange.holdings.get() {
        holdings.enter(&app.limits, &app.intake).await?;
    }
    let _place = app.files.acquire().await.map_err(Failure::internal)?;
    let SentFile { bytes, kind, name } = announced.file(bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|count| count > app.settings.file_body_bytes_max.into())
    {
        return Err(Failure::new(Code::BodyTooLarge));
    }
    let (bytes, digest) = inspect(bytes, kind).await?;
    let trace_parent = exchange.trace_parent();
    let occasion = Occasion {
        sender,
        channel: Channel::File,
        idempotency_key: key.0.as_deref(),
        received_at: app.clock.now(),
        trace_parent: Some(&trace_parent),
    };
    // Checked before anything is stored; taken when the file is accepted, so that a refusal leaves
    // the key free.
    let request = wishes.to_request(&digest);
    let about = Some(wishes.facility_id);
    let key = app.intake.guard_key(&occasion, about, &request).await?;
    let mut import = new_import(app, &occasion, wishes, kind, bytes.len());
    import.sealed_sheets = sealed_name(app, &import, name)?;
    imports::begin_upload(&app.db, import.clone()).await?;
    let accepted = store_content(app, &mut import, key, &bytes, &digest).await;
    let failure = match accepted {
        Ok(FileAdmission::Accepted) => return Ok(import),
        Ok(FileAdmission::TooManyWait) => too_many(),
        Ok(FileAdmission::KeyReused) => Failure::from(Refusal::IdempotencyKeyReused),
        Err(failure) => failure,
    };
    // Acceptance may be unknown: only delete a file that was certainly not accepted.
    if failure.code() != Code::OutcomeUnknown {
        discard(app, import.id).await;
    }
    Err(failure)
}

fn too_many() -> Failure {
    Failure::new(Code::TooManyImports).retry_after(RETRY_AFTER_SECONDS)
}

/// Inspects the file on a blocking thread; returns it with its SHA-256.
async fn inspect(bytes: Vec<u8>, kind: FileKind) -> Result<(Vec<u8>, [u8; 32]), Failure> {
    let inspected = tokio::task::spawn_blocking(move || {
        table::inspect(&bytes, kind)?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        Ok((bytes, digest))
    });
    let inspected: Result<_, table::FileFault> = inspected.await.map_err(Failure::internal)?;
    inspected.map_err(|fault| Failure::invalid(vec![fault.violation()]))
}

fn new_import(
    app: &App,
    occasion: &Occasion<'_>,
    wishes: &UploadQuery,
    kind: FileKind,
    byte_count: usize,
) -> Import {
    let now = occasion.received_at;
    Import {
        id: ids::uuid_v7(&app.clock),
        organisation_id: occasion.sender.organisation_id,
        facility_id: wishes.facility_id,
        created_by: occasion.sender.key_id,
        created_by_kind: occasion.sender.kind.into(),
        format: kind.into(),
        is_dry_run: wishes.is_dry_run,
        date_order: wishes.date_order.map(Word::from),
        permitted_stay_until: wishes.permitted_stay_until.map(|day| day.to_string()),
        state: ImportState::Uploading.into(),
        byte_count: i32::try_from(byte_count).unwrap_or(i32::MAX),
        chunk_count: i32::try_from(byte_count.div_ceil(CHUNK_BYTE_COUNT)).unwrap_or(i32::MAX),
        created_at: now,
        received_at: None,
        finished_at: None,
        expires_at: now + TimeDelta::days(KEPT_DAYS),
        row_count: None,
        next_row: 0,
        accepted_count: 0,
        replayed_count: 0,
        rejected_count: 0,
        skipped_count: 0,
        layout: None,
        sealed_heading: None,
        sealed_sheets: None,
        problem: None,
        trace_parent: occasion.trace_parent.map(str::to_owned),
        lease_id: None,
        leased_until: None,
        claim_count: 0,
    }
}

/// What the sender calls a file, where its sheets are named once they are read.
fn sealed_name(
    app: &App,
    import: &Import,
    name: Option<String>,
) -> Result<Option<Vec<u8>>, Failure> {
    let Some(name) = name else {
        return Ok(None);
    };
    let names = SheetNames {
        file: Some(name),
        ..SheetNames::default()
    };
    let sealed = names.seal(&app.vault, import);
    sealed.map(Some).map_err(Failure::internal)
}

/// Stores the pieces one by one, then accepts the file and takes its key.
async fn store_content(
    app: &App,
    import: &mut Import,
    key: Option<Idempotency>,
    bytes: &[u8],
    digest: &[u8; 32],
) -> Result<FileAdmission, Failure> {
    for (position, piece) in (0_i32..).zip(bytes.chunks(CHUNK_BYTE_COUNT)) {
        let sealed = Sealed::Chunk(position).seal(&app.vault, import, piece);
        let sealed = sealed.map_err(Failure::internal)?;
        imports::add_chunk(&app.db, import.id, position, sealed).await?;
    }
    // The legal time of filing of every row.
    let received_at = app.clock.now();
    let kind = import.created_by_kind.get().map_err(store::Error::from)?;
    let actor = Actor::by(kind, import.created_by);
    let (place, subject) = (
        (ids::uuid_v7(&app.clock), received_at),
        (SubjectKind::Import, import.id),
    );
    let entry = store::audit::entry(place, actor, Action::ImportAccepted, subject);
    let audit = store::audit::Entry {
        digest: Some(digest.to_vec()),
        ..entry
    };
    let acceptance = Acceptance {
        received_at,
        key,
        waiting_count_max: WAITING_COUNT_MAX,
        audit,
    };
    let admission = imports::accept(&app.db, import, acceptance).await?;
    import.state = ImportState::Queued.into();
    import.received_at = Some(received_at);
    Ok(admission)
}

/// If this fails, the sweep discards it later.
async fn discard(app: &App, id: Uuid) {
    if let Err(error) = imports::discard(&app.db, id).await {
        tracing::warn!(import.id = %id, %error, "could not discard an upload");
    }
}

#[cfg(test)]
mod tests {
    use domain::{problem::Violation, time::parse_day};

    use super::*;

    #[tokio::test]
    async fn a_file_is_inspected_before_it_is_stored() {
        let good = inspect(b"a,b\n".to_vec(), FileKind::Csv).await;
        assert_eq!(good.ok().map(|(bytes, _)| bytes.len()), Some(4));
        let bad = inspect(b"a,b\n".to_vec(), FileKind::Xlsx).await;
        assert_eq!(
            bad.err().map(|failure| failure.code()),
            Some(Code::ValidationFailed)
        );
        let fault = table::FileFault::Unreadable.violation();
        assert_eq!(fault, Violation::new("", Code::FileUnreadable));
    }

    #[test]
    fn whatever_changes_what_comes_of_a_file_makes_another_request() {
        let until = |facility, is_dry_run, order: Option<&str>, until: Option<&str>, digest| {
            let wishes = UploadQuery {
                facility_id: Uuid::from_u128(facility),
                is_dry_run,
                date_order: order.and_then(DateOrder::parse),
                permitted_stay_until: until.and_then(parse_day),
            };
            wishes.to_request(&[digest; 32])
        };
        let request =
            |facility, is_dry_run, order, digest| until(facility, is_dry_run, order, None, digest);
        let requests = [
            until(1, false, None, Some("2026-12-27"), 1),
            until(1, false, None, Some("2026-12-28"), 1),
            request(1, false, None, 1),
            request(2, false, None, 1),
            request(1, false, None, 2),
            request(1, true, None, 1),
            request(1, false, Some("dmy"), 1),
            request(1, false, Some("mdy"), 1),
            request(1, true, Some("mdy"), 1),
        ];
        let distinct: std::collections::HashSet<_> = requests.iter().collect();
        assert_eq!(distinct.len(), requests.len());
    }
}
