"""Videos and documents as evidence: what they are is decided by their content alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.errors import NotPossible
from rencheng.operations.evidence_files import MP4 as MP4_TYPE
from rencheng.operations.evidence_files import PDF as PDF_TYPE
from rencheng.operations.evidence_files import read_file
from tests.support.tasks import MP4, PDF


def box(name: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + name + body


@given(st.integers(0, len(MP4) - 1))
def test_a_video_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(NotPossible):
        read_file(MP4[:length])


@given(st.binary(max_size=100))
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(NotPossible):
        read_file(content)


@given(st.lists(st.tuples(st.sampled_from([b"free", b"mdat", b"uuid"]), st.binary(max_size=50))))
def test_a_video_may_have_other_boxes_in_any_number(others: list[tuple[bytes, bytes]]) -> None:
    found = read_file(MP4 + b"".join(box(name, body) for name, body in others))
    assert found.media_type == MP4_TYPE


@pytest.mark.parametrize(
    "content",
    [
        box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"moov", b""),
        box(b"ftyp", b"mp42\0\0\0\0isom") + box(b"mdat", bytes(9)),
        box(b"moov", b"") + box(b"ftyp", b"mp42\0\0\0\0isom"),
        MP4 + bytes(3),
        b"<!doctype html>" + MP4,
        PDF[:-8],
        b" " + PDF,
    ],
)
def test_what_is_nearly_a_video_or_document_is_refused(content: bytes) -> None:
    with pytest.raises(NotPossible):
        read_file(content)


def test_a_document_is_kept_as_it_is() -> None:
    found = read_file(PDF)
    assert (found.content, found.media_type) == (PDF, PDF_TYPE)
