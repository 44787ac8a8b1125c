"""The journey of a front desk with the client that openapi-python-client makes."""

import io
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import TypeVar
from uuid import UUID

from luutru_attrs import AuthenticatedClient
from luutru_attrs.api.events import create_webhook, list_events, list_webhooks
from luutru_attrs.api.facilities import list_due, put_census
from luutru_attrs.api.files import import_stays, list_import_rows, show_import
from luutru_attrs.api.stays import declare_stay, declare_stays, search_stays, show_stay
from luutru_attrs.models.batch_outcome import BatchOutcome
from luutru_attrs.models.census import Census
from luutru_attrs.models.census_line import CensusLine
from luutru_attrs.models.census_missing import CensusMissing
from luutru_attrs.models.document_kind import DocumentKind
from luutru_attrs.models.guest import Guest
from luutru_attrs.models.identity_document import IdentityDocument
from luutru_attrs.models.import_state import ImportState
from luutru_attrs.models.problem import Problem
from luutru_attrs.models.row_outcome import RowOutcome
from luutru_attrs.models.stay_batch import StayBatch
from luutru_attrs.models.stay_draft import StayDraft
from luutru_attrs.models.stay_search import StaySearch
from luutru_attrs.models.webhook_draft import WebhookDraft
from luutru_attrs.types import File, Unset

T = TypeVar("T")
NOW = datetime.now(timezone(timedelta(hours=7))).replace(microsecond=0)


def good(answer: T | Problem | None) -> T:
    """What was asked for, and no problem."""
    assert answer is not None
    assert not isinstance(answer, Problem), answer
    return answer


def stay(number: str, name: str) -> StayDraft:
    return StayDraft(
        reference=f"ATTRS-{number}",
        room="203",
        arrival_at=NOW - timedelta(minutes=5),
        expected_departure_at=NOW + timedelta(days=2),
        guest=Guest(
            full_name=name,
            document=IdentityDocument(kind=DocumentKind.CITIZEN_CARD, number=number),
        ),
    )


def main(api: str, key: str, facility: UUID) -> None:
    client = AuthenticatedClient(base_url=api, token=key)

    draft = stay("038090000101", "Nguyễn Thị Ánh")
    declared = good(declare_stay.sync(client=client, body=draft, idempotency_key="attrs-1"))
    assert declared.guest.full_name == "Nguyễn Thị Ánh" and declared.facility_id == facility
    again = good(declare_stay.sync(client=client, body=draft, idempotency_key="attrs-1"))
    assert again == declared
    shown = good(show_stay.sync(declared.id, client=client))
    assert shown.receipt.jws == declared.receipt.jws
    found = good(search_stays.sync(client=client, body=StaySearch(document_number="038 090 000 101")))
    assert [one.id for one in found.items] == [declared.id]

    hook = WebhookDraft(url="http://127.0.0.1:9/luutru")
    made = good(create_webhook.sync(client=client, body=hook, idempotency_key="attrs-hook"))
    assert not isinstance(made.secret, Unset) and made.secret.startswith("whsec_")
    told_again = good(create_webhook.sync(client=client, body=hook, idempotency_key="attrs-hook"))
    assert told_again.id == made.id and told_again.secret == made.secret
    assert made.id in [one.id for one in good(list_webhooks.sync(client=client)).items]

    family = [stay("038090000102", "Lê Văn Bình"), stay("12", "Trần Cúc")]
    batch = good(declare_stays.sync(client=client, body=StayBatch(stays=family)))
    first, second = batch.results
    assert first.outcome == BatchOutcome.ACCEPTED and first.stay is not None
    assert second.outcome == BatchOutcome.REJECTED and second.stay is None
    assert second.problem is not None
    assert second.problem.errors[0].pointer == "/guest/document/number"

    table = (
        "Họ và tên,Số giấy tờ,Phòng,Ngày đến,Ngày đi\n"
        f"Phạm Dũng,038090000103,204,{NOW:%d/%m/%Y},{NOW + timedelta(days=2):%d/%m/%Y}\n"
        f"Vũ Giang,77,205,{NOW:%d/%m/%Y},{NOW + timedelta(days=2):%d/%m/%Y}\n"
    )
    file = File(payload=io.BytesIO(table.encode()), mime_type="text/csv")
    work = good(import_stays.sync(client=client, body=file))
    until = time.monotonic() + 30
    while work.state not in (ImportState.COMPLETED, ImportState.FAILED):
        assert time.monotonic() < until, work
        time.sleep(0.1)
        work = good(show_import.sync(work.id, client=client))
    assert (work.state, work.accepted, work.rejected) == (ImportState.COMPLETED, 1, 1), work
    rows = good(list_import_rows.sync(work.id, client=client)).items
    assert [row.outcome for row in rows] == [RowOutcome.ACCEPTED, RowOutcome.REJECTED]
    assert rows[1].problem is not None and rows[1].problem.errors

    line = CensusLine(reference="ATTRS-038090000101", room="305")
    census = Census(taken_at=NOW, missing=CensusMissing.ASK, stays=[line])
    counted = good(put_census.sync(facility, client=client, body=census))
    assert counted.changed == 1 and counted.results[0].stay_id == declared.id
    assert counted.results[0].stay is not None

    due = good(list_due.sync(facility, client=client))
    assert all(item.stay_id for item in due.items)
    events = good(list_events.sync(client=client, limit=200))
    accepted = [one for one in events.items if one.type_ == "stay.accepted"]
    assert accepted and accepted[0].data.timeliness


main(sys.argv[1], sys.argv[2], UUID(sys.argv[3]))
print("openapi-python-client: declared, read, searched, webhook, batch, file, census, due, events")
