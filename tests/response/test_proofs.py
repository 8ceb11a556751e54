"""Which test proves which demand: the fault injections T1 to T20 and the properties P1 to P14 of the response design.

A test that is renamed or deleted is missed here.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

PROOFS: Mapping[str, tuple[str, ...]] = {
    "T1 kill -9 in an attempt": (
        "response/test_service.py::after_kill_9_a_message_is_repeated_under_its_id_and_none_is_lost",
        "response/test_calls.py::two_processes_and_kills_ask_each_person_once_a_round",
    ),
    "T2 a process stands still past its lease": (
        "response/test_service.py::a_process_that_stood_still_past_its_lease_changes_nothing_afterwards",
    ),
    "T3 database away, lost commit answer": (
        (
            "response/test_without_database.py"
            "::red_and_its_end_leave_once_while_the_database_is_away_and_the_ledger_is_whole_afterwards"
        ),
        "response/test_long_outage.py::a_database_that_is_away_in_a_storm_loses_and_delays_nothing_that_matters",
    ),
    "T4 broker restarted with a queued command": (
        (
            "response/commands/test_service.py"
            "::a_device_that_was_away_does_not_act_on_a_command_that_waited_at_a_restarted_broker"
        ),
    ),
    "T5 odd answers of providers": (
        "response/test_channels.py::every_answer_has_a_defined_result",
        "response/test_channels.py::the_code_of_a_bot_decides_in_a_200",
        "response/test_encrypted_webhooks.py::a_certificate_must_name_the_host_and_be_of_a_known_authority",
        "response/test_service.py::an_endpoint_that_hangs_costs_the_others_nothing",
        "response/test_service.py::410_disables_the_endpoint_aloud_and_a_probe_brings_it_back",
    ),
    "T6 300 places, one bot, one officer": (
        (
            "response/delivery/test_limits.py"
            "::of_300_places_and_one_bot_every_place_is_sent_in_a_minute_and_the_first_at_once"
        ),
        "response/delivery/test_limits.py::no_window_has_more_than_is_allowed",
    ),
    "T7 all gateways down": (
        "response/test_watch.py::with_all_gateways_down_a_call_is_exhausted_and_the_outside_alarm_rings",
    ),
    "T8 names that resolve to private addresses": (
        "response/test_channels.py::a_name_is_refused_if_any_of_its_addresses_is_and_nothing_connects",
        "response/test_channels.py::an_address_that_is_not_public_is_refused",
    ),
    "T9 previews of links": (
        "api/routes/test_calls.py::looking_at_a_link_changes_nothing_and_two_presses_are_one_answer",
    ),
    "T10 clocks": (
        "response/calls/test_machine.py::a_jump_of_the_clock_neither_bursts_nor_skips",
        "response/test_channels.py::our_signature_verifies_with_the_reference_library",
        "response/test_service.py::a_jump_of_the_databases_clock_strikes_nothing_and_delays_nothing",
    ),
    "T11 left for 90 days, 20 minutes, 3 minutes": (
        "response/calls/test_machine.py::a_call_that_was_left_takes_one_step_if_it_is_late_and_none_if_it_is_old",
    ),
    "T12 gaps, people without methods, overrides": (
        "response/calls/test_machine.py::an_empty_step_costs_no_wait_and_the_reason_is_recorded",
        "response/calls/test_roster.py::each_rank_has_one_person_or_a_gap_and_overrides_win",
        "response/test_calls.py::a_person_whose_messages_fail_costs_no_wait",
        "commands/doctor/test_duty_checks.py::a_gap_is_named_at_city_time",
    ),
    "T13 templates": (
        "response/test_channels.py::a_template_that_cannot_work_is_refused_when_it_is_saved",
        "response/test_channels.py::a_text_is_never_longer_than_a_bot_takes_and_marks_exercises",
    ),
    "T14 changes while a call runs": (
        "api/routes/test_handovers.py::a_running_call_keeps_its_policy_and_passes_over_who_was_disabled",
        "api/routes/test_contacts_of_people.py::a_person_who_is_disabled_is_not_asked_what_is_due",
        "response/test_channels.py::our_signature_verifies_with_the_reference_library",
    ),
    "T15 receipts": ("api/routes/test_delivery.py::receipts_in_any_order_and_number_only_raise_the_rank",),
    "T16 devices that lie": (
        "response/commands/test_service.py::what_a_dishonest_device_does_is_never_confirmed_and_a_person_gets_a_message",
        "response/commands/test_machine.py::a_device_that_accepts_and_never_moves_is_contradicted",
    ),
    "T17 an exercise with real contacts": (
        "response/test_channels.py::an_exercise_reaches_no_method_that_does_not_name_it_whatever_the_database_says",
        "response/test_worlds.py::a_message_of_another_world_can_be_neither_written_nor_leased",
    ),
    "T18 one person asks and approves": (
        (
            "response/commands/test_people.py"
            "::one_person_does_not_open_a_barrier_by_any_key_and_a_key_without_a_person_approves_nothing"
        ),
        "api/routes/test_handovers.py::one_person_with_two_keys_cannot_write_and_approve_a_policy",
        "api/routes/test_tasks.py::who_reports_for_another_person_cannot_sign_either",
    ),
    "T19 evidence": ("api/routes/test_task_files.py::a_photo_is_encoded_again_kept_once_and_never_a_page",),
    "T20 the auditor stops": (
        "response/test_watch.py::an_outside_alarm_gets_heartbeats_until_a_message_does_not_come_back",
    ),
    "P1 nothing above what is known is lost": (
        "response/delivery/test_lines.py::any_history_of_failures_ends_with_the_truth",
    ),
    "P2 the truth in the end": (
        "response/delivery/test_lines.py::any_history_of_failures_ends_with_the_truth",
        "response/delivery/test_lines.py::people_never_get_an_older_message_after_a_newer_one",
    ),
    "P3 as many sends as are owed and doubtful": (
        "response/delivery/test_lines.py::any_history_of_failures_ends_with_the_truth",
        "response/test_service.py::two_processes_send_each_message_once",
    ),
    "P4 no call ends in nobody": (
        "response/calls/test_machine_properties.py::a_call_ends_only_with_its_warning_or_by_a_person",
    ),
    "P5 steps at their waits": (
        (
            "response/calls/test_machine_properties.py"
            "::a_step_never_begins_before_the_waits_of_the_steps_before_it_and_not_later_than_the_next_look"
        ),
    ),
    "P6 rosters": (
        "response/calls/test_roster.py::each_rank_has_one_person_or_a_gap_and_overrides_win",
        "response/calls/test_roster.py::a_rotation_has_no_gap_and_no_overlap_where_clocks_change",
    ),
    "P7 the same intents again": (
        "response/calls/test_machine_properties.py::recorded_inputs_give_the_recorded_intents_again",
        "api/routes/test_calls.py::recorded_inputs_give_the_recorded_intents_again",
        "response/commands/test_machine.py::the_same_inputs_give_the_same_steps",
    ),
    "P8 repeated requests": (
        "api/routes/test_repeated_requests.py::a_repetition_gets_the_same_answer",
        "api/routes/test_calls.py::an_answer_that_is_sent_again_counts_once",
    ),
    "P9 every state and input": (
        "response/calls/test_machine_properties.py::every_state_has_an_answer_to_every_input",
        "response/calls/test_machine_properties.py::every_state_but_the_last_can_be_left",
        "response/commands/test_machine.py::every_state_has_an_answer_to_every_input",
        (
            "response/tasks/test_task_machine.py"
            "::every_state_has_an_answer_to_every_input_and_only_final_states_cannot_be_left"
        ),
        "response/test_declarations.py::every_state_has_an_answer_to_every_input",
    ),
    "P10 worlds": (
        "response/test_worlds.py::an_exercise_changes_nothing_of_the_actual_world_and_leaves_nothing",
        "response/test_worlds.py::every_table_of_a_world_is_emptied_with_its_exercise",
    ),
    "P11 two people": (
        "response/commands/test_people.py::nothing_that_undoes_is_sent_without_two_others_after_the_last_change",
        "response/tasks/test_task_machine.py::a_place_is_reopened_only_by_two_others_who_signed_after_the_last_change",
    ),
    "P12 the event report": (
        "response/reports/test_event_report.py::every_time_is_the_difference_of_two_rows_or_names_what_is_missing",
    ),
    "P13 limits": ("response/delivery/test_limits.py::no_window_has_more_than_is_allowed",),
    "P14 signatures": ("response/test_channels.py::our_signature_verifies_with_the_reference_library",),
    "nobody is asked again after answering": (
        "response/calls/test_machine_properties.py::nobody_is_asked_again_after_answering_in_any_interleaving",
    ),
    "a third of the subscribers fails": (
        "benchmarks/test_delivery.py::each_subscriber_gets_each_message_in_order_though_a_third_fails",
    ),
    "10,000 messages": ("cap/test_many.py::every_message_of_ten_thousand_is_valid",),
    "200 broken messages": ("cap/test_many.py::two_hundred_broken_messages_are_refused_with_a_reason_each",),
}


@cache
def _tests_of(file: str) -> frozenset[str]:
    written = (TESTS / file).read_text(encoding="utf-8")
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", written, flags=re.MULTILINE))


@pytest.mark.parametrize("demand", PROOFS)
def test_every_demand_has_its_tests(demand: str) -> None:
    for proof in PROOFS[demand]:
        file, _, name = proof.partition("::")

        assert f"test_{name}" in _tests_of(file), proof


def test_the_table_is_whole() -> None:
    numbers = [demand.split()[0] for demand in PROOFS]

    assert {f"T{n}" for n in range(1, 21)} | {f"P{n}" for n in range(1, 15)} <= set(numbers)
