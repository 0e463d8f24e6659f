"""The account in words and numbers: tables for people."""

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from itb.account.account import Account
from itb.account.facts import facts
from itb.account.told import NL_PER_ML, bolus_told, clock, given_told, moment, span, time_told
from itb.account.tracks import Amount
from itb.sim.alarms import alarm_kinds, title
from itb.sim.bolus_events import CLINICIAN, PATIENT, SCHEDULED, TRIAL

__all__ = ["facts", "failing", "summary"]

DAYS_SHOWN = 14
# The rest are counted.
BOLUSES_SHOWN = 24
RESTARTS_SHOWN = 12


def summary(account: Account) -> RenderableType:
    """The summary at the end of a run."""
    parts: list[RenderableType] = [_delivery(account), _way(account)]
    if account.parts:
        parts.append(_parts(account))
    parts.append(_days(account))
    if account.course.orders.given:
        parts.append(_commands(account))
    if account.course.outages:
        parts.append(_restarts(account))
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
    status, plant = account.last.status, account.last.plant
    table = _table(f"Delivery over {span(account.last.t_ms)}", "", "microsteps", "mL", "ug")
    for line in account.delivery:
        _add(table, account, line.text, line.amount)
    tip_ml, tip_ug = Fraction(plant.catheter_nl, NL_PER_ML), Fraction(plant.tip_ng, 1000)
    table.add_row("out of the catheter's tip (twin)", "", f"{float(tip_ml):,.4f}", f"{float(tip_ug):,.3f}")
    worst = account.worst
    when = f"order minus ledger at worst, {clock(worst.t_ms, end=True)}"
    _add(table, account, when, Amount(Fraction(worst.steps), worst.ug))
    ug_per_step = account.course.doses.ug_per_step(account.last.t_ms - 1)
    _add(table, account, "left in the reservoir", Amount.of(status.reservoir_steps, ug_per_step))
    return table


def _add(table: Table, account: Account, text: str, amount: Amount, *more: str) -> None:
    volume_ml = amount.steps * account.course.orders.nl_per_step / NL_PER_ML
    table.add_row(text, _number(amount.steps), f"{float(volume_ml):,.4f}", f"{float(amount.ug):,.3f}", *more)


def _way(account: Account) -> Table:
    table = _table("From prescription to ledger", "", "microsteps", "ug")
    for line in account.lines:
        if line.steps or line.is_sum:
            style = "bold" if line.is_sum else ""
            table.add_row(line.text, _number(line.steps), f"{float(line.ug):,.3f}", style=style)
    return table


def _parts(account: Account) -> Table:
    table = _table("What was ordered as what", "", "microsteps", "mL", "ug")
    for line in account.parts:
        _add(table, account, line.text, line.amount)
    return table


def _days(account: Account) -> Table:
    """With what left the tip, where that is not the same: by a change of concentration, or of a line not yet filled."""
    table = _table("Dose per day, by the ledger", "day", "microsteps", "mL", "ug")
    with_tip = bool(account.parts or account.course.doses.changes)
    if with_tip:
        table.add_column("ug at the tip (twin)", justify="right")
    for day in account.days[:DAYS_SHOWN]:
        name = str(day.day) if day.complete else f"{day.day} (in part)"
        _add(table, account, name, day.amount, *_tip(with_tip, day.tip_ug))
    hidden = account.days[DAYS_SHOWN:]
    if hidden:
        total, tip_ug = sum((day.amount for day in hidden), Amount()), sum(day.tip_ug for day in hidden)
        mean = Amount(total.steps / len(hidden), total.ug / len(hidden))
        name = f"{hidden[0].day} to {hidden[-1].day}, mean"
        _add(table, account, name, mean, *_tip(with_tip, Fraction(tip_ug, len(hidden))))
    return table


def _tip(shown: bool, tip_ug: Fraction) -> tuple[str, ...]:
    return (f"{float(tip_ug):,.3f}",) if shown else ()


def _commands(account: Account) -> Table:
    start = account.course.orders.start
    table = _table("Commands", "at")
    table.add_column("command", justify="left")
    table.add_column("became", justify="left")
    for given in account.course.orders.given:
        style = "green" if given.accepted else ""
        table.add_row(
            moment(given.t_ms, start), given.text, Text(given_told(given), style if given.as_expected else "bold red")
        )
    return table


def _restarts(account: Account) -> Table:
    """What each took as delivered that the twin did not see delivered."""
    start = account.course.orders.start
    table = _table("Restarts", "at", "without power", "microsteps taken as delivered, never sent")
    before = 0
    for outage in account.course.outages[:RESTARTS_SHOWN]:
        cause = "watchdog" if outage.cause == "watchdog" else "to the end"
        if outage.on_ms is not None and outage.cause == "power":
            cause = time_told(outage.on_ms - outage.off_ms)
        taken = "" if outage.on_ms is None else f"{outage.uncounted_steps - before:,}"
        before = outage.uncounted_steps
        table.add_row(moment(outage.off_ms, start), cause, taken)
    hidden = account.course.outages[RESTARTS_SHOWN:]
    if hidden:
        table.add_row(f"{len(hidden)} more", "", f"{hidden[-1].uncounted_steps - before:,}")
    return table


def _boluses(account: Account) -> Table:
    """Scheduled ones alone as they were prescribed; with others, who asked for each."""
    mixed = any(bolus.source != SCHEDULED for bolus in account.boluses)
    start = account.course.orders.start
    columns = ["at", "asked for by", "ug", "became"] if mixed else ["prescribed at", "ug", "became"]
    table = _table("Boluses", *columns)
    for bolus in account.boluses[:BOLUSES_SHOWN]:
        style = "green" if bolus.outcome in ("given", "running", "suspended") else "bold red"
        if bolus.outcome == "denied" and bolus.source != SCHEDULED:
            style = "yellow"
        dose = f"{float(bolus.steps * bolus.ug_per_step):,.3f}"
        asked_by = [_ASKED_BY[bolus.source]] if mixed else []
        table.add_row(moment(bolus.prescribed_ms, start), *asked_by, dose, Text(bolus_told(bolus), style))
    hidden = Counter(bolus.outcome for bolus in account.boluses[BOLUSES_SHOWN:])
    if hidden:
        told = ", ".join(f"{count} {outcome}" for outcome, count in hidden.items())
        table.add_row(f"{hidden.total()} more", *([""] if mixed else []), "", told)
    return table


_ASKED_BY = {SCHEDULED: "program", CLINICIAN: "clinician", PATIENT: "patient", TRIAL: "trial"}


def _alarms(account: Account) -> Table:
    start = account.course.orders.start
    table = _table("Alarms", "alarm", "priority", "raised", "ended")
    table.add_column("what the pump says", justify="left")
    messages = {kind.name: kind.message for kind in alarm_kinds()}
    for alarm in account.alarms:
        ended = "stands" if alarm.until_ms is None else moment(alarm.until_ms, start)
        priority = ("", "low", "medium", "high")[alarm.priority]
        table.add_row(title(alarm.name), priority, moment(alarm.from_ms, start), ended, messages[alarm.name])
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
