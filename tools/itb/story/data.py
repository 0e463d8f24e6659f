"""What `itb check --json` says of a story: the same facts for machines.

Amounts are numbers, `exact` pairs are numerator and denominator, times are ms since the midnight the story starts with.
"""

from fractions import Fraction

from itb.plan.preview_data import preview_data
from itb.rx.orders import NL_PER_ML
from itb.story.bridge import Bridge, DeadVolume
from itb.story.events import told_moment
from itb.story.fillings import fillings
from itb.story.story import Command, Story
from itb.story.timetable import Row, timetable


def story_data(story: Story) -> dict[str, object]:
    """All that `itb check` shows."""
    return {
        "title": story.title,
        "notes": story.notes,
        "board": story.board.name,
        "start": str(story.start),
        "end_ms": story.end_ms,
        "first": story.first,
        "fill_steps": story.fill_steps,
        "delivering": story.delivering,
        "line_ng_ml": story.line_ng_ml,
        "dead_volume": _dead_data(story.dead) if story.dead else None,
        "programs": {name: preview_data(plan) for name, plan in story.plans.items()},
        "course": [_row_data(story, row) for row in timetable(story)],
        "bridges": [_bridge_data(one, one.bridge) for one in story.commands if one.bridge],
        "overrides": [_override_data(one) for one in story.commands if one.plan and one.plan.program.override],
        "primes": [_prime_data(one) for one in story.commands if one.name == "prime"],
        "restarts": [_restart_data(one) for one in story.commands if one.name in ("power_cut", "watchdog_reset")],
        "refills": [
            {"at_ms": one.at_ms, "ml": float(one.fill_nl / NL_PER_ML), "refill_by_ms": one.low_ms}
            for one in fillings(story)
        ],
        "findings": [
            {"field": f.field, "value": f.value, "expected": f.expected, "source": f.source} for f in story.findings
        ],
    }


def _dead_data(dead: DeadVolume) -> dict[str, object]:
    return {"path_ml": float(dead.path_nl / NL_PER_ML), "ml": float(dead.volume_nl / NL_PER_ML)}


def _row_data(story: Story, row: Row) -> dict[str, object]:
    return {
        "at_ms": row.at_ms,
        "at": told_moment(story.start, row.at_ms),
        "text": row.text,
        "expect_refused": row.expect_refused,
        "delivering": row.delivering,
        "ug_day": float(row.ug_day),
        "ml_day": float(row.nl_day / NL_PER_ML),
        "change_percent": None if row.change_percent is None else float(row.change_percent),
    }


def _bridge_data(command: Command, bridge: Bridge) -> dict[str, object]:
    in_the_pump = command.plan.program.bridge if command.plan else None
    return {
        "at_ms": command.at_ms,
        "until_ms": command.at_ms + bridge.duration_ms,
        "ml": float(bridge.dead_nl / NL_PER_ML),
        "old_ug_ml": float(bridge.old_ug_ml),
        "new_ug_ml": float(bridge.new_ug_ml),
        "ml_day": float(bridge.rate_nl_day / NL_PER_ML),
        "ug_day": float(bridge.previous_ug_day),
        "days": float(bridge.days),
        "days_exact": _pair(bridge.days),
        "steps": in_the_pump[0] if in_the_pump else None,
        "duration_ms": bridge.duration_ms,
        "then_ml_day": float(bridge.new_rate_nl_day / NL_PER_ML),
        "then_ug_day": float(bridge.new_ug_day),
        "if_omitted": _omission_data(bridge),
    }


def _omission_data(bridge: Bridge) -> dict[str, object] | None:
    omitted = bridge.omitted
    if omitted is None:
        return None
    return {"percent": float(omitted.percent), "ug_day": float(omitted.ug_day), "days": float(omitted.days)}


def _override_data(command: Command) -> dict[str, object]:
    return {
        "at_ms": command.at_ms,
        "reason": command.plan.program.override if command.plan else "",
        "omitted": _omission_data(command.left_out) if command.left_out else None,
    }


def _prime_data(command: Command) -> dict[str, object]:
    steps, duration_ms, emptied = command.arguments
    return {"at_ms": command.at_ms, "steps": steps, "duration_ms": duration_ms, "emptied": bool(emptied)}


def _restart_data(command: Command) -> dict[str, object]:
    cause = {"power_cut": "power", "watchdog_reset": "watchdog"}[command.name]
    return {"at_ms": command.at_ms, "cause": cause, "off_ms": command.arguments[0] if command.arguments else 0}


def _pair(exact: Fraction) -> list[int]:
    return [exact.numerator, exact.denominator]
