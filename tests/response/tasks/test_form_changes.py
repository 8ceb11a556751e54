"""What a new version of a plan changes is shown field by field, and nothing else is."""

from hypothesis import given
from hypothesis import strategies as st

from rencheng.operations.form_changes import change_lines
from rencheng.operations.plan_files import default_plans, plans_of_text, text_of_plans
from rencheng.response.tasks.forms import PlanForm

PLANS = st.sampled_from(default_plans())


@given(PLANS)
def test_a_plan_that_is_read_again_changes_nothing(plan: PlanForm) -> None:
    [again] = plans_of_text(text_of_plans([plan]), "again.yaml")
    assert change_lines(plan, again) == []
    assert change_lines(None, plan) == ["new"]


@given(PLANS, st.data())
def test_one_changed_field_is_one_line_whatever_the_order_of_tasks(plan: PlanForm, data: st.DataObject) -> None:
    chosen = data.draw(st.integers(0, len(plan.tasks) - 1))
    minutes = data.draw(st.floats(200, 300))
    tasks = [
        task.model_copy(update={"due_min": minutes}) if number == chosen else task
        for number, task in enumerate(plan.tasks)
    ]
    changed = plan.model_copy(update={"tasks": tuple(data.draw(st.permutations(tasks)))})
    old = plan.tasks[chosen]
    assert change_lines(plan, changed) == [f"tasks.{old.task}.due_min: {old.due_min} → {minutes}"]


@given(PLANS)
def test_a_task_that_is_taken_out_is_named(plan: PlanForm) -> None:
    lines = change_lines(plan, plan.model_copy(update={"tasks": plan.tasks[1:]}))
    assert lines
    assert all(line.startswith(f"tasks.{plan.tasks[0].task}.") and line.endswith("→ –") for line in lines)
