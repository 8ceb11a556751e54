"""What a message about tasks says, in Chinese and English."""

from collections.abc import Sequence
from datetime import datetime

from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.site import Site
from rencheng.response.delivery.dispatch import Content
from rencheng.response.tasks.task import Task

SHOWN_MAX = 12
"""The most tasks in a message; the link shows all. Proposal."""


def tasks_content(
    site: Site, level: Level, tasks: Sequence[Task], link: str, at: datetime, *, is_late: bool
) -> Content:
    """Return the message with all tasks that a person has to do at a place.

    Args:
        site: the place.
        level: the gravest level among the tasks.
        tasks: what the person has to do.
        link: the address at which the person reports.
        at: the present.
        is_late: whether one of them is late or cannot be done.
    """
    shown = sorted(tasks, key=lambda task: task.due_at)[:SHOWN_MAX]
    zh = "；".join(f"{_time(task)}前 {task.template.title_zh}" for task in shown)
    en = "; ".join(f"by {_time(task)}: {task.template.title_en}" for task in shown)
    document: dict[str, object] = {
        "kind": "tasks",
        "warning_id": tasks[0].warning_id,
        "world": site.world,
        "site": {"site_id": site.site_id, "name_zh": site.name_zh, "name_en": site.name_en},
        "level": level.word,
        "late": is_late,
        "tasks": [
            {
                "task": task.template.template_id,
                "title_zh": task.template.title_zh,
                "title_en": task.template.title_en,
                "role": task.template.role,
                "due_at": task.due_at.isoformat(),
                "state": task.state.value,
                "evidence": [kind.value for kind in task.missing_evidence],
            }
            for task in shown
        ],
        "report_url": link,
        "issued_at": at.isoformat(),
    }
    head_zh, head_en = ("任务逾期或受阻", "late or blocked") if is_late else ("任务", "to do")
    return Content(
        f"{head_zh}：{site.name_zh}：{zh}。办理：{link}", f"{site.name_en}, {head_en}: {en}. Report: {link}", document
    )


def over_content(site: Site, warning_id: str, at: datetime) -> Content:
    """Return the message that nothing needs to be done any more."""
    document: dict[str, object] = {
        "kind": "tasks",
        "warning_id": warning_id,
        "world": site.world,
        "site": {"site_id": site.site_id, "name_zh": site.name_zh, "name_en": site.name_en},
        "level": Level.NONE.word,
        "late": False,
        "tasks": [],
        "issued_at": at.isoformat(),
    }
    return Content(f"任务取消：{site.name_zh}，未开始的任务无需再办。", f"{site.name_en}: nothing to do.", document)


def _time(task: Task) -> str:
    return f"{task.due_at.astimezone(CITY_ZONE):%H:%M}"
