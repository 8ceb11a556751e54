"""Onboard pending devices: register them, and replay the messages that they sent before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from rencheng.devices.registration import register_forms
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.replay.attempt import IntakeLimits
from rencheng.replay.run import ReplaySummary, replay_parts
from rencheng.runtime.timers import poll
from rencheng.schemas.device import DeviceForm
from rencheng.schemas.findings import FINDINGS_SHOWN_MAX, validation_findings
from rencheng.store.core.database import Engine, database_now, translate_errors
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.readings.gauge_readings import committed_through
from rencheng.store.registry.pending_devices import PendingDevice, list_pending

NOTIFIED_WITHIN = timedelta(seconds=1)
"""The time after which every writer knows a new device. The notification takes milliseconds."""

COMMITTED_WITHIN_S = 5.0
"""The longest wait for the writers to commit what they received before they knew the device."""

CHECK_EVERY_S = 0.05

FILTER_BY_DEVICE_MAX = 20
"""With more devices, one replay of all pending devices' entries is faster than one per device."""


@dataclass(frozen=True, slots=True)
class OnboardingResult:
    """The new passwords, and the result of the replay."""

    passwords: Mapping[str, str]
    replayed: ReplaySummary


OnPasswords = Callable[[Mapping[str, str]], None]


def onboard_devices(
    engine: Engine,
    device_ids: Sequence[str],
    given: Mapping[str, Any],
    *,
    limits: IntakeLimits,
    actor: str,
    on_passwords: OnPasswords = lambda _passwords: None,
) -> OnboardingResult:
    """Register pending devices by their topics, and replay their messages.

    Messages that a writer received before it knew the devices are still rejected. So the replay runs again once the
    writers have committed them.

    Args:
        engine: the database, with staging tables.
        device_ids: the pending devices.
        given: fields of each device's form, in addition to its topics or instead of them.
        limits: ingest's own limits.
        actor: the actor for the audit.
        on_passwords: receives the new passwords before the commit.

    Raises:
        NotPossible: a device is not pending, used several addresses, or is invalid. Then none is registered.
    """
    with translate_errors(), engine.begin() as connection:
        pending = list_pending(connection, names=device_ids, limit=len(device_ids))
        forms = [_form(device, given) for device in pending]
        if missing := sorted(set(device_ids) - {device.device_id for device in pending}):
            names = ", ".join(missing[:FINDINGS_SHOWN_MAX])
            raise NotPossible(f"{names}: not pending; `rencheng device pending` lists pending devices")
        registered = register_forms(connection, forms, actor=actor, on_passwords=on_passwords)
        at: datetime = database_now(connection)
    done = _replay(engine, device_ids, limits, actor)
    if _writers_have_committed(engine, at + NOTIFIED_WITHIN):
        done += _replay(engine, device_ids, limits, actor)
    return OnboardingResult(registered.passwords, done)


def _form(pending: PendingDevice, given: Mapping[str, Any]) -> DeviceForm:
    if pending.addresses > 1 and not {"kind", "region"} <= given.keys():
        raise NotPossible(
            f"{pending.device_id} sent from {pending.addresses} addresses; give its kind and region explicitly"
        )
    fields = {"device_id": pending.device_id, "kind": pending.kind, "region": pending.region, **given}
    try:
        return DeviceForm.model_validate(fields)
    except ValidationError as error:
        raise NotPossible(
            "\n".join(f"{pending.device_id}: {finding}" for finding in validation_findings(error, "device"))
        ) from None


def _replay(engine: Engine, device_ids: Sequence[str], limits: IntakeLimits, actor: str) -> ReplaySummary:
    # quotas apply before the lookup of the device, so entries over quota may be of pending devices
    reasons = (RejectionReason.UNKNOWN_DEVICE, RejectionReason.QUOTA)
    if len(device_ids) <= FILTER_BY_DEVICE_MAX:
        filters = [QuarantineFilters(reason=reason, device_id=name) for name in device_ids for reason in reasons]
    else:  # entries of other devices stay rejected; entries over quota are left to `rencheng quarantine replay`
        filters = [QuarantineFilters(reason=RejectionReason.UNKNOWN_DEVICE)]
    parts = (part for each in filters for part in replay_parts(engine, each, limits=limits, actor=actor))
    return sum(parts, ReplaySummary())


def _writers_have_committed(engine: Engine, moment: datetime) -> bool:
    """Wait until the writers have committed everything received up to the moment. Return whether any writer runs."""

    def is_running() -> bool | None:
        with translate_errors(), engine.connect() as connection:
            through = committed_through(connection)
        if through is None:
            return False
        return True if through >= moment else None

    return poll(is_running, every_s=CHECK_EVERY_S, within_s=COMMITTED_WITHIN_S) is not False
