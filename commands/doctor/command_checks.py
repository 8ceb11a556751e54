"""The checks of `rencheng doctor` on commands to devices: what waits for people, and devices that never reported."""

from collections.abc import Sequence

from commands.doctor.checks import CheckResult
from commands.doctor.duty_checks import some_of
from rencheng.store.commands.waiting import RECENT_DAYS, WaitingCommands


def check_commands(waiting: WaitingCommands) -> list[CheckResult]:
    """Check that no command waits, that all were decided, and that all devices report."""
    return [
        _check("wait for approval", waiting.to_approve, "Approve or refuse them: `rencheng command list`."),
        _check(
            "not carried out, and nobody took care",
            waiting.for_people,
            "Send somebody to the place, and note it with `rencheng command handled`.",
        ),
        _check(
            f"nobody decided in {RECENT_DAYS} days",
            waiting.undecided,
            "They expired. See whether who approves them gets the messages, and is on duty.",
        ),
        _check(
            "devices that never reported a state",
            waiting.silent,
            "No command to them can be confirmed. Connect them, or retire them with `rencheng actuator retire`.",
        ),
    ]


def _check(about: str, found: Sequence[str], advice: str) -> CheckResult:
    if not found:
        return CheckResult(f"commands: {about}", "none")
    return CheckResult(f"commands: {about}", str(len(found)), "change", f"{some_of(found)}. {advice}")
