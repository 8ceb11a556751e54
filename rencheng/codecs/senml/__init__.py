"""The `senml+json` and `senml+cbor` codecs: Sensor Measurement Lists after RFC 8428, units after RFC 8798.

records (a pack resolved, by the RFC) → names (what a name and its unit mean here) → codec (records of one instant
put together to readings).
"""
