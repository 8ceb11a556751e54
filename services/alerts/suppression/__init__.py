"""Storm control: what is told at once, what waits, what goes into a summary. Pure, in event time.

Everything that the engine says is recorded and on the live stream. This room decides what is delivered to dispatch, so
that in a storm the few things that matter are heard.
"""
