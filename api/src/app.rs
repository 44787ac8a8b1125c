//! What handlers share.

use std::sync::Arc;

use intake::Intake;
use poem::Request;
use runtime::{
    clock::Clock, draft_seal::DraftSeal, ops::Readiness, password::PasswordHasher,
    signing::ReceiptSigner, vault::Vault, webhook_target::WebhookTargets,
};
use store::Database;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::catalogues::published::Published;
use crate::config::ApiSettings;
use crate::events::Tail;
use crate::imports::workbooks::Templates;
use crate::key_uses::KeyUses;
use crate::known_keys::KnownKeys;
use crate::limit::Limits;
use crate::noted_reads::NotedReads;
use crate::police::statistics::kept::KeptStatistics;
use crate::problem::Failure;
use crate::sign_in::SignInAttempts;

/// See the module.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) vault: Arc<Vault>,
    pub(crate) signer: Arc<ReceiptSigner>,
    pub(crate) pepper: [u8; 32],
    /// Opens what browsers sealed while they were offline.
    pub(crate) drafts: DraftSeal,
    /// Distinguishes genuine keys from forged rows.
    pub(crate) row_key: store::api_keys::RowKey,
    /// The same for accounts, sessions, machines and one-time links.
    pub(crate) account_row_key: store::accounts::AccountRowKey,
    pub(crate) passwords: PasswordHasher,
    /// Wrong passwords and codes of late.
    pub(crate) attempts: SignInAttempts,
    pub(crate) intake: Intake,
    pub(crate) catalogues: Published,
    pub(crate) clock: Clock,
    pub(crate) readiness: Readiness,
    pub(crate) settings: ApiSettings,
    pub(crate) limits: Limits,
    pub(crate) keys: KnownKeys,
    /// When keys were last used.
    pub(crate) key_uses: KeyUses,
    pub(crate) noted_reads: NotedReads,
    pub(crate) statistics: KeptStatistics,
    /// What is new in the feed.
    pub(crate) tail: Tail,
    /// Ends what would go on after the answer.
    pub(crate) stop: CancellationToken,
    /// The right to search a picture.
    pub(crate) pictures: Arc<Semaphore>,
    /// The right to wait for it.
    pub(crate) pictures_waiting: Semaphore,
    /// The right to write a paper.
    pub(crate) papers: Semaphore,
    /// Permission to inspect an uploaded file.
    pub(crate) files: Semaphore,
    /// The template for files, as workbooks.
    pub(crate) templates: Templates,
    /// Where webhooks may go.
    pub(crate) webhook_targets: WebhookTargets,
}

impl App {
    /// The application, attached to the request by `door`.
    pub(crate) fn of(request: &Request) -> Result<&Arc<Self>, Failure> {
        request
            .data::<Arc<Self>>()
            .ok_or_else(|| Failure::internal("a request came past the door"))
    }
}
