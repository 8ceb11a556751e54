"""Tests of a reading among its neighbours, after QARTOD, one question each: `(state, sample) → (state, flags)`.

All pure and in plain floats, times in seconds, depths in mm, steps of any length: the engine's sensor health runs
them live, a job over stored rows runs them for gauges that no site binds. Flags are plain `int`s here, bits of
`Quality`: the operators of an `IntFlag` cost a microsecond each, and these run a hundred thousand times a second.
"""
