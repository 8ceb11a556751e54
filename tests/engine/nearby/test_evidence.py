"""Chargers, and all that stands around a site."""

from datetime import UTC, datetime, timedelta

import pytest

from rencheng.domain.device import DeviceState
from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.domain.reading import Measurand, MeterValue, SignalEvent
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.engine.nearby.evidence import Corroboration, NearbyEvidence

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def station(
    site_id: str = "S1", signals: tuple[str, ...] = ("s1",), chargers: tuple[str, ...] = ("p1", "p2", "p3")
) -> Site:
    sensors = [
        *(BoundSensor(name, Role.SIGNAL) for name in signals),
        *(BoundSensor(name, Role.CHARGER) for name in chargers),
    ]
    profile = default_profile(SiteType.CHARGING_STATION)
    return Site(
        site_id, "站", "Station", SiteType.CHARGING_STATION, "370102", 36.6, 117.0, profile, sensors=tuple(sensors)
    )


@pytest.fixture
def nearby() -> NearbyEvidence:
    surroundings = NearbyEvidence()
    surroundings.set_sites({"S1": station()})
    return surroundings


def status(minute: float, error: str | None = None, charger: str = "p1", connector: int = 1) -> MeterValue:
    word = "Faulted" if error else "Available"
    return MeterValue(charger, connector, "", at(minute), Measurand.STATUS, status=word, error_code=error)


def leakage(minute: float, ma: float, charger: str = "p1") -> MeterValue:
    return MeterValue(charger, 1, "", at(minute), Measurand.LEAKAGE_MA, value=ma)


def supports(nearby: NearbyEvidence, minute: float, site_id: str = "S1") -> list[tuple[str, str, float]]:
    evidence = nearby.of(site_id, at(minute)).corroborates
    return [(one.kind.value, one.device_id, (one.since - NOON).total_seconds() / 60) for one in evidence]


def test_a_ground_fault_supports_until_it_is_over_or_old(nearby: NearbyEvidence) -> None:
    nearby.take(status(0, "GroundFailure"))
    nearby.take(status(1, "GroundFailure", charger="p2"))
    nearby.take(status(2, "OverVoltage", charger="p3"))

    assert supports(nearby, 5) == [("ground_fault", "p1", 0)]
    nearby.take(status(6))
    assert supports(nearby, 7) == [("ground_fault", "p2", 1)]
    assert supports(nearby, 31.1) == []


def test_leakage_that_rises_supports_and_one_that_is_always_high_does_not(nearby: NearbyEvidence) -> None:
    for minute, ma in enumerate([1.0, 1.2, 0.9]):
        nearby.take(leakage(minute, ma))
    for minute in range(5):
        nearby.take(leakage(minute, 8.0, charger="p2"))
    assert supports(nearby, 5) == []
    nearby.take(leakage(6, 4.5))
    assert supports(nearby, 6) == [("leakage_rises", "p1", 6)]
    nearby.take(leakage(8, 1.1))
    assert supports(nearby, 8) == []


def test_chargers_that_go_offline_together_support_and_one_alone_does_not(nearby: NearbyEvidence) -> None:
    def goes(charger: str, minute: float, *, online: bool = False) -> None:
        nearby.take_state(DeviceState(charger, online, at(minute)))

    for charger in ("p1", "p2", "p3"):
        goes(charger, -9)  # as a retained word of a month ago is heard
    assert supports(nearby, -8) == []
    for charger in ("p1", "p2", "p3"):
        goes(charger, -5, online=True)
    goes("p1", 0)
    assert supports(nearby, 1) == []
    goes("p2", 11)
    assert supports(nearby, 12) == []
    goes("p3", 15)
    assert supports(nearby, 16) == [("chargers_offline", "p2", 11)]
    goes("p3", 20, online=True)
    assert supports(nearby, 21) == []


def test_a_signal_serves_many_sites_and_an_unbound_one_none(nearby: NearbyEvidence) -> None:
    nearby.set_sites({"S1": station(), "S2": station("S2", chargers=())})
    nearby.take(SignalEvent("s1", at(0), 182, 0))
    nearby.take(SignalEvent("s9", at(0), 182, 0))
    nearby.take(status(0, "GroundFailure", charger="p9"))

    assert supports(nearby, 1) == supports(nearby, 1, "S2") == [("signal_without_power", "s1", 0)]
    assert nearby.of("nowhere", at(1)) == Corroboration()


def test_what_is_bound_no_longer_is_forgotten(nearby: NearbyEvidence) -> None:
    nearby.take(status(0, "GroundFailure"))
    nearby.take(SignalEvent("s1", at(0), 182, 0))
    nearby.set_sites({"S1": station(signals=(), chargers=("p2",))})
    assert nearby.of("S1", at(1)) == Corroboration()
    nearby.set_sites({"S1": station()})

    assert nearby.of("S1", at(1)) == Corroboration()


def test_traffic_that_flows_is_a_question_and_not_support(nearby: NearbyEvidence) -> None:
    minute = 0.0
    while minute < 40:
        for detector in (1, 2, 3):
            nearby.take(SignalEvent("s1", at(minute), 82, detector))
        for detector in (1, 2, 3):
            nearby.take(SignalEvent("s1", at(minute + 0.05), 81, detector))
        minute += 0.2

    evidence_of = nearby.of("S1", at(40))
    assert evidence_of.corroborates == ()
    assert evidence_of.contradicts == (Evidence(EvidenceKind.TRAFFIC_FLOWS, "s1", at(40)),)
