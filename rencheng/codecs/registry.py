"""The codecs: our own and those of plug-ins. A device's profile names one.

A plug-in package provides a codec by an entry point of the group `rencheng.codecs`. The entry point has the codec's
name, and its object is a class without arguments that fulfils `Codec`. How to: docs/how-to/add-a-codec.md.
"""

from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from rencheng.codecs import cbor, json_v1
from rencheng.codecs.base import Codec
from rencheng.codecs.senml.codec import senml_cbor, senml_json
from rencheng.codecs.sl651.codec import Sl651Codec

GROUP = "rencheng.codecs"

OURS: Mapping[str, Codec] = {
    "json": json_v1.JsonCodec(),
    "cbor": cbor.CborCodec(),
    "senml+json": senml_json(),
    "senml+cbor": senml_cbor(),
    "sl651": Sl651Codec(),
}


def with_plug_ins(ours: Mapping[str, Codec], found: Iterable[EntryPoint]) -> tuple[dict[str, Codec], dict[str, str]]:
    """Return the codecs by name, and the broken plug-ins by name with the reason.

    A broken plug-in affects its own devices alone: their messages go to quarantine, from where they can be replayed.
    """
    codecs, broken = dict(ours), {}
    for entry in sorted(found, key=lambda entry: (entry.name, entry.value)):
        if entry.name in codecs:
            broken[f"{entry.name} of {entry.value}"] = "the name is in use"
            continue
        try:
            codec = entry.load()()
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            broken[entry.name] = f"{entry.value} does not load: {error!r}"
            continue
        if callable(getattr(codec, "decode", None)) and callable(getattr(codec, "encode", None)):
            codecs[entry.name] = codec
        else:
            broken[entry.name] = f"{entry.value} has no decode and encode"
    return codecs, broken


CODECS, BROKEN = with_plug_ins(OURS, entry_points(group=GROUP))
