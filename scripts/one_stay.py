#!/usr/bin/env python3
"""Sends one stay down the whole river and looks at the far end.

Posts a stay, waits until it reads `acknowledged`, then asks the police simulator's ledger, which
must hold exactly one effect of it. The guest is one of the demonstration's people, so that the
registry verifies them. Only the standard library.

    one_stay.py --api URL --police URL --key KEY [--within SECONDS]
"""

import argparse
import datetime
import json
import secrets
import sys
import time
import urllib.error
import urllib.request


def call(method, url, key=None, body=None, headers=None):
    """Status and JSON body of the answer; an error status is an answer too."""
    request = urllib.request.Request(url, method=method, headers=dict(headers or {}))
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def expect(is_met, sentence, answer):
    if not is_met:
        sys.exit(f"{sentence}; got {json.dumps(answer, ensure_ascii=False)}")


def declare(options):
    """Posts the stay, twice under the same key: one stay, one answer."""
    status, facilities = call("GET", f"{options.api}/v1/facilities", options.key)
    expect(status == 200 and facilities["items"], "the key should serve a facility", facilities)
    facility = next(
        (one for one in facilities["items"] if one["kind"] == "lodging_business"),
        facilities["items"][0],
    )
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=7)))
    stay = {
        "facility_id": facility["id"],
        "reference": f"one-stay-{secrets.token_hex(6)}",
        "room": "203",
        "expected_departure_at": (now + datetime.timedelta(days=2)).isoformat(timespec="seconds"),
        "guest": {
            "full_name": "Nguyễn Văn An",
            "document": {"kind": "citizen_card", "number": "038090001234"},
        },
    }
    headers = {"Idempotency-Key": secrets.token_hex(12)}
    url = f"{options.api}/v1/stays"
    status, first = call("POST", url, options.key, stay, headers)
    expect(status == 201, "a new stay should be 201", first)
    expect(first["receipt"]["jws"].count(".") == 2, "the receipt should carry a JWS", first)
    status, second = call("POST", url, options.key, stay, headers)
    expect(status == 200 and second == first, "the resend should be the same answer", second)
    return first


def wait_until_acknowledged(options, stay_id):
    started = time.monotonic()
    while True:
        status, stay = call("GET", f"{options.api}/v1/stays/{stay_id}", options.key)
        expect(status == 200, "the stay should be found", stay)
        waited_s = time.monotonic() - started
        if stay["delivery"]["state"] == "acknowledged":
            return waited_s, stay
        expect(waited_s < options.within, f"not acknowledged within {options.within} s", stay)
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--police", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--within", type=float, default=10.0, help="seconds until acknowledged")
    options = parser.parse_args()

    stay_id = declare(options)["id"]
    waited_s, stay = wait_until_acknowledged(options, stay_id)
    status, ledger = call("GET", f"{options.police}/v1/notifications?stay_id={stay_id}")
    expect(status == 200 and len(ledger["items"]) == 1, "the ledger should hold one effect", ledger)
    expect(stay["identity"]["state"] == "verified", "the registry knows this person", stay)
    reference = ledger["items"][0]["police_reference"]
    expect(stay["delivery"]["police_reference"] == reference, "the references should agree", ledger)
    print(f"stay {stay_id}: acknowledged after {waited_s:.2f} s, identity {stay['identity']['state']}, one effect")


if __name__ == "__main__":
    main()
