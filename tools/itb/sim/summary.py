"""The account in words and numbers: a table for people, the same facts for machines."""

from collections.abc import Iterator
from fractions import Fraction

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from itb import BENCH_ONLY
from itb.rx.prescribed import MS_PER_DAY
from itb.rx.program import Scale
from itb.sim.account import Account, BolusOutcome, Check
from itb.sim.alarms import alarm_kinds, title

MS_PER_MINUTE = 60_000
NL_PER_ML = 1_000_000
DAYS_SHOWN = 14


def clock(t_ms: int, end: bool = False) -> str:
    """A time of the run, as "day 2, 06:30". A midnight is the next day's "00:00", or with `end` this day's "24:00"."""
    minutes = t_ms // MS_PER_MINUTE
    if end and t_ms and t_ms % MS_PER_DAY == 0:
        return f"day {t_ms // MS_PER_DAY}, 24:00"
    return f"day {minutes // 1440 + 1}, {minutes // 60 % 24:02d}:{minutes % 60:02d}"


def span(t_ms: int) -> str:
    """A length of time, as "2 days 06:30", or "2 days" where it is just these."""
    minutes = t_ms // MS_PER_MINUTE
    days = minutes // 1440
    hours = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
    if days == 0:
        return hours
    whole = f"{days} day{'s' if days > 1 else ''}"
    return f"{whole} {hours}" if minutes % 1440 else whole


def ug(scale: Scale, steps: Fraction | int) -> Fraction:
    """The dose in so many microsteps."""
    return scale.ug(Fraction(steps))


def ml(scale: Scale, steps: Fraction | int) -> Fraction:
    """The volume of so many microsteps, in mL."""
    return scale.nl(Fraction(steps)) / NL_PER_ML


def facts(account: Account) -> dict[str, object]:
    """The facts of `account`. Microsteps are exact; doses (ug) and volumes (mL) are rounded to six places."""
    scale, status = account.scale, account.last.status
    ledger = status.confirmed_steps
    return {
        "bench_only": BENCH_ONLY,
        "ended": account.why,
        "simulated_ms": account.last.t_ms,
        "state": status.state,
        "balanced": account.balanced,
        "ordered_steps": status.ordered_steps,
        "granted_steps": status.granted_steps,
        "edges": account.last.plant.edges,
        "ledger_steps": ledger,
        "motor_steps": account.last.plant.motor_steps,
        "ordered_ug": rounded(ug(scale, status.ordered_steps)),
        "ledger_ug": rounded(ug(scale, ledger)),
        "ledger_ml": rounded(ml(scale, ledger)),
        "catheter_ml": rounded(Fraction(account.last.plant.catheter_nl, NL_PER_ML)),
        "reservoir_ml": rounded(ml(scale, status.reservoir_steps)),
        "worst_deviation": {
            "t_ms": account.worst.t_ms,
            "steps": account.worst.steps,
            "ug": rounded(ug(scale, account.worst.steps)),
        },
        "days": [
            {"day": day.day, "steps": day.steps, "ug": rounded(ug(scale, day.steps)), "complete": day.complete}
            for day in account.days
        ],
        "boluses": [_bolus_facts(scale, bolus) for bolus in account.boluses],
        "alarms": [
            {"name": alarm.name, "priority": alarm.priority, "from_ms": alarm.from_ms, "until_ms": alarm.until_ms}
            for alarm in account.alarms
        ],
        "watchdog_expiries": account.last.plant.watchdog_expiries,
        "dead_man_let_go": account.last.plant.let_go,
        "way": [{"text": line.text, "steps": str(line.steps)} for line in account.lines],
        "checks": [_check_facts(check) for check in account.checks],
    }


def _bolus_facts(scale: Scale, bolus: BolusOutcome) -> dict[str, object]:
    return {
        "prescribed_ms": bolus.prescribed_ms,
        "t_ms": bolus.t_ms,
        "outcome": bolus.outcome,
        "steps": int(bolus.steps),
        "ug": rounded(ug(scale, bolus.steps)),
        "ordered_steps": bolus.ordered_steps,
        "ordered_ug": rounded(ug(scale, bolus.ordered_steps)),
    }


def bolus_told(scale: Scale, bolus: BolusOutcome) -> str:
    """What became of a bolus: "given", "given, 10 s late", "cut short, 2.7 of 20 ug"."""
    told = bolus.outcome
    if told in ("cut short", "running"):
        told += f", {_tenths(ug(scale, bolus.ordered_steps))} of {_tenths(ug(scale, bolus.steps))} ug"
    if told != "missed" and bolus.late_ms:
        told += f", {bolus.late_ms / 1000:g} s late"
    return told


def _tenths(value: Fraction) -> str:
    return f"{float(round(value, 1)):g}"


def rounded(value: Fraction) -> float:
    """For display and JSON only: six decimal places."""
    return float(round(value, 6))


def _check_facts(check: Check) -> dict[str, object]:
    return {
        "name": check.name,
        "left": {"text": check.left_text, "steps": str(check.left)},
        "right": {"text": check.right_text, "steps": str(check.right)},
        "difference": str(check.difference),
        "below": check.below,
        "ok": check.ok,
    }


