//! What travels, as the document describes it.
//!
//! Requests are judged by `domain` and answers about stays are written by `intake`: the types here
//! never carry one. They are where the document gets its schemas from, and a test holds them to
//! the members that `domain` reads.

pub(crate) mod admin;
pub(crate) mod directory;
pub(crate) mod review;
pub(crate) mod text;

use poem_openapi::{Object, types::Any};
use serde_json::Value;
use uuid::Uuid;

use text::{
    Address, ChangeWord, ChannelWord, CodeWord, CommuneCode, CompactJws, CompletionWord,
    CountryCode, DateOrderWord, Day, DeliveryWord, DocumentKindWord, DueWord, EventWord,
    FacilityKindWord, FateWord, FieldWord, FileKindWord, Id, IdentityWord, ImportStateWord,
    Instant, KnownByWord, MissingWord, Name, NoDocumentReasonWord, Note, OutcomeWord, PartialDate,
    PartyRoleWord, PassedOverWord, Place, Pointer, PresenceWord, ProvinceCode, PurposeWord, Reason,
    ReceiptNumber, Reference, RoomKindWord, RowOutcomeWord, ScanKindWord, SexWord, Sha256Hex,
    TimelinessWord, WebhookEventWord, WebhookOutcomeWord, WebhookProgressWord, WebhookReasonWord,
    WebhookStateWord, WebhookUrl, Word,
};

/// One guest's stay at one facility, as it is declared. A member that is `null` counts as absent.
#[derive(Object)]
#[oai(rename = "StayDraft")]
pub(crate) struct StayDraft {
    /// Where; may be left out by a key that serves one facility.
    facility_id: Option<Id>,
    /// The sender's own name for this stay, unique per facility among stays not cancelled.
    reference: Option<Reference>,
    /// Required in lodging businesses, guest houses and schools; medical facilities: room or bed.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward: kept, never forwarded.
    ward: Option<Place>,
    /// When the stay began; now when left out. At most 10 minutes ahead and 62 days back.
    arrival_at: Option<Instant>,
    /// Required in lodging businesses, guest houses and schools.
    expected_departure_at: Option<Instant>,
    /// Why the guest is here; the facility kind's default when left out.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who.
    guest: Guest,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
}

/// Who stays. A citizen with a 12-digit number needs no more than name and document.
#[derive(Object)]
pub(crate) struct Guest {
    /// As on the document, in one piece. May be missing only for an unidentified person.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// ISO 3166-1 alpha-3 or a code of ICAO 9303; `VNM` when left out with a Vietnamese document.
    nationality: Option<CountryCode>,
    /// What was shown.
    document: IdentityDocument,
    /// Required when the kind of document is `none`.
    no_document_reason: Option<NoDocumentReasonWord>,
    /// Where the guest lives.
    residence: Option<Residence>,
    /// Telephone.
    phone: Option<Word>,
    /// Who answers for a child or a patient.
    guardian: Option<Guardian>,
    /// A newborn's mother: the reference of her stay.
    mother_reference: Option<Reference>,
    /// Foreigners: the last permitted day.
    permitted_stay_until: Option<Day>,
    /// Foreigners: the visa.
    visa: Option<Visa>,
    /// Foreigners: the day of entry.
    entered_on: Option<Day>,
    /// Foreigners: the gate of entry.
    entry_gate: Option<Name>,
}

/// The document that was shown.
#[derive(Object)]
pub(crate) struct IdentityDocument {
    /// Its kind.
    kind: DocumentKindWord,
    /// Its number; absent only when the kind is `none`.
    number: Option<Word>,
}

/// Where a guest lives.
#[derive(Object)]
pub(crate) struct Residence {
    /// A commune of today; codes of before 2025-07-01 are taken with a warning.
    commune_code: Option<CommuneCode>,
    /// Street, hamlet.
    address: Option<Address>,
}

/// Who answers for a guest.
#[derive(Object)]
pub(crate) struct Guardian {
    /// Name.
    full_name: Option<Name>,
    /// What he is to the guest.
    relation: Option<Word>,
    /// Telephone.
    phone: Option<Word>,
}

/// A visa, as printed.
#[derive(Object)]
pub(crate) struct Visa {
    /// Kind.
    kind: Option<Word>,
    /// Number.
    number: Option<Word>,
    /// The last day it is good for.
    expires_on: Option<Day>,
}

/// The group a guest belongs to.
#[derive(Object)]
pub(crate) struct Party {
    /// The sender's name for the group.
    reference: Option<Reference>,
    /// What the guest is in it.
    role: Option<PartyRoleWord>,
}

/// What changes of a stay, as a merge patch: `null` takes a member away, what is left out stays.
#[derive(Object)]
pub(crate) struct StayPatch {
    /// The sender's own name for this stay.
    reference: Option<Reference>,
    /// The room.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward.
    ward: Option<Place>,
    /// When the stay began; at most 62 days before it was declared.
    arrival_at: Option<Instant>,
    /// When it is expected to end.
    expected_departure_at: Option<Instant>,
    /// When the guest left; `null` takes a departure back.
    departed_at: Option<Instant>,
    /// Why the guest is here.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who. A document that is shown ends the reason for having had none.
    guest: Option<GuestPatch>,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
    /// Why the stay is changed: kept with the version, never forwarded.
    reason: Reason,
}

