"""The journey of a front desk with the client that openapi-generator makes."""

import sys
import time
from datetime import datetime, timedelta, timezone
from uuid import UUID

import luutru_pydantic
from luutru_pydantic import (
    BatchOutcome,
    Census,
    CensusLine,
    CensusMissing,
    DocumentKind,
    Guest,
    IdentityDocument,
    ImportState,
    RowOutcome,
    StayBatch,
    StayDraft,
    StaySearch,
    WebhookDraft,
)

NOW = datetime.now(timezone(timedelta(hours=7))).replace(microsecond=0)


def stay(number: str, name: str) -> StayDraft:
    return StayDraft(
        reference=f"PYDANTIC-{number}",
        room="203",
        arrival_at=NOW - timedelta(minutes=5),
        expected_departure_at=NOW + timedelta(days=2),
        guest=Guest(
            full_name=name,
            document=IdentityDocument(kind=DocumentKind.CITIZEN_CARD, number=number),
        ),
    )


def main(api: str, key: str, facility: UUID) -> None:
    settings = luutru_pydantic.Configuration(host=api, access_token=key)
    with luutru_pydantic.ApiClient(settings) as client:
        stays = luutru_pydantic.StaysApi(client)
        events = luutru_pydantic.EventsApi(client)
        files = luutru_pydantic.FilesApi(client)
        facilities = luutru_pydantic.FacilitiesApi(client)

        draft = stay("038090000201", "Nguyễn Thị Ánh")
        declared = stays.declare_stay(draft, idempotency_key="pydantic-1")
        assert declared.guest.full_name == "Nguyễn Thị Ánh" and declared.facility_id == facility
        again = stays.declare_stay(draft, idempotency_key="pydantic-1")
        assert again == declared
        assert stays.show_stay(declared.id).receipt.jws == declared.receipt.jws
        found = stays.search_stays(StaySearch(document_number="038 090 000 201"))
        assert [one.id for one in found.items] == [declared.id]

        hook = WebhookDraft(url="http://127.0.0.1:9/luutru")
        made = events.create_webhook(hook, idempotency_key="pydantic-hook")
        assert made.secret is not None and made.secret.startswith("whsec_")
        told_again = events.create_webhook(hook, idempotency_key="pydantic-hook")
        assert told_again.id == made.id and told_again.secret == made.secret
        assert made.id in [one.id for one in events.list_webhooks().items]

        family = [stay("038090000202", "Lê Văn Bình"), stay("12", "Trần Cúc")]
        batch = stays.declare_stays(StayBatch(stays=family))
        first, second = batch.results
        assert first.outcome == BatchOutcome.ACCEPTED and first.stay is not None
        assert second.outcome == BatchOutcome.REJECTED and second.stay is None
        assert second.problem is not None
        assert second.problem.errors[0].pointer == "/guest/document/number"

        table = (
            "Họ và tên,Số giấy tờ,Phòng,Ngày đến,Ngày đi\n"
            f"Phạm Dũng,038090000203,204,{NOW:%d/%m/%Y},{NOW + timedelta(days=2):%d/%m/%Y}\n"
            f"Vũ Giang,77,205,{NOW:%d/%m/%Y},{NOW + timedelta(days=2):%d/%m/%Y}\n"
        )
        work = files.import_stays(table.encode(), _content_type="text/csv")
        until = time.monotonic() + 30
        while work.state not in (ImportState.COMPLETED, ImportState.FAILED):
            assert time.monotonic() < until, work
            time.sleep(0.1)
            work = files.show_import(work.id)
        assert (work.state, work.accepted, work.rejected) == (ImportState.COMPLETED, 1, 1), work
        rows = files.list_import_rows(work.id).items
        assert [row.outcome for row in rows] == [RowOutcome.ACCEPTED, RowOutcome.REJECTED]
        assert rows[1].problem is not None and rows[1].problem.errors

        line = CensusLine(reference="PYDANTIC-038090000201", room="305")
        census = Census(taken_at=NOW, missing=CensusMissing.ASK, stays=[line])
        counted = facilities.put_census(facility, census)
        assert counted.changed == 1 and counted.results[0].stay_id == declared.id
        assert counted.results[0].stay is not None

        due = facilities.list_due(facility)
        assert all(item.stay_id for item in due.items)
        told = events.list_events(limit=200)
        accepted = [one for one in told.items if one.type == "stay.accepted"]
        assert accepted and accepted[0].data.timeliness


main(sys.argv[1], sys.argv[2], UUID(sys.argv[3]))
print("openapi-generator: declared, read, searched, webhook, batch, file, census, due, events")
