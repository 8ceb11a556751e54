"""Replies by SMS: one key or word counts, with the code of one call at most. Everything else is not understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.response.calls.call import AnswerKind
from rencheng.response.calls.replies import KEYS, ReadReply, forms_of, read_reply

BETWEEN = st.sampled_from([" ", "，", "#", "  ", "\n", " - ", "。"])


@given(st.sampled_from(sorted(KEYS)), st.integers(1000, 9999).map(str), BETWEEN, BETWEEN, st.booleans(), st.booleans())
def test_a_key_and_a_code_count_in_either_order_and_width(
    key: str, code: str, between: str, after: str, wide: bool, code_first: bool
) -> None:
    text = between.join([code, key] if code_first else [key, code]) + after
    if wide:
        text = text.translate({ord(str(digit)): chr(ord("０") + digit) for digit in range(10)})
    assert read_reply(text) == ReadReply(KEYS[key], code)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("收到", AnswerKind.RECEIVED),
        ("收到！", AnswerKind.RECEIVED),
        ("无法到岗", AnswerKind.CANNOT),
        ("到岗", AnswerKind.ON_SITE),
        ("On site.", AnswerKind.ON_SITE),
        ("2", AnswerKind.ACCEPTED),
        ("2#", AnswerKind.ACCEPTED),
    ],
)
def test_a_word_or_key_alone_names_no_call(text: str, kind: AnswerKind) -> None:
    assert read_reply(text) == ReadReply(kind)


@pytest.mark.parametrize(
    "text",
    ["", "没收到", "不到岗", "我现在无法接受", "12", "1 2", "24711", "2 4711 4712", "5", "2 471", "TD", "4711"],
)
def test_what_is_not_plain_is_not_understood(text: str) -> None:
    assert read_reply(text) is None


@given(st.text(max_size=200))
def test_no_text_is_an_error(text: str) -> None:
    read_reply(text)


@pytest.mark.parametrize("number", ["13800000000", "+8613800000000", "8613800000000", "+86 138-0000-0000"])
def test_a_number_is_known_with_and_without_its_country(number: str) -> None:
    assert {"13800000000", "+8613800000000"} <= set(forms_of(number))
