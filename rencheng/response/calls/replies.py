"""Read replies by SMS and key presses: an answer, and the code of the call that it answers."""

import re
import unicodedata
from dataclasses import dataclass

from rencheng.response.calls.call import AnswerKind

KEYS = {
    "1": AnswerKind.RECEIVED,
    "2": AnswerKind.ACCEPTED,
    "3": AnswerKind.CANNOT,
    "4": AnswerKind.ON_SITE,
}
"""The keys of a telephone. Source of the first three: the response reference, 4.8."""

_WORDS = {
    "收到": AnswerKind.RECEIVED,
    "received": AnswerKind.RECEIVED,
    "接受": AnswerKind.ACCEPTED,
    "accept": AnswerKind.ACCEPTED,
    "accepted": AnswerKind.ACCEPTED,
    "无法到岗": AnswerKind.CANNOT,
    "不能": AnswerKind.CANNOT,
    "cannot": AnswerKind.CANNOT,
    "到岗": AnswerKind.ON_SITE,
    "已到岗": AnswerKind.ON_SITE,
    "onsite": AnswerKind.ON_SITE,
}

_CODE = re.compile(r"(?<!\d)\d{4}(?!\d)")
_BETWEEN = re.compile(r"[\W_]+")

KEYS_ZH, KEYS_EN = "1收到 2接受 3无法到岗 4到岗", "1 received, 2 accepted, 3 cannot, 4 on site"


@dataclass(frozen=True, slots=True)
class ReadReply:
    """What a reply says. `code` is None if it names no call."""

    kind: AnswerKind
    code: str | None = None


def read_reply(text: str) -> ReadReply | None:
    """Return what a reply says; None unless it is one key or word, with one code at most.

    A word counts only if it stands alone: 没收到 is no 收到.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    codes = set(_CODE.findall(plain))
    kind = (KEYS | _WORDS).get(_BETWEEN.sub("", _CODE.sub(" ", plain)))
    if kind is None or len(codes) > 1:
        return None
    return ReadReply(kind, next(iter(codes), None))


def forms_of(number: str) -> tuple[str, ...]:
    """Return a number as it may be registered: with and without the country code of China."""
    plain = re.sub(r"[\s()-]", "", number)
    own = plain.removeprefix("+86").removeprefix("0086")
    own = own[2:] if len(own) == _WITH_COUNTRY and own.startswith("86") else own
    return tuple(dict.fromkeys((plain, own, f"+86{own}", f"86{own}", f"0086{own}")))


_WITH_COUNTRY = 13
"""The length of a mobile number with 86 before it."""
