"""Doctor names gaps of rosters, people who cannot be called, and approvals to renew."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from commands.doctor.command_checks import check_commands
from commands.doctor.duty_checks import Duties, check_duties
from rencheng.operations.plan_files import default_plans
from rencheng.response.calls.forms import CallPolicyForm
from rencheng.response.calls.roster import Roster, Shift
from rencheng.store.calls.policies import PolicyVersion
from rencheng.store.commands.waiting import WaitingCommands
from rencheng.store.tasks.plans import PlanVersion

NOW = datetime(2026, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
FORM = {"policy_id": "red", "region": "370102", "level": "red", "hold_s": 900}
POLICY = CallPolicyForm.model_validate(FORM | {"steps": [{"posts": [{"role": "keeper"}], "wait_s": 60}]})


def roster(*people: str, until_h: int = 200) -> Roster:
    shifts = tuple(Shift(rank, one, NOW - HOUR, NOW + until_h * HOUR) for rank, one in enumerate(people, start=1))
    return Roster("keepers", "keeper", "370102", ranks=len(people), shifts=shifts)


def found(duties: Duties) -> dict[str, tuple[str, str]]:
    return {one.about.partition(": ")[2]: (one.found, one.advice) for one in check_duties(duties, NOW)}


def test_a_city_without_rosters_is_not_bothered() -> None:
    assert check_duties(Duties([], []), NOW) == []


def test_all_is_well_if_everybody_on_duty_can_be_called() -> None:
    results = check_duties(Duties([roster("ann")], [], reachable=frozenset({"ann"})), NOW)
    assert {one.severity for one in results} == {"good"}


def test_a_gap_is_named_at_city_time() -> None:
    number, advice = found(Duties([roster("ann", until_h=24)], []))["gaps of rosters in the next 7 days"]
    assert number == "1"
    assert "keepers rank 1, 2026-07-21 08:00" in advice


def test_people_who_cannot_be_called_are_named() -> None:
    duties = Duties([roster("ann", "bo", "cy")], [], inactive=frozenset({"bo"}), reachable=frozenset({"cy"}))
    results = found(duties)
    assert "bo in keepers" in results["inactive people in rosters"][1]
    number, advice = results["people on duty without a proven contact"]
    assert number == "1"
    assert " ann" in advice


def test_people_whose_contacts_were_proven_long_ago_are_named() -> None:
    both = frozenset({"ann", "bo"})
    duties = Duties([roster("ann", "bo")], [], reachable=both, proven_long_ago=frozenset({"bo"}))
    number, advice = found(duties)["people on duty whose contacts were not proven for 45 days"]
    assert number == "1"
    assert "bo" in advice


def test_an_expired_approval_is_named_and_the_policy_stays_in_force() -> None:
    old = PolicyVersion(POLICY, 3, "a", NOW, "b", NOW, NOW - HOUR)
    number, advice = found(Duties([], [old]))["approvals of policies to renew"]
    assert number == "1"
    assert "red version 3" in advice
    assert "stay in force" in advice


def test_an_expired_approval_of_a_plan_is_named() -> None:
    form = default_plans()[0]
    plans = [PlanVersion(form, number, "a", NOW, "b", NOW, NOW + HOUR * hours) for number, hours in ((3, -1), (4, 1))]
    number, advice = found(Duties([], [], plans))["approvals of plans to renew"]
    assert number == "1"
    assert f"{form.plan_id} version 3 since 2026-07-19" in advice


@given(st.lists(st.sampled_from(["to_approve", "for_people", "undecided", "silent"]), unique=True))
def test_what_waits_for_people_is_named_with_what_to_do(waiting: list[str]) -> None:
    results = check_commands(WaitingCommands(**{name: (f"barrier-{name}",) for name in waiting}))
    assert len(results) == 4
    named = [one for one in results if one.severity == "change"]
    assert [one.advice.partition(".")[0] for one in named] == [
        f"barrier-{name}" for name in ("to_approve", "for_people", "undecided", "silent") if name in waiting
    ]
    assert {one.found for one in results} <= {"1", "none"}
