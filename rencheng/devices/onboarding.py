"""Devices that nobody registered, and that spoke all the same: let in, and what they sent is taken in after all."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from rencheng.devices.registration import register_forms
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.replay.attempt import IntakeLimits
from rencheng.replay.run import ReplaySummary, combined, replay_matching
from rencheng.schemas.device import DeviceForm
from rencheng.schemas.findings import FINDINGS_SHOWN_MAX, validation_findings
from rencheng.store.core.database import Engine, database_now, translate_errors
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.readings.gauge_readings import committed_through
from rencheng.store.registry.pending_devices import PendingDevice, list_pending

NEWS_TRAVEL = timedelta(seconds=1)
"""By then a worker has heard of a new device, which takes milliseconds."""

STRAGGLERS_S = 5.0
"""How long to wait for the workers to commit what they had received before they heard of it."""

LOOK_S = 0.05

ONE_BY_ONE_MAX = 20


@dataclass(frozen=True, slots=True)
class OnboardingResult:
    """The new passwords, and what became of what was sent before."""

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
    """Register pending devices as what their topics say that they are, and replay what they sent.

    What a worker received before it heard of them is still refused; so the replay is done again once the workers have
    committed all of that.

    Args:
        engine: the database, with staging tables.
        device_ids: which of them.
        given: fields of each one's `Registration`, beyond or instead of what its topics say.
        limits: ingest's own.
        actor: who does it.
        on_passwords: given the new passwords while nothing is committed yet.

    Raises:
        NotPossible: one of them is not pending, spoke as several devices, or cannot be so; nobody is let in then.
    """
    with translate_errors(), engine.begin() as connection:
        pending = list_pending(connection, names=device_ids, limit=len(device_ids))
        forms = [_form(each, given) for each in pending]
        if missing := sorted(set(device_ids) - {each.device_id for each in pending}):
            raise NotPossible(
                f"{', '.join(missing[:FINDINGS_SHOWN_MAX])}: not pending; `rencheng device pending` shows who is"
            )
        enrolled = register_forms(connection, forms, actor=actor, on_passwords=on_passwords)
        at: datetime = database_now(connection)
    done = _replay(engine, device_ids, limits, actor)
    if _is_settled(engine, at + NEWS_TRAVEL):
        done = combined(done, _replay(engine, device_ids, limits, actor))
    return OnboardingResult(enrolled.passwords, done)


def _form(pending: PendingDevice, given: Mapping[str, Any]) -> DeviceForm:
    if pending.addresses > 1 and not {"kind", "region"} <= given.keys():
        raise NotPossible(f"{pending.device_id} spoke from {pending.addresses} addresses; say its kind and region")
    said = {"device_id": pending.device_id, "kind": pending.kind, "region": pending.region, **given}
    try:
        return DeviceForm.model_validate(said)
    except ValidationError as error:
        raise NotPossible(
            "\n".join(f"{pending.device_id}: {finding}" for finding in validation_findings(error, "device"))
        ) from None


def _replay(engine: Engine, device_ids: Sequence[str], limits: IntakeLimits, actor: str) -> ReplaySummary:
    # what strangers sent beyond their quota was shed before anybody asked who they are
    reasons = (RejectionReason.UNKNOWN_DEVICE, RejectionReason.QUOTA)
    if len(device_ids) <= ONE_BY_ONE_MAX:
        wanted = [QuarantineFilters(reason=reason, device_id=name) for name in device_ids for reason in reasons]
    else:  # all strangers' entries; those of others stay. What was shed of so many is left to `quarantine replay`
        wanted = [QuarantineFilters(reason=RejectionReason.UNKNOWN_DEVICE)]
    total = ReplaySummary()
    for filters in wanted:
        after: int | None = 0
        while after is not None:
            part = replay_matching(engine, filters, limits=limits, actor=actor, after=after)
            total, after = combined(total, part), part.next_after
    return total


def _is_settled(engine: Engine, moment: datetime) -> bool:
    """Waits until all that the workers had received by then is committed, or as long as makes sense. Is there any?"""
    until = time.monotonic() + STRAGGLERS_S
    while time.monotonic() < until:
        with translate_errors(), engine.connect() as connection:
            through = committed_through(connection)
        if through is None or through >= moment:
            return through is not None
        time.sleep(LOOK_S)
    return True
