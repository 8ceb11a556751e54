"""The faults of a form or a file of forms, as text."""

from collections.abc import Sequence

from pydantic import ValidationError

FINDINGS_SHOWN_MAX = 20
"""One wrong column causes thousands of findings, and the first ones explain the others."""


def validation_findings(error: ValidationError, form: str) -> list[str]:
    """Return each fault as `field: fault`; a fault of the whole form has the name of the form."""
    return [
        f"{'.'.join(str(step) for step in each['loc']) or form}: {each['msg'].removeprefix('Value error, ')}"
        for each in error.errors(include_url=False, include_input=False)
    ]


def join_findings(findings: Sequence[str], effect: str = "") -> str:
    """Return the first findings, a line each, and the number of the others.

    Args:
        findings: all of them.
        effect: follows the number of the others, such as `nothing was registered`.
    """
    more = len(findings) - FINDINGS_SHOWN_MAX
    shown = list(findings[:FINDINGS_SHOWN_MAX])
    if more > 0:
        shown.append(f"and {more:,} more" + (f"; {effect}" if effect else ""))
    return "\n".join(shown)
