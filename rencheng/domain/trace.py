"""The trace of a reading: one id in every log line from the reading to the delivery of its warning."""

from datetime import datetime
from hashlib import blake2b

_BYTES = 16
"""Source: W3C Trace Context, section 3.2.2.3: a trace-id has 16 bytes, written as 32 hexadecimal digits."""


def trace_id_of(device_id: str, sampled_at: datetime) -> str:
    """Return the trace id of a device's reading.

    The id is derived and not drawn, because ingest and the alert service receive the same reading independently, and
    a service that restarts evaluates it again.
    """
    return blake2b(f"{device_id} {sampled_at.timestamp():.6f}".encode(), digest_size=_BYTES).hexdigest()
