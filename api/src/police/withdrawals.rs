//! What facilities took back before the police heard of it: how often each does so.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use domain::{problem::Code, receipt, time};
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Serialize;
use store::review::withdrawals::{self, Withdrawal};
use uuid::Uuid;

use super::scope_of;
use crate::app::App;
use crate::auth::{Admitted, op};
use crate::examples::Examples;
use crate::parameters::{Query, query};
use crate::problem::Failure;
use crate::reply::Json;
use crate::shapes::text::{CommuneCode, Day, Instant, TimelinessWord};
use crate::topic::Topic;
use crate::unreadable;

query! {
    /// What was taken back when.
    pub(crate) struct WithdrawalQuery {
        /// The day in Viet Nam on which it was taken back; required.
        date: Option<NaiveDate>,
    }
}

impl Query<WithdrawalQuery> {
    /// The day that is asked for.
    ///
    /// Errors: 422 when it is missing, no day, or not alone.
    fn day(mut self) -> Result<NaiveDate, Failure> {
        if self.parameters.date.is_none() && !self.has_fault("date") {
            self.refuse("date", Code::Required);
        }
        let date = self.finish()?.date;
        date.ok_or_else(|| Failure::internal("a day that is missing was not refused"))
    }
}

/// What was taken back on a day.
#[derive(Object, Serialize)]
pub(crate) struct WithdrawalList {
    /// The day in Viet Nam on which it was taken back.
    date: Day,
    /// By facility.
    items: Vec<FacilityWithdrawals>,
    /// Always `null`: there is one page.
    #[oai(nullable)]
    next_cursor: Option<String>,
}

/// What a facility took back.
#[derive(Object, Serialize)]
struct FacilityWithdrawals {
    /// The facility.
    facility_id: Uuid,
    /// What people call it.
    facility_name: String,
    /// Its commune.
    commune_code: CommuneCode,
    /// How many stays.
    count: u32,
    /// Their receipts, in the order of declaration.
    receipts: Vec<WithdrawnReceipt>,
}

/// The receipt of a stay that was taken back.
#[derive(Object, Serialize)]
struct WithdrawnReceipt {
    /// Its number, of the stay's first version.
    number: String,
    /// Legal time of filing.
    received_at: Instant,
    /// When it was taken back.
    withdrawn_at: Instant,
    /// Whether it had come in time.
    timeliness: TimelinessWord,
}

/// What was taken back is listed.
#[derive(ApiResponse)]
pub(crate) enum WithdrawalsListed {
    /// By facility.
    #[oai(status = 200)]
    List(Json<WithdrawalList>),
}

/// What facilities took back.
pub(crate) struct WithdrawalsApi(pub(crate) Arc<App>);

impl Examples for WithdrawalsApi {
    const EXAMPLES: &'static str = include_str!("withdrawals.examples.json");
}

#[OpenApi]
impl WithdrawalsApi {
    /// List withdrawals
    ///
    /// Stays declared on a page are held for ten seconds, in which the desk may take them back: the
    /// police are never notified of those. Their receipts on a day, by facility. Nothing personal.
    #[oai(
        path = "/v1/police/withdrawals",
        method = "get",
        operation_id = "listWithdrawals",
        tag = "Topic::Police"
    )]
    async fn list(
        &self,
        admitted: Admitted<op::ListWithdrawals>,
        query: Query<WithdrawalQuery>,
    ) -> Result<WithdrawalsListed, Failure> {
        let date = query.day()?;
        let next_day = date.checked_add_days(Days::new(1)).unwrap_or(date);
        let midnight = |day| time::at_local(day, NaiveTime::MIN);
        let scope = scope_of(admitted.sender());
        let (from, until) = (midnight(date), midnight(next_day));
        let found = withdrawals::between(&self.0.db, &scope, from, until).await?;
        let of_facilities = found.chunk_by(|one, other| one.facility_id == other.facility_id);
        let items = of_facilities.map(FacilityWithdrawals::of);
        Ok(WithdrawalsListed::List(Json(WithdrawalList {
            date: Day::of(date),
            items: items.collect::<Result<_, _>>()?,
            next_cursor: None,
        })))
    }
}

impl FacilityWithdrawals {
    /// Those of one facility, of which there is at least one.
    fn of(withdrawals: &[Withdrawal]) -> Result<Self, Failure> {
        let first = withdrawals.first();
        let first = first.ok_or_else(|| Failure::internal("a facility without withdrawals"))?;
        Ok(Self {
            facility_id: first.facility_id,
            facility_name: first.facility_name.clone(),
            commune_code: CommuneCode(first.commune_code.clone()),
            count: u32::try_from(withdrawals.len()).unwrap_or(u32::MAX),
            receipts: withdrawals
                .iter()
                .map(WithdrawnReceipt::of)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl WithdrawnReceipt {
    /// Errors: a stored word is damaged.
    fn of(one: &Withdrawal) -> Result<Self, Failure> {
        let timeliness = one.timeliness.get();
        let timeliness = timeliness.map_err(|error| unreadable::failure(one.id, error))?;
        Ok(Self {
            number: receipt::number(one.received_at, one.id, 1),
            received_at: Instant::of(one.received_at),
            withdrawn_at: Instant::of(one.withdrawn_at),
            timeliness: timeliness.into(),
        })
    }
}
