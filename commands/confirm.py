"""The option that confirms a dangerous change."""

from typing import Annotated

import typer

Confirm = Annotated[
    bool,
    typer.Option(
        "--confirm", help="The change is meant: an implausible threshold, or a site without a depth gauge afterwards."
    ),
]