/// What changes of a guest.
#[derive(Object)]
pub(crate) struct GuestPatch {
    /// As on the document, in one piece.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// ISO 3166-1 alpha-3 or a code of ICAO 9303.
    nationality: Option<CountryCode>,
    /// What was shown.
    document: Option<IdentityDocumentPatch>,
    /// Why there is no document.
    no_document_reason: Option<NoDocumentReasonWord>,
    /// Where the guest lives.
    residence: Option<Residence>,
    /// Telephone.
    phone: Option<Word>,
    /// Who answers for a child or a patient.
    guardian: Option<Guardian>,
    /// A newborn's mother: the reference of her stay.
    mother_reference: Option<Reference>,
    /// Foreigners: the last permitted day.
    permitted_stay_until: Option<Day>,
    /// Foreigners: the visa.
    visa: Option<Visa>,
    /// Foreigners: the day of entry.
    entered_on: Option<Day>,
    /// Foreigners: the gate of entry.
    entry_gate: Option<Name>,
}

/// What changes of a document.
#[derive(Object)]
pub(crate) struct IdentityDocumentPatch {
    /// Its kind.
    kind: Option<DocumentKindWord>,
    /// Its number.
    number: Option<Word>,
}

/// A guest has left.
#[derive(Object)]
#[oai(rename = "Departure")]
pub(crate) struct DepartureDraft {
    /// When; not before the arrival, at most 10 minutes ahead.
    departed_at: Instant,
}

/// A guest stays longer.
#[derive(Object)]
#[oai(rename = "Extension")]
pub(crate) struct ExtensionDraft {
    /// Until when; after the arrival.
    expected_departure_at: Instant,
}

/// A stay was declared in error.
#[derive(Object)]
#[oai(rename = "Cancellation")]
pub(crate) struct CancellationDraft {
    /// Why: kept with the version, never forwarded.
    reason: Reason,
}

/// Every version of a stay.
#[derive(Object)]
pub(crate) struct History {
    /// The stay.
    stay_id: Id,
    /// Its versions, the oldest first.
    items: Vec<HistoryItem>,
}

/// A version of a stay: who, when, why.
#[derive(Object)]
pub(crate) struct HistoryItem {
    /// Which version, from 1.
    version: u32,
    /// What made it.
    change: ChangeWord,
    /// The members in which it differs from the version before.
    changed: Vec<Pointer>,
    /// When it was received.
    made_at: Instant,
    /// Who made it.
    made_by: Maker,
    /// By which door.
    channel: ChannelWord,
    /// Why, in the sender's words; of amendments and cancellations.
    #[oai(nullable)]
    reason: Option<String>,
    /// Whether the guest was there.
    presence: PresenceWord,
    /// Whether the police are told of it.
    is_forwarded: bool,
    /// The number of its receipt.
    receipt_number: String,
    /// What deserved a look.
    warnings: Vec<Warning>,
}

/// The key that made a version.
#[derive(Object)]
pub(crate) struct Maker {
    /// Its id.
    key_id: Id,
    /// What people call it.
    #[oai(nullable)]
    label: Option<String>,
}

/// Many stays at once. Each is judged by itself.
#[derive(Object)]
pub(crate) struct StayBatch {
    /// The stays.
    #[oai(validator(min_items = 1, max_items = 1000))]
    stays: Vec<StayDraft>,
}

/// Everyone who is present in a facility, or in a part of it, at one instant.
#[derive(Object)]
#[oai(rename = "Census")]
pub(crate) struct CensusDraft {
    /// When it was taken. Stays that arrived or changed after it are left alone, and so are those in
    /// a ward or in rooms of which a later census is known: a line that brings a guest there is
    /// refused with `census_stale`.
    taken_at: Instant,
    /// The part of the facility it covers; all of it when left out.
    scope: Option<CensusScope>,
    /// What becomes of who is present and not in it: `depart` at `taken_at`, or `ask`. Left out,
    /// medical facilities let depart and all others ask.
    missing: Option<MissingWord>,
    /// That a census which looks like a mistake is none.
    confirm: Option<CensusConfirmation>,
    /// Who is present. Matched with stays by `reference`, else by document.
    #[oai(validator(max_items = 5000))]
    stays: Vec<CensusLine>,
}

/// A part of a facility: one of the two.
#[derive(Object)]
pub(crate) struct CensusScope {
    /// A ward.
    ward: Option<Place>,
    /// Rooms whose names begin so.
    room_prefix: Option<Place>,
}

/// What the sender knows of a census that looks like a mistake.
#[derive(Object)]
pub(crate) struct CensusConfirmation {
    /// How many guests depart by it.
    departures: Option<u32>,
}

/// A guest who is present. Of a stay that is known, only the members that are sent change; a new
/// one needs what a declaration needs.
#[derive(Object)]
pub(crate) struct CensusLine {
    /// The facility of the path, if anything.
    facility_id: Option<Id>,
    /// The sender's own name for this stay.
    reference: Option<Reference>,
    /// The room.
    room: Option<Place>,
    /// The bed.
    bed: Option<Place>,
    /// The ward; that of the scope when left out.
    ward: Option<Place>,
    /// When the stay began; of a new one, when the census was taken if left out.
    arrival_at: Option<Instant>,
    /// When it is expected to end.
    expected_departure_at: Option<Instant>,
    /// Why the guest is here.
    purpose: Option<PurposeWord>,
    /// What the purpose `other` means.
    purpose_text: Option<Note>,
    /// Who.
    guest: Option<GuestPatch>,
    /// With whom.
    party: Option<Party>,
    /// The sender's own note.
    note: Option<Note>,
}

