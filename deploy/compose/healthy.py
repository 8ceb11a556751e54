#!/usr/bin/env python3
"""Health check of a container: `healthy.py api | ingest | alerts | response | jobs | accounts`. Exit status 0 if well.

The judgement is that of `/health` (rencheng/domain/part_rules.py), of this service alone. Docker shows the status and
starts dependent containers after it. It does not restart a container because of it.
"""

import json
import os
import ssl
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

from rencheng.domain.errors import RenchengError
from rencheng.domain.heartbeat import Part, PartCondition, PartReason, PartState
from rencheng.domain.part_rules import judge, not_started
from rencheng.store.accounting.heartbeats import load_platform_record
from rencheng.store.core.sessions import Database
from rencheng.text.parts import part_text

TIMEOUT_S = 3


def api() -> str | None:
    """Return why the API does not work; None if it answers and reaches the database."""
    try:
        port = os.environ.get("RENCHENG_API_PORT", "8010")
        certificate = os.environ.get("RENCHENG_API_TLS_CERTIFICATE")
        scheme, context = ("https", _any_certificate()) if certificate else ("http", None)
        url = f"{scheme}://127.0.0.1:{port}/health"
        with urlopen(url, timeout=TIMEOUT_S, context=context) as answer:  # noqa: S310 - http or https of this container
            body = answer.read()
    except HTTPError as refusal:
        body = refusal.read()
    database = json.loads(body)["database"]
    return None if database == "reachable" else f"the database is {database}"


def _any_certificate() -> ssl.SSLContext:
    """Return a context that checks no certificate, because it names the public host and not this container."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def process(part: Part) -> str | None:
    """Return why a part does not work; None if it does. One that is behind works."""
    database = Database(
        os.environ["RENCHENG_DATABASE_URL"], name="healthy", connections_max=1, answer_within_s=TIMEOUT_S
    )
    with database.read() as connection:
        found = judge(load_platform_record(connection, part))
    database.close()
    condition: PartCondition = next((one for one in found if one.part is part), not_started(part))
    is_well = condition.state is not PartState.DOWN and condition.reason is not PartReason.NOT_STARTED
    return None if is_well else " / ".join(part_text(condition))


def main() -> None:
    """Ask for the part that is named."""
    try:
        part = Part(sys.argv[1])
        reason = api() if part is Part.API else process(part)
    except (OSError, RenchengError, ValueError) as error:
        reason = str(error)
    sys.exit(f"not healthy: {reason}" if reason else 0)


if __name__ == "__main__":
    main()
