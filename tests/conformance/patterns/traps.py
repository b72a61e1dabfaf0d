"""What SpiffWorkflow 3.2.0 does wrong, as reproduced, and the test that would notice it here."""

from __future__ import annotations

FLOW, EVENTS, ACTIVITIES, SIZE = (
    f"tests/conformance/test_engine_{name}.py" for name in ("control_flow", "events", "activities", "size")
)
RANDOM = "tests/property/test_engine_random.py::test_nobody_sees_a_difference"
RUNTIME, EVALUATOR, DECISIONS = (f"tests/unit/test_engine_{name}.py" for name in ("runtime", "evaluator", "decisions"))
CLOCK = "tests/unit/test_engine_iso8601.py"
MESSAGES = "tests/unit/test_engine_store_messages.py"

TRAPS: tuple[tuple[str, str], ...] = (
    ("Beyond a depth of 1 000 tasks are no longer found and the process ends quietly",
     f"{SIZE}::test_a_thousand_scripts_in_a_row_lose_nothing"),
    ("Prediction through parallel joins grows as 2^k", f"{SIZE}::test_twelve_parallel_blocks_in_a_row"),
    ("A chain of 1 000 nodes is too deep for the parser", f"{SIZE}::test_a_thousand_scripts_in_a_row_lose_nothing"),
    ("The state grows with every loop", f"{SIZE}::test_a_thousand_loops_leave_the_state_as_small_as_one"),
    ("A parallel join merges whole branches, the last one undoes the others",
     f"{FLOW}::test_what_one_branch_sets_the_other_does_not_undo"),
    ("A parallel join in a loop fires early from the second round on",
     f"{FLOW}::test_parallel_join_in_a_loop_waits_in_every_round"),
    ("An inclusive join in a loop fires early", f"{FLOW}::test_inclusive_join_in_a_loop"),
    ("Nested values are shared between branches",
     f"{ACTIVITIES}::test_a_script_never_changes_a_list_another_branch_sees"),
    ("Reading the state back depends on the order of its keys",
     f"{RUNTIME}::test_variables_keep_their_order_and_kind"),
    ("Saved and never saved instances differ", RANDOM),
    ("Values that are not JSON change silently", f"{ACTIVITIES}::test_only_json_becomes_a_variable"),
    ("A completed or future task can be run", f"{FLOW}::test_a_task_is_completed_once"),
    ("Definitions change while they run, so that the next instance is wrong",
     f"{RUNTIME}::test_one_program_serves_many_instances_at_once"),
    ("P3M without quotes is an error at run time, the token is stuck", f"{EVENTS}::test_when_a_timer_is_due"),
    ("31 January + P1M is 3 March; summer time moves 09:00",
     f"{CLOCK}::test_calendar_arithmetic_in_a_zone_with_summer_time"),
    ("Months of a cycle are frozen at the first length",
     f"{EVENTS}::test_months_of_a_cycle_are_counted_from_its_start"),
    ("P alone and nothing at all count as zero", f"{CLOCK}::test_durations_that_are_none"),
    ("Two timers behind one event gateway share one moment",
     f"{EVENTS}::test_the_first_event_wins_at_an_event_gateway"),
    ("An exhausted cycle is waited for in vain", f"{EVENTS}::test_a_cycle_fires_as_often_as_it_says"),
    ("Late cycles catch up without limit", f"{EVENTS}::test_a_year_of_missed_cycles_is_bounded"),
    ("The first message always correlates",
     f"{MESSAGES}::test_a_message_reaches_the_instance_with_its_key_and_no_other"),
    ("An early message is lost", f"{MESSAGES}::test_an_early_message_waits_for_its_receiver"),
    ("Signals reach the same instance only", f"{MESSAGES}::test_a_signal_reaches_everybody_who_waits"),
    ("Error codes on boundary events are not compared",
     f"{EVENTS}::test_errors_take_the_boundary_event_of_their_code"),
    ("An error does not stop its scope", f"{EVENTS}::test_an_error_end_event_ends_its_scope_at_once"),
    ("A failing script leaves a task that cannot be resumed", f"{ACTIVITIES}::test_a_failing_script_names_its_node"),
    ("isInterrupting of an event sub-process is ignored", f"{EVENTS}::test_an_interrupting_event_sub_process"),
    ("The process cannot complete until the timer of an event sub-process fires",
     f"{EVENTS}::test_an_event_sub_process_on_a_timer_does_not_keep_the_process_open"),
    ("An event sub-process on an error starts with the process",
     f"{EVENTS}::test_event_sub_processes_on_errors_and_escalations_wait_for_them"),
    ("Hit policy UNIQUE is not checked", f"{DECISIONS}::test_unique_is_checked"),
    ("FIRST evaluates all rules; other hit policies behave like FIRST", f"{DECISIONS}::test_first"),
    ("An expression can run any program", f"{EVALUATOR}::test_hostile_expressions_are_refused_or_stopped_at_once"),
    ("A field of a form shadows a function", f"{EVALUATOR}::test_a_field_called_like_a_function_changes_nothing"),
    ("Elements called Start or End collide with its own", f"{FLOW}::test_ids_may_be_the_executors_own_names"),
    ("Non-interrupting message boundary events catch once",
     f"{EVENTS}::test_a_non_interrupting_message_boundary_catches_again_and_again"),
    ("A multi-instance without items, or with an output that exists, fails", f"{ACTIVITIES}::test_no_items_no_work"),
)  # fmt: skip