def summary(account: Account) -> RenderableType:
    """The summary at the end of a run."""
    parts: list[RenderableType] = [_delivery(account), _way(account), _days(account)]
    if account.boluses:
        parts.append(_boluses(account))
    if account.alarms:
        parts.append(_alarms(account))
    let_go = account.last.plant.let_go
    if let_go:
        times = "once" if let_go == 1 else f"{let_go} times"
        parts.append(Text(f"The dead-man's switch let go by itself {times}.", "yellow"))
    parts += [_checks(account), _verdict(account)]
    return Group(*parts)


def _table(caption: str, *columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=caption, title_justify="left", title_style="bold", pad_edge=False)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right")
    return table


def _delivery(account: Account) -> Table:
    scale, status, plant = account.scale, account.last.status, account.last.plant
    table = _table(f"Delivery over {span(account.last.t_ms)}", "", "microsteps", "mL", "ug")
    counts = (
        ("ordered", status.ordered_steps),
        ("granted", status.granted_steps),
        ("confirmed by the read-back", plant.edges),
        ("delivered, by the ledger", status.confirmed_steps),
        ("made by the motor (twin's truth)", plant.motor_steps),
    )
    for text, steps in counts:
        table.add_row(text, f"{steps:,}", *_amounts(scale, steps))
    tip_ml = Fraction(plant.catheter_nl, NL_PER_ML)
    tip_ug = tip_ml * scale.concentration_ug_ml
    table.add_row("out of the catheter's tip (twin)", "", f"{float(tip_ml):,.4f}", f"{float(tip_ug):,.3f}")
    worst = account.worst
    when = f"order minus ledger at worst, {clock(worst.t_ms, end=True)}"
    table.add_row(when, f"{worst.steps:,}", *_amounts(scale, worst.steps))
    table.add_row("left in the reservoir", f"{status.reservoir_steps:,}", *_amounts(scale, status.reservoir_steps))
    return table


def _amounts(scale: Scale, steps: Fraction | int) -> tuple[str, str]:
    return f"{float(ml(scale, steps)):,.4f}", f"{float(ug(scale, steps)):,.3f}"


def _way(account: Account) -> Table:
    table = _table("From prescription to ledger", "", "microsteps", "ug")
    for line in account.lines:
        if line.steps or line.is_sum:
            style = "bold" if line.is_sum else ""
            steps = _number(line.steps)
            table.add_row(line.text, steps, f"{float(ug(account.scale, line.steps)):,.3f}", style=style)
    return table


def _days(account: Account) -> Table:
    table = _table("Dose per day, by the ledger", "day", "microsteps", "mL", "ug")
    for day in account.days[:DAYS_SHOWN]:
        name = str(day.day) if day.complete else f"{day.day} (in part)"
        table.add_row(name, f"{day.steps:,}", *_amounts(account.scale, day.steps))
    hidden = account.days[DAYS_SHOWN:]
    if hidden:
        steps = Fraction(sum(day.steps for day in hidden), len(hidden))
        table.add_row(f"{hidden[0].day} to {hidden[-1].day}, mean", _number(steps), *_amounts(account.scale, steps))
    return table


def _boluses(account: Account) -> Table:
    table = _table("Boluses", "prescribed at", "ug", "became")
    for bolus in account.boluses:
        style = "green" if bolus.outcome in ("given", "running") else "bold red"
        dose = f"{float(ug(account.scale, bolus.steps)):,.3f}"
        table.add_row(clock(bolus.prescribed_ms), dose, Text(bolus_told(account.scale, bolus), style))
    return table


def _alarms(account: Account) -> Table:
    table = _table("Alarms", "alarm", "priority", "raised", "ended")
    table.add_column("what the pump says", justify="left")
    messages = {kind.name: kind.message for kind in alarm_kinds()}
    for alarm in account.alarms:
        ended = "stands" if alarm.until_ms is None else clock(alarm.until_ms)
        priority = ("", "low", "medium", "high")[alarm.priority]
        table.add_row(title(alarm.name), priority, clock(alarm.from_ms), ended, messages[alarm.name])
    return table


def _checks(account: Account) -> Table:
    table = _table("Does the account balance?", "", "left", "right", "left - right", "")
    for check in account.checks:
        sign = f"= (within {check.below})" if check.below else "="
        verdict = Text("ok", "green") if check.ok else Text("NOT OK", "bold red")
        name = f"{check.left_text} {sign} {check.right_text}"
        table.add_row(name, _number(check.left), _number(check.right), _number(check.difference), verdict)
    return table


def _number(value: Fraction) -> str:
    return f"{int(value):,}" if value.denominator == 1 else f"{float(value):,.3f}"


def _verdict(account: Account) -> Text:
    if account.balanced:
        return Text(f"The account balances ({account.why}).", "bold green")
    return Text(f"THE ACCOUNT DOES NOT BALANCE: {', '.join(failing(account))}.", "bold red")


def failing(account: Account) -> Iterator[str]:
    """The names of the checks that do not hold."""
    return (check.name for check in account.checks if not check.ok)