/// What became of a census.
#[derive(Object)]
pub(crate) struct CensusAnswer {
    /// How many stays are new.
    arrived: u32,
    /// How many guests have departed.
    departed: u32,
    /// How many stays say something else now.
    changed: u32,
    /// How many said it already.
    unchanged: u32,
    /// About how many guests the facility is asked.
    asked: u32,
    /// How many lines were refused, or could not be worked on now.
    rejected: u32,
    /// Why guests who are missing are asked about though they were to depart: faulty lines that may
    /// be about any of them. Pointers are into the census.
    warnings: Vec<ViolationView>,
    /// One for each line in the order sent, then one for each guest who is missing.
    results: Vec<CensusResult>,
}

/// What a census did with a guest.
#[derive(Object)]
pub(crate) struct CensusResult {
    /// The place of the line, from 0; `null` for a guest who is missing.
    #[oai(nullable)]
    index: Option<u32>,
    /// The reference of the line or of the stay.
    #[oai(nullable)]
    reference: Option<String>,
    /// What became of the guest.
    outcome: FateWord,
    /// The stay, where there is one.
    #[oai(nullable)]
    stay_id: Option<Id>,
    /// The stay with its receipt, where a version was made.
    #[oai(nullable)]
    stay: Option<Stay>,
    /// Why the line was refused; pointers are into the line.
    #[oai(nullable)]
    problem: Option<Problem>,
}

/// What a scanner delivers.
#[derive(Object)]
pub(crate) struct ScanText {
    /// `qr` for the QR code of a citizen's card, `mrz` for a machine-readable zone.
    kind: ScanKindWord,
    /// The text as the scanner gives it; the lines of a zone one after the other.
    text: String,
}

/// What a scan says about a guest.
#[derive(Object)]
#[oai(rename = "Scan")]
pub(crate) struct ScanView {
    /// The members it holds, in the form of a stay's `guest`.
    guest: ScannedGuest,
    /// Each doubt at its member; compare with the document.
    warnings: Vec<ViolationView>,
}

/// The members of a guest that a scan holds; any may be missing.
#[derive(Object)]
pub(crate) struct ScannedGuest {
    /// As on the document; without diacritics from a machine-readable zone.
    full_name: Option<Name>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    birth_date: Option<PartialDate>,
    /// The sex on the document.
    sex: Option<SexWord>,
    /// Alpha-3.
    nationality: Option<CountryCode>,
    /// The document itself.
    document: Option<IdentityDocument>,
    /// Where the guest lives, as printed when the card was issued.
    residence: Option<Residence>,
}

/// A stay as its sender sees it: as sent, after normalisation, plus what the service adds.
#[derive(Object)]
pub(crate) struct Stay {
    #[oai(flatten)]
    declared: StayDraft,
    /// The stay's id.
    id: Id,
    /// The version shown, from 1; the `ETag`.
    version: u32,
    /// Legal time of filing, that of version 1 for ever.
    received_at: Instant,
    /// When the declaration was due by law.
    deadline_at: Instant,
    /// `on_time` if received before the deadline.
    timeliness: TimelinessWord,
    /// What deserves a look; refuses nothing.
    warnings: Vec<Warning>,
    /// Whether the guest is there.
    presence: PresenceWord,
    /// When the guest left, if he did.
    departed_at: Option<Instant>,
    /// What the population registry said.
    identity: Identity,
    /// The way to the police.
    delivery: Delivery,
    /// What is still owed.
    completion: Completion,
    /// What the facility is asked about the stay; only where something is asked, and only in the
    /// stay as it stands.
    questions: Option<Vec<StayQuestion>>,
    /// The signed receipt.
    receipt: Receipt,
}

/// What a facility is asked about a stay: by the police, until it is answered in words or by a change
/// of what is asked about, or because a census did not have the guest.
#[derive(Object)]
pub(crate) struct StayQuestion {
    /// `census_missing`: has the guest left? A departure closes the question, and so does a later
    /// census that has the guest. Left out where the police ask.
    code: Option<CodeWord>,
    /// Since when.
    asked_at: Instant,
    /// Of a question of the police: its id.
    id: Option<Id>,
    /// Of a question of the police: what is asked, in an officer's words.
    #[oai(nullable)]
    question: Option<String>,
    /// Of a question of the police: the members to look at again.
    pointers: Option<Vec<Pointer>>,
}

/// Something that deserves a look.
#[derive(Object)]
pub(crate) struct Warning {
    /// Where.
    pointer: Pointer,
    /// What.
    code: CodeWord,
    /// With `already_present_here`, `overlaps_stay_here` and `declared_by_another_sender`: the
    /// other stay, of the same facility.
    stay_id: Option<Id>,
}

/// The state of the identity check.
#[derive(Object)]
pub(crate) struct Identity {
    /// `attention`: look at the members named again. `reviewed`: an officer has accepted it as it is;
    /// so it stays until name, birth date, sex or document is changed.
    state: IdentityWord,
    /// The members to look at again, always the same three.
    pointers: Option<Vec<Pointer>>,
}

/// The state of the newest forwardable version on its way to the police.
#[derive(Object)]
pub(crate) struct Delivery {
    /// The state.
    state: DeliveryWord,
    /// Of which version.
    version: u32,
    /// What the police call it.
    police_reference: Option<String>,
    /// Why it was refused or set aside.
    reason: Option<String>,
}

