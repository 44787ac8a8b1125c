"""The codes of an authenticator app."""

import base64
import hmac
import struct
import time

STEP_SECONDS = 30


def one_time_code(secret, at=None):
    """RFC 6238 with SHA-1 and six digits, as authenticator apps compute it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    step = int((at or time.time()) // STEP_SECONDS)
    digest = hmac.digest(key, struct.pack(">Q", step), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
