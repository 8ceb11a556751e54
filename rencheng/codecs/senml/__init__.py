"""The `senml+json` and `senml+cbor` codecs: Sensor Measurement Lists after RFC 8428, units after RFC 8798.

records (a pack resolved after the RFC) → names (the meaning of a name and its unit here) → codec (records of one time
combined to readings).
"""
