"""Which codecs there are: a line each. A device's profile names one."""

from rencheng.codecs import json_v1
from rencheng.codecs.base import Codec

CODECS: dict[str, Codec] = {
    "json": json_v1.JsonCodec(),
}
