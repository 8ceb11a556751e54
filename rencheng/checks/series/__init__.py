"""Tests of a reading among its neighbours, after QARTOD, `(series, sample) → (series, flags)`.

They are deterministic and use plain floats: times in seconds, depths in mm, steps of any length. The engine's sensor
health runs them live. A job over stored rows runs them for gauges that no site binds. Flags are plain `int`s, bits of
`Quality`, because the operators of an `IntFlag` cost a microsecond each and the tests run 100,000 times a second.
"""