/// What is still owed of a declaration.
#[derive(Object)]
pub(crate) struct Completion {
    /// The state.
    state: CompletionWord,
    /// The members that are missing.
    missing: Option<Vec<Pointer>>,
    /// Until when they are owed.
    #[oai(nullable)]
    due_at: Option<Instant>,
}

/// A receipt. Its JWS verifies offline with the keys at `/.well-known/jwks.json`.
#[derive(Object)]
pub(crate) struct Receipt {
    /// The receipt's number.
    number: String,
    /// Of which version.
    version: u32,
    /// Legal time of filing.
    received_at: Instant,
    /// When the declaration was due.
    deadline_at: Instant,
    /// Whether it came in time.
    timeliness: TimelinessWord,
    /// 16 random bytes, base64url.
    content_salt: String,
    /// SHA-256 of the salt and the canonical content (RFC 8785).
    content_sha256: Sha256Hex,
    /// The signed receipt.
    jws: CompactJws,
}

/// The receipt of a facility's day. Its JWS verifies offline with the keys at
/// `/.well-known/jwks.json`; it states everything here but the list.
#[derive(Object)]
pub(crate) struct DayReceipt {
    /// The facility.
    facility_id: Id,
    /// The day in Viet Nam on which the stays began.
    date: Day,
    /// When it was looked: a stay declared late may still come to a day that is over.
    as_of: Instant,
    /// How many stays; those cancelled do not count.
    count: u32,
    /// SHA-256 over the numbers, sorted and joined by line feeds.
    sha256: Sha256Hex,
    /// Every receipt, in the order of declaration, by the number of the stay's first version.
    receipts: Vec<DayReceiptLine>,
    /// The signed statement.
    jws: CompactJws,
}

/// A receipt of a day.
#[derive(Object)]
pub(crate) struct DayReceiptLine {
    /// The receipt's number.
    number: String,
    /// The stay.
    stay_id: Id,
    /// Legal time of filing.
    received_at: Instant,
    /// Whether it came in time.
    timeliness: TimelinessWord,
}

/// What the receipts of a facility's day come to.
#[derive(Object)]
#[oai(rename = "Digest")]
pub(crate) struct DigestView {
    /// The facility.
    facility_id: Id,
    /// The day in Viet Nam on which the stays began.
    date: Day,
    /// How many stays; those cancelled do not count.
    count: u32,
    /// SHA-256 over the numbers of their first versions, sorted and joined by line feeds.
    sha256: Sha256Hex,
}

/// The receipts that a sender holds of a day.
#[derive(Object)]
pub(crate) struct HeldReceipts {
    /// The day in Viet Nam on which the stays began.
    date: Day,
    /// The numbers of the stays' first versions, in any order; one given twice counts once.
    #[oai(validator(max_items = 100000))]
    receipts: Vec<ReceiptNumber>,
}

/// How the receipts that a sender holds differ from those stored.
#[derive(Object)]
#[oai(rename = "DigestComparison")]
pub(crate) struct ComparisonView {
    /// Stored of the day, and not on the list, sorted.
    missing: Vec<String>,
    /// On the list, and not stored of the day (another day, cancelled, never saved), sorted:
    /// declare these again, which makes nothing twice.
    unknown: Vec<String>,
}

/// Something that a facility still has to see to.
#[derive(Object)]
pub(crate) struct DueItem {
    /// `correction`: refused by the police, a present guest's data are to be looked at again, or a
    /// question is open; `unacknowledged`: not confirmed by the police yet; `completion`: members are owed.
    kind: DueWord,
    /// The stay.
    stay_id: Id,
    /// Its version, for `If-Match`.
    version: u32,
    /// Until when: the stay's deadline, or the time until which members are owed. Where nothing but
    /// a question is open: a day after it was asked, if that is later than the deadline.
    due_at: Instant,
    /// Whether that time has come.
    is_overdue: bool,
    /// Where the stay is on its way to the police.
    delivery: DeliveryWord,
    /// Why it was refused or set aside.
    #[oai(nullable)]
    reason: Option<String>,
    /// The members to look at again, or those that are missing.
    pointers: Vec<Pointer>,
    /// What the facility is asked about the stay; with `correction` only.
    questions: Vec<StayQuestion>,
}

