"""The checks of `rencheng doctor` about accounts, access rules and encryption: what an attacker tried. No I/O."""

from datetime import datetime, timedelta

from commands.doctor.checks import CheckResult
from rencheng.messaging.mqtt.access_probe import OVERSIZE_BYTES, AccessProbeResult

RENEW_BEFORE = timedelta(days=30)
_SHIPPED = "Use deploy/mosquitto/rencheng.conf and deploy/mosquitto/acl.conf."


def check_access(probe: AccessProbeResult) -> list[CheckResult]:
    """Check what the broker let pass."""
    return [
        _refused("broker: a connection without an account", probe.anonymous, "Set `allow_anonymous false`."),
        _refused(
            "broker: a wrong password", probe.wrong_password, "Set `password_file`; see `rencheng broker accounts`."
        ),
        _refused(
            "broker: a device's messages on others' topics",
            bool(probe.forged),
            f"A device can forge readings, notices or warnings: {', '.join(probe.forged)}. {_SHIPPED}",
        ),
        _refused(
            f"broker: a packet of {OVERSIZE_BYTES:,} bytes",
            probe.oversize,
            f"A few devices can fill the memory: set `max_packet_size 327680`. {_SHIPPED}",
        ),
        _refused(
            "broker: sessions that anyone can take over",
            bool(probe.guessable),
            f"Sessions of an earlier release: {', '.join(probe.guessable)}. Start ingest once; it stores what waits"
            " there and ends the session.",
            held="none",
        ),
    ]


def check_binding(*, is_bound: bool) -> CheckResult:
    """Check that the listener for devices has one session for each account."""
    about = "devices' listener: another's client id"
    if is_bound:
        return CheckResult(about, "the account decides")
    advice = "A device can cut off another by its client id: set `use_username_as_clientid true` on this listener."
    return CheckResult(about, "the client decides", "change", advice)


def check_encryption(ends_at: datetime | None, now: datetime, *, is_local: bool) -> CheckResult:
    """Check that the connection is encrypted, and how long the certificate is still valid."""
    about = "broker: encryption"
    if ends_at is None:
        if is_local:
            return CheckResult(about, "none; the broker is on this machine")
        return CheckResult(about, "none", "change", "Passwords travel in clear: see docs/how-to/encrypt.md.")
    found = f"TLS; the certificate ends in {(ends_at - now).days} days"
    if ends_at - now > RENEW_BEFORE:
        return CheckResult(about, found)
    return CheckResult(
        about, found, "change", "Renew it: `rencheng tls issue broker --host …`, then reload the broker."
    )


def check_oversize(clients: list[str]) -> CheckResult:
    """Check that no client was disconnected for the size of its packets, by the broker's log."""
    about = "broker: clients cut off for the size of their packets"
    if not clients:
        return CheckResult(about, "none in its log")
    advice = (
        f"{', '.join(clients[:10])} sends the same packet again for ever: divide uploads (docs/reference/codecs.md)."
    )
    return CheckResult(about, f"{len(clients)}", "change", advice)


def _refused(about: str, was_let_in: bool, advice: str, *, held: str = "refused") -> CheckResult:
    return CheckResult(about, "accepted", "danger", advice) if was_let_in else CheckResult(about, held)
