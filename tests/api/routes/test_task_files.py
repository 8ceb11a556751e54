"""Photos, videos and documents as evidence of tasks, through the API."""

import httpx
import pytest
from sqlalchemy import Engine

from rencheng.domain.level import Level
from tests.api.routes.test_tasks import tasks, warn
from tests.support.tasks import MP4, PDF, key_of, photo, staff


@pytest.fixture(autouse=True)
def _staff(city: Engine) -> None:
    staff(city)


def test_a_photo_is_encoded_again_kept_once_and_never_a_page(client: httpx.Client, city: Engine) -> None:
    warn(city, 1, Level.RED)
    number = tasks(client)["close"]["task_id"]
    key = key_of(city, "ann")
    address = f"/v1/tasks/{number}/photos"
    first, again = (client.post(address, content=photo(), headers=key).json() for _ in range(2))
    assert first["reported"] == again["reported"]
    [shown] = again["reported"]
    assert shown["taken_at"] == "2026-07-20T16:07:12+08:00" or shown["taken_at"] is None  # not in the future
    assert (shown["latitude"], shown["longitude"]) == (pytest.approx(36.65), pytest.approx(117.12))
    kept = client.get(shown["photo"])
    assert kept.headers["content-type"] == "image/jpeg"
    assert kept.headers["x-content-type-options"] == "nosniff"
    assert b"script" not in kept.content

    unmarked = client.post(address, content=photo(taken=None, color="red"), headers=key).json()["reported"][1]
    assert (unmarked["taken_at"], unmarked["taken_at_known"]) == (None, False)
    png = client.post(address, content=photo(taken=None, kind="PNG"), headers=key)
    assert png.status_code == 200
    for content in (b"<html><script>1</script></html>", b"", b"\xff\xd8\xff\xe0" + b"<html>" * 50, photo()[:200]):
        refused = client.post(address, content=content, headers=key | {"Content-Type": "image/jpeg"})
        assert refused.status_code == 422, refused.text
    too_large = client.post(address, content=b"\xff\xd8" + bytes(21 * 2**20), headers=key)
    assert too_large.status_code == 413


def test_a_video_and_a_document_are_kept_by_their_content_and_downloaded_only(
    client: httpx.Client, city: Engine
) -> None:
    warn(city, 1, Level.RED)
    number = tasks(client)["close"]["task_id"]
    key = key_of(city, "ann")
    address = f"/v1/tasks/{number}/files"
    for content in (MP4, PDF, MP4):
        answer = client.post(address, content=content, headers=key | {"Content-Type": "text/html"})
        assert answer.status_code == 200, answer.text
    reported = answer.json()["reported"]
    assert [each["kind"] for each in reported] == ["video", "document"]
    for shown, content, kind in zip(reported, (MP4, PDF), ("video/mp4", "application/pdf"), strict=True):
        assert (shown["photo"], shown["media_type"], shown["taken_at_known"]) == (None, kind, False)
        kept = client.get(shown["file"])
        assert (kept.content, kept.headers["content-type"]) == (content, kind)
        assert kept.headers["content-disposition"].startswith("attachment; ")
        assert kept.headers["x-content-type-options"] == "nosniff"
        assert client.get(shown["file"].replace("files", "photos")).status_code == 404
    for content in (b"<html>%PDF-1.7 %%EOF</html>", MP4[:-1], photo(), b"PK\3\4" + PDF, b""):
        assert client.post(address, content=content, headers=key).status_code == 422
    assert client.post(address, content=PDF + bytes(21 * 2**20), headers=key).status_code == 413
