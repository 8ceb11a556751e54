"""`python -m local_stack`."""

from local_stack.cli import app

app(prog_name="local_stack")