/// A page of what is to be seen to, the most urgent first.
#[derive(Object)]
pub(crate) struct DuePage {
    /// What is to be seen to.
    items: Vec<DueItem>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// A page of stays, newest first.
#[derive(Object)]
pub(crate) struct StayPage {
    /// The stays.
    items: Vec<Stay>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    next_cursor: Option<String>,
    /// Stays of this page that are stored damaged and cannot be read; left out when all can.
    unreadable: Option<Vec<UnreadableStay>>,
}

/// What can be told of a stay whose stored content is damaged. The operator knows of it.
#[derive(Object)]
pub(crate) struct UnreadableStay {
    /// The stay.
    id: Id,
    /// Where it is.
    facility_id: Id,
    /// Its newest version.
    version: u32,
    /// Whether the guest is there.
    presence: PresenceWord,
    /// When it began.
    arrival_at: Instant,
    /// Legal time of filing.
    received_at: Instant,
}

/// Whose stays are looked for: by number or name, or both.
#[derive(Object)]
pub(crate) struct StaySearch {
    /// The number of the document that was shown; spaces, dots and letter case do not matter.
    document_number: Option<Word>,
    /// The whole name, with or without diacritics, in any letter case.
    full_name: Option<Name>,
    /// The year of birth, where a name is common. Guests whose year is not known are found too.
    #[oai(validator(minimum(value = "1850"), maximum(value = "2100")))]
    birth_year: Option<u32>,
    /// Only at this facility; at all of the key's when left out.
    facility_id: Option<Id>,
    /// Most stays of the page; 50 when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "200")))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What the rules say of a stay that is not to be stored.
#[derive(Object)]
pub(crate) struct Judgement {
    /// Whether it would be accepted.
    valid: bool,
    /// Every broken rule.
    errors: Vec<ViolationView>,
    /// What would be noted.
    warnings: Vec<Warning>,
    /// When it would be due, if it is well-formed.
    #[oai(nullable)]
    deadline_at: Option<Instant>,
    /// Whether it would be on time now.
    #[oai(nullable)]
    timeliness: Option<TimelinessWord>,
}

/// A broken rule.
#[derive(Object)]
#[oai(rename = "Violation")]
pub(crate) struct ViolationView {
    /// Where, in the document sent.
    pointer: Pointer,
    /// Which rule.
    code: CodeWord,
    /// The fact, then the fix, in the language asked for.
    message: String,
}

/// What became of a batch.
#[derive(Object)]
pub(crate) struct BatchAnswer {
    /// How many stays are new.
    accepted: u32,
    /// How many were there already.
    replayed: u32,
    /// How many were refused.
    rejected: u32,
    /// One for each item, in the order sent.
    results: Vec<BatchResult>,
}

/// What became of one item of a batch.
#[derive(Object)]
pub(crate) struct BatchResult {
    /// Its place in the batch, from 0.
    index: u32,
    /// Its reference, if it had one.
    #[oai(nullable)]
    reference: Option<String>,
    /// What became of it.
    outcome: OutcomeWord,
    /// The stay, unless refused.
    #[oai(nullable)]
    stay: Option<Stay>,
    /// Why it was refused; pointers are into the item.
    #[oai(nullable)]
    problem: Option<Problem>,
    /// What deserves a look about the item itself; what does about the stay is in `stay.warnings`.
    /// `same_as_earlier_item`: it says the same as an item before it and was saved once.
    warnings: Vec<Warning>,
}

/// A file of stays and how far it has come. It is kept for 7 days.
#[derive(Object)]
#[oai(rename = "Import")]
pub(crate) struct ImportView {
    /// Its id.
    id: Id,
    /// Where the stays are.
    facility_id: Id,
    /// How far it has come; `failed`: it cannot be read as a whole, and `problem` says why.
    state: ImportStateWord,
    /// Nothing is stored; `accepted` means that it would be.
    dry_run: bool,
    /// What kind of file it is.
    format: FileKindWord,
    /// When the upload was accepted: the legal time of filing of all its stays.
    received_at: Instant,
    /// When the last row was done.
    #[oai(nullable)]
    finished_at: Option<Instant>,
    /// When the file, its outcomes and its rejected rows are deleted.
    expires_at: Instant,
    /// Rows below the heading; `null` until the file is read.
    #[oai(nullable)]
    rows_total: Option<u32>,
    /// Rows that are done.
    rows_done: u32,
    /// Rows whose stay is new.
    accepted: u32,
    /// Rows that had been declared before.
    replayed: u32,
    /// Rows that were refused: mend them and send them again.
    rejected: u32,
    /// Rows of nobody who is here: bookings, cancellations, no-shows.
    skipped: u32,
    /// How the columns were understood; `null` until the file is read.
    #[oai(nullable)]
    columns: Option<Vec<ImportColumn>>,
    /// How dates with slashes were read; `null` until the file is read, and where columns differ:
    /// each says its own.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
    /// What the sender said of all foreigners of the file whose own rows do not say.
    #[oai(nullable)]
    permitted_stay_until: Option<Day>,
    /// What makes it safe to send the file again; `null` until it is read.
    #[oai(nullable)]
    resend: Option<ImportResend>,
    /// The sheets that are read, in the order of the file; a text file counts as one without a
    /// name. `null` until the file is read.
    #[oai(nullable)]
    sheets: Option<Vec<ImportSheet>>,
    /// The sheets that are not read, each with the reason.
    passed_over: Vec<PassedOverSheet>,
    /// Why the file cannot be read.
    #[oai(nullable)]
    problem: Option<Problem>,
}

/// A sheet that is read.
#[derive(Object)]
pub(crate) struct ImportSheet {
    /// Its name; `null` of a text file.
    #[oai(nullable)]
    name: Option<String>,
    /// Rows below the heading that are not blank.
    rows_total: u32,
    /// The row of the heading, as a spreadsheet numbers it.
    heading_row: u32,
    /// The first row below it that is not blank.
    first_row: u32,
    /// The last row that is not blank.
    last_row: u32,
    /// How its columns were understood.
    columns: Vec<ImportColumn>,
    /// How its dates with slashes were read; `null` when they contradict each other.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
}

/// A sheet that is not read.
#[derive(Object)]
pub(crate) struct PassedOverSheet {
    /// Its name.
    name: String,
    /// Why.
    reason: PassedOverWord,
}

/// A column that is understood.
#[derive(Object)]
pub(crate) struct ImportColumn {
    /// Its number, from 1.
    column: u32,
    /// What it holds.
    field: FieldWord,
    /// Its heading.
    heading: String,
    /// `false`: another column that means the same was taken in its place.
    is_used: bool,
    /// How its dates with slashes were read; `null` of a column without days.
    #[oai(nullable)]
    date_order: Option<DateOrderWord>,
}

/// What makes it safe to send a file again.
#[derive(Object)]
pub(crate) struct ImportResend {
    /// By what its rows are known again: `reference`, `person_number` (with the day of arrival) or
    /// `content`.
    known_by: KnownByWord,
    /// The same in words.
    message: String,
}

/// What became of rows of a file.
#[derive(Object)]
pub(crate) struct ImportRowPage {
    /// The rows, in the order of the file.
    items: Vec<ImportRowView>,
    /// Leads to the next page; `null` on the last of those that are done.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// What became of a row.
#[derive(Object)]
#[oai(rename = "ImportRow")]
pub(crate) struct ImportRowView {
    /// The name of its sheet; `null` of a text file.
    #[oai(nullable)]
    sheet: Option<String>,
    /// Its number as a spreadsheet shows it, from 1.
    row: u32,
    /// What became of it.
    outcome: RowOutcomeWord,
    /// The stay, when it is new or had been declared before.
    #[oai(nullable)]
    stay_id: Option<Id>,
    /// What deserves a look.
    warnings: Vec<ViolationView>,
    /// Why it was refused; pointers are into a stay.
    #[oai(nullable)]
    problem: Option<Problem>,
}

/// An error (RFC 9457), whatever went wrong.
#[derive(Object)]
pub(crate) struct Problem {
    /// Leads to the code in the catalogue `error_codes`.
    #[oai(rename = "type")]
    kind: String,
    /// A few words, in the language asked for.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The fact, then the fix.
    detail: String,
    /// `urn:uuid:` and the request's id.
    instance: String,
    /// Stable: never renamed, never used for something else.
    code: CodeWord,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// The request's id, also in `X-Request-Id`.
    request_id: String,
    /// Every broken rule at once; empty unless the document was at fault.
    errors: Vec<ViolationView>,
    /// With `reference_conflict`: the stay that has the reference.
    stay_id: Option<Id>,
    /// With `census_implausible`: how many guests would depart.
    departures: Option<u32>,
    /// With `census_stale`: when the later census was taken.
    last_taken_at: Option<Instant>,
}

/// A facility that the key may declare for.
#[derive(Object)]
#[oai(rename = "Facility")]
pub(crate) struct FacilityView {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it is by law.
    pub(crate) kind: FacilityKindWord,
    /// A closer word, such as hotel or dormitory.
    #[oai(skip_serializing_if_is_none)]
    pub(crate) subkind: Option<String>,
    /// Its name.
    pub(crate) name: String,
    /// Its address inside the commune.
    pub(crate) address: String,
    /// Its commune.
    pub(crate) commune_code: CommuneCode,
    /// Its province.
    pub(crate) province_code: ProvinceCode,
    /// Whether foreigners may be declared within 24 hours instead of 12.
    pub(crate) is_remote: bool,
    /// From when on it takes no new declarations; stays declared before are still read, changed and
    /// departed.
    #[oai(skip_serializing_if_is_none)]
    pub(crate) ended_at: Option<Instant>,
}

/// A page of facilities.
#[derive(Object)]
pub(crate) struct FacilityPage {
    /// The facilities, by id.
    pub(crate) items: Vec<FacilityView>,
    /// Leads to the next page; `null` on the last.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}

/// All rooms and beds of a facility: replaces what was there.
#[derive(Object)]
#[oai(rename = "RoomList")]
pub(crate) struct RoomListDraft {
    /// The entries, in the order in which they are to be shown. List rooms or their beds, not
    /// both: capacities are added up.
    #[oai(validator(max_items = 5000))]
    items: Option<Vec<RoomDraft>>,
    /// The same by its former name; one of the two is sent.
    #[oai(validator(max_items = 5000))]
    rooms: Option<Vec<RoomDraft>>,
    /// Of a list that was answered and is put back: `null`.
    next_cursor: Option<String>,
}

/// A room or a bed.
#[derive(Object)]
pub(crate) struct RoomDraft {
    /// What a stay's `room` or `bed` calls it, without regard to letter case; unique within its
    /// ward.
    name: Place,
    /// What it is.
    kind: RoomKindWord,
    /// How many guests it holds; a bed one, when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    capacity: Option<u32>,
    /// The ward or house it belongs to.
    ward: Option<Place>,
}

/// A room or a bed, as it is listed.
#[derive(Object)]
#[oai(rename = "Room")]
pub(crate) struct RoomView {
    /// What stays call it.
    name: String,
    /// What it is.
    kind: RoomKindWord,
    /// How many guests it holds.
    capacity: u32,
    /// The ward or house it belongs to.
    ward: Option<String>,
}

/// A facility's list of rooms and beds.
#[derive(Object)]
pub(crate) struct RoomPage {
    /// The entries, in the order in which they were sent.
    items: Vec<RoomView>,
    /// Always `null`: the list is whole.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// Who is where on a day.
#[derive(Object)]
#[oai(rename = "Occupancy")]
pub(crate) struct OccupancyView {
    /// The facility.
    facility_id: Id,
    /// The calendar day of Viet Nam.
    date: Day,
    /// The places of the facility's list in their order, then others that stays name.
    rooms: Vec<OccupiedRoom>,
    /// The sums; they do not count who is in `unreadable`.
    totals: OccupancyTotals,
    /// Stays of the day that are stored damaged, so that nobody knows their places; left out when
    /// all can be read.
    unreadable: Option<Vec<Id>>,
}

/// A place and who is there on the day.
#[derive(Object)]
pub(crate) struct OccupiedRoom {
    /// Whether it is on the facility's list.
    is_listed: bool,
    /// What it is.
    kind: RoomKindWord,
    /// Its name; `null` for stays that name none.
    #[oai(nullable)]
    name: Option<String>,
    /// The ward or house it belongs to.
    #[oai(nullable)]
    ward: Option<String>,
    /// How many guests it holds; `null` when it is not listed.
    #[oai(nullable)]
    capacity: Option<u32>,
    /// How many guests sleep there the night that follows the day.
    occupied: u32,
    /// How many more could; `null` when it is not listed.
    #[oai(nullable)]
    free: Option<u32>,
    /// Who is there at some time of the day, in order of arrival: until the departure, and
    /// without one until the day on which it is expected.
    guests: Vec<RoomGuest>,
}

/// A guest in a place.
#[derive(Object)]
pub(crate) struct RoomGuest {
    /// The stay.
    stay_id: Id,
    /// The guest's name; `null` for an unidentified person.
    #[oai(nullable)]
    full_name: Option<String>,
    /// The room, as declared.
    #[oai(nullable)]
    room: Option<String>,
    /// The bed, as declared.
    #[oai(nullable)]
    bed: Option<String>,
    /// The ward, as declared.
    #[oai(nullable)]
    ward: Option<String>,
    /// When the stay began.
    arrival_at: Instant,
    /// When it is expected to end.
    #[oai(nullable)]
    expected_departure_at: Option<Instant>,
    /// When it ended.
    #[oai(nullable)]
    departed_at: Option<Instant>,
    /// Whether the guest sleeps there the night that follows the day.
    stays_overnight: bool,
}

/// The sums over all places.
#[derive(Object)]
pub(crate) struct OccupancyTotals {
    /// What the listed places hold.
    capacity: u32,
    /// Guests who sleep there the night that follows, in listed places or not.
    occupied: u32,
    /// What is free in the listed places.
    free: u32,
    /// Guests who are there at some time of the day.
    guests: u32,
    /// Those of them in places that are not listed.
    unlisted: u32,
}

/// A catalogue without its entries.
#[derive(Object)]
pub(crate) struct CatalogueHead {
    /// Its name.
    pub(crate) name: String,
    /// Changes whenever an entry does.
    pub(crate) version: String,
    /// The first day this version holds.
    pub(crate) valid_from: Day,
    /// The last day this version holds; `null` while it does.
    #[oai(nullable)]
    pub(crate) valid_to: Option<Day>,
    /// How many entries it has.
    pub(crate) item_count: u32,
}

/// The catalogues there are.
#[derive(Object)]
pub(crate) struct CatalogueList {
    /// The catalogues, by name.
    pub(crate) items: Vec<CatalogueHead>,
    /// Always `null`: there is one page.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}

/// A catalogue with its entries.
#[derive(Object)]
#[oai(rename = "Catalogue")]
pub(crate) struct CatalogueView {
    /// Its name.
    name: String,
    /// Changes whenever an entry does.
    version: String,
    /// The first day this version holds.
    valid_from: Day,
    /// The last day this version holds; `null` while it does.
    #[oai(nullable)]
    valid_to: Option<Day>,
    /// The entries, in their order; each has a `code`.
    items: Vec<CatalogueEntry>,
}

/// An entry of a catalogue. Its further members depend on the catalogue.
#[derive(Object)]
pub(crate) struct CatalogueEntry {
    /// What other documents call it.
    code: String,
}

/// What a key may do, and what is left of it.
#[derive(Object)]
#[oai(rename = "Limits")]
pub(crate) struct LimitsView {
    /// Stays the key may declare.
    pub(crate) key: QuotaView,
    /// Requests of the key that read.
    pub(crate) reads: QuotaView,
    /// Stays each facility may declare, whatever the key.
    pub(crate) facilities: Vec<FacilityQuotaView>,
    /// Requests at the same time.
    pub(crate) requests_at_once: AtOnceView,
    /// Most bytes of a body.
    pub(crate) body_bytes: BodyBytesView,
    /// When the key ends by itself; `null`: never. Ask for another in time.
    #[oai(nullable)]
    pub(crate) key_expires_at: Option<Instant>,
    /// Most stays of a batch.
    pub(crate) batch_stays: u32,
    /// Most lines of a census.
    pub(crate) census_stays: u32,
}

/// A quota that refills all the time.
#[derive(Object)]
#[oai(rename = "Quota")]
pub(crate) struct QuotaView {
    /// What comes back each second.
    pub(crate) per_second: u32,
    /// What may be used at once when nothing was used before.
    pub(crate) burst: u32,
    /// What is left now.
    pub(crate) remaining: u32,
}

/// A facility's quota.
#[derive(Object)]
#[oai(rename = "FacilityQuota")]
pub(crate) struct FacilityQuotaView {
    /// The facility.
    pub(crate) facility_id: Uuid,
    /// What comes back each second.
    pub(crate) per_second: u32,
    /// What may be used at once when nothing was used before.
    pub(crate) burst: u32,
    /// What is left now.
    pub(crate) remaining: u32,
}

/// Requests at the same time.
#[derive(Object)]
#[oai(rename = "RequestsAtOnce")]
pub(crate) struct AtOnceView {
    /// Of one key.
    pub(crate) key: u32,
    /// Of one facility.
    pub(crate) facility: u32,
    /// Of everybody.
    pub(crate) process: u32,
}

/// Most bytes of a body.
#[derive(Object)]
#[oai(rename = "BodyBytes")]
pub(crate) struct BodyBytesView {
    /// Of one stay.
    pub(crate) stay: u32,
    /// Of a batch.
    pub(crate) batch: u32,
    /// Of a census.
    pub(crate) census: u32,
    /// Of a file.
    pub(crate) file: u32,
}

/// The keys that verify receipts (RFC 7517).
#[derive(Object)]
pub(crate) struct Jwks {
    /// Ed25519 keys; the first one signs.
    keys: Vec<Any<Value>>,
}

/// That the process serves.
#[derive(Object)]
pub(crate) struct Alive {
    /// Always `alive`.
    status: String,
}

/// Whether the process should get requests.
#[derive(Object)]
pub(crate) struct Ready {
    /// `ready` or `not_ready`.
    status: String,
    /// `ok` or `failing`, by name.
    checks: Any<Value>,
    /// `ok` or `degraded`, by name; never changes the status.
    dependencies: Any<Value>,
}

/// Something that happened.
#[derive(Object)]
#[oai(rename = "Event")]
pub(crate) struct EventView {
    /// The same wherever the event is told of: whoever has seen it has seen the event.
    pub(crate) id: Uuid,
    /// Its place in the feed.
    pub(crate) cursor: String,
    /// What happened. More words may come.
    #[oai(rename = "type")]
    pub(crate) kind: EventWord,
    /// When.
    pub(crate) occurred_at: Instant,
    /// At which facility, if at one.
    #[oai(nullable)]
    pub(crate) facility_id: Option<Uuid>,
    /// To which stay, if to one.
    #[oai(nullable)]
    pub(crate) stay_id: Option<Uuid>,
    /// To which version of the stay.
    #[oai(nullable)]
    pub(crate) version: Option<i32>,
    /// Further members, by `type`. Nothing personal.
    pub(crate) data: Any<Value>,
}

/// A part of the feed.
#[derive(Object)]
pub(crate) struct EventPage {
    /// The events, oldest first.
    pub(crate) items: Vec<EventView>,
    /// Where to read on, now or later. Never `null`.
    pub(crate) next_cursor: String,
}

/// Whom to tell of events.
#[derive(Object)]
#[oai(rename = "WebhookDraft")]
pub(crate) struct WebhookDraft {
    /// Where to: https, to a public address.
    url: WebhookUrl,
    /// Of what; of everything when left out.
    #[oai(validator(min_items = 1))]
    events: Option<Vec<EventWord>>,
    /// Of which facilities; of all of the key's when left out.
    #[oai(validator(min_items = 1))]
    facility_ids: Option<Vec<Id>>,
}

/// A consumer of events.
#[derive(Object)]
#[oai(rename = "Webhook")]
pub(crate) struct WebhookView {
    /// Its id.
    pub(crate) id: Uuid,
    /// Where events are sent to, in its normal form.
    pub(crate) url: String,
    /// What it hears of; `null`: everything.
    #[oai(nullable)]
    pub(crate) events: Option<Vec<EventWord>>,
    /// Of which facilities; `null`: all of the organisation.
    #[oai(nullable)]
    pub(crate) facility_ids: Option<Vec<Uuid>>,
    /// Whether events are sent.
    pub(crate) state: WebhookStateWord,
    /// Since when it is switched off.
    #[oai(nullable)]
    pub(crate) disabled_at: Option<Instant>,
    /// Why.
    #[oai(nullable)]
    pub(crate) disabled_reason: Option<WebhookReasonWord>,
    /// Since when every call has failed; `null` when the last one did not.
    #[oai(nullable)]
    pub(crate) failing_since: Option<Instant>,
    /// When it was made.
    pub(crate) created_at: Instant,
    /// What signs the calls (Standard Webhooks). Told once, in the answer that makes the webhook.
    #[oai(skip_serializing_if_is_none)]
    pub(crate) secret: Option<String>,
}

/// A part of the list of webhooks.
#[derive(Object)]
pub(crate) struct WebhookPage {
    /// The webhooks, the oldest first.
    pub(crate) items: Vec<WebhookView>,
    /// Where to read on; `null` at the end.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}

/// An event on its way to a webhook.
#[derive(Object)]
#[oai(rename = "WebhookDelivery")]
pub(crate) struct WebhookDeliveryView {
    /// Its id.
    pub(crate) id: Uuid,
    /// The event, as the header `webhook-id` names it.
    pub(crate) event_id: Uuid,
    /// What happened. More words may come.
    #[oai(rename = "type")]
    pub(crate) kind: WebhookEventWord,
    /// Where it is on its way.
    pub(crate) state: WebhookProgressWord,
    /// Attempts so far.
    pub(crate) attempts: i32,
    /// When it was made.
    pub(crate) created_at: Instant,
    /// When it will be tried; `null` when it is settled.
    #[oai(nullable)]
    pub(crate) next_attempt_at: Option<Instant>,
    /// When it was last tried.
    #[oai(nullable)]
    pub(crate) last_attempt_at: Option<Instant>,
    /// How that ended.
    #[oai(nullable)]
    pub(crate) last_outcome: Option<WebhookOutcomeWord>,
    /// The status that was answered.
    #[oai(nullable)]
    pub(crate) last_status: Option<i32>,
}

/// A part of the list of a webhook's deliveries.
#[derive(Object)]
pub(crate) struct WebhookDeliveryPage {
    /// The deliveries, the newest first.
    pub(crate) items: Vec<WebhookDeliveryView>,
    /// Where to read on; `null` at the end.
    #[oai(nullable)]
    pub(crate) next_cursor: Option<String>,
}
