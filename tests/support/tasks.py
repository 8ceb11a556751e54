"""People on duty for tasks, their keys, and a look at all incidents as the response service takes it."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

from PIL import Image
from sqlalchemy import Engine, text

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.operations.incidents import SendNews, follow_incident, incidents_to_follow, send_no_news
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.warnings.mutes import load_mutes
from tests.support.calls import clear_calls, put_on_duty

TASK_DUTIES = (
    ("ann", "police"),
    ("bo", "keeper"),
    ("cy", "leader"),
    ("dee", "drainage"),
    ("eve", "duty_officer"),
    ("fay", "city_duty_officer"),
)


PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
MP4 = b"".join(
    (8 + len(body)).to_bytes(4) + name + body
    for name, body in ((b"ftyp", b"mp42\0\0\0\0isom"), (b"mdat", bytes(40)), (b"moov", b"\0\0\0\x08mvhd"))
)
"""The smallest files that are what they seem."""


def staff(engine: Engine) -> None:
    """Delete warnings with their tasks, plans and responses, and put people on duty."""
    clear_calls(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE plans, responses CASCADE"))
    put_on_duty(engine, TASK_DUTIES)


def key_of(
    engine: Engine, person: str | None, scopes: Sequence[KeyScope] = tuple(KeyScope), reach: Reach = EVERYWHERE
) -> dict[str, str]:
    """Return the header of a key that names a person; None: nobody."""
    with engine.begin() as connection:
        token = api_keys.create(connection, f"of {person}", scopes, person_id=person, reach=reach)
    return {"Authorization": f"Bearer {token}"}


def look_at_tasks(engine: Engine, send: SendNews = send_no_news) -> None:
    """Let the tasks of every warning go on."""
    with engine.begin() as connection:
        mutes = [mute for mute, _ in load_mutes(connection, datetime.now(UTC))]
        found = incidents_to_follow(connection)
    for warning_id in found:
        with engine.begin() as connection:
            follow_incident(connection, warning_id, mutes, send)


def make_tasks_due(engine: Engine, seconds: float) -> None:
    """Let time pass for all tasks: what is due is due earlier by so much."""
    shift = f"interval '{seconds} s'"
    document = "document"
    for name in ("next_due", "due_at"):
        document = f"jsonb_set({document}, '{{{name}}}', coalesce(to_jsonb({name} - {shift}), 'null'))"
    with engine.begin() as connection:
        connection.execute(
            text(f"UPDATE tasks SET document = {document}, next_due = next_due - {shift}, due_at = due_at - {shift}")
        )


def photo(*, taken: str | None = "2026:07:20 16:07:12", color: str = "blue", kind: str = "JPEG") -> bytes:
    """Return a photo, with the time and position that a telephone writes into it."""
    image = Image.new("RGB", (320, 240), color)
    exif = Image.Exif()
    if taken is not None:
        exif.get_ifd(0x8769)[0x9003] = taken
        exif.get_ifd(0x8825).update({1: "N", 2: (36.0, 39.0, 0.0), 3: "E", 4: (117.0, 7.0, 12.0)})
    exif[0x010E] = "<script>alert(1)</script>"
    out = io.BytesIO()
    image.save(out, kind, exif=exif)
    return out.getvalue()
