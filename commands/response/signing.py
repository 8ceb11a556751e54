"""The key of the person who signs. It is asked for, so that it is in no list of commands."""

from typing import Annotated

import typer

PersonKey = Annotated[
    str,
    typer.Option(
        "--key",
        prompt="key of the person who signs",
        hide_input=True,
        envvar="RENCHENG_PERSON_KEY",
        help="The key of the person who signs, made by `rencheng key create --person`. Asked for if not given.",
    ),
]
