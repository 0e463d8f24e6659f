"""What the simulated bench says while it runs, one line at a time, checked and typed."""

import json
from dataclasses import dataclass
from typing import TypeAlias, cast


class GuestError(Exception):
    """The simulated bench failed, or said something that makes no sense."""


@dataclass(frozen=True)
class Status:
    """The firmware's own report. Counts are microsteps since the start of the run, of therapy, bridge and prime alike.

    `confirmed_steps` is the ledger: what was delivered. `owed_steps` are still to be granted, `dropped_steps` never
    will be. `in_flight_steps` are sent and not yet counted, `missing_steps` never were, `abandoned_steps` were stopped
    on purpose, `stray_steps` were counted unsent. `bolus_left_steps` is what a bolus under way has not ordered yet,
    `suspended_steps` what one set aside has not. `primed_ordered_steps` of what was ordered, and `primed_steps` of what
    was granted, were prime.

    `taken_steps` of the ledger were not counted: a restart took them as delivered. `cut_steps` were in flight when the
    power went. Both are made from the outages of the run, and no report has them (`itb.sim.restarts`).

    `weekday` is 0 for Monday. `plan_day` and `stage` say where the plan stands. `patient_wait_ms` is the time until the
    patient may have a bolus, -1 where none is ordered. `idle_ms` have passed since delivery ended. The reservoir holds
    `concentration_ng_ml`, the program is for `program_ng_ml`.
    """

    state: str
    alarms: tuple[str, ...]
    ordered_steps: int
    granted_steps: int
    confirmed_steps: int
    owed_steps: int
    dropped_steps: int
    in_flight_steps: int
    missing_steps: int
    stray_steps: int
    abandoned_steps: int
    bolus_left_steps: int
    rate_steps_day: int
    reservoir_steps: int
    filled_steps: int
    wasted_steps: int
    weekday: int = 0
    plan_day: int = 0
    stage: int = 0
    primed_ordered_steps: int = 0
    primed_steps: int = 0
    bridge_left_steps: int = 0
    bridge_left_ms: int = 0
    suspended_steps: int = 0
    patient_wait_ms: int = -1
    idle_ms: int = 0
    concentration_ng_ml: int = 0
    program_ng_ml: int = 0
    taken_steps: int = 0
    cut_steps: int = 0

    @property
    def counted_steps(self) -> int:
        """What of the ledger was counted at the driver."""
        return self.confirmed_steps - self.taken_steps


@dataclass(frozen=True)
class Plant:
    """What truly happened on the bench, by the twin.

    `edges` were seen on the read-back wire, `motor_steps` the motor really made; `catheter_nl` left the catheter's tip,
    and with it `tip_ng`. `pump_ng` left the pump, each microstep with the concentration then in the reservoir.
    The watchdog would have reset a chip `watchdog_expiries` times; the dead-man's switch let go by itself `let_go`
    times.
    """

    edges: int
    motor_steps: int
    catheter_nl: int
    watchdog_expiries: int = 0
    let_go: int = 0
    pump_ng: int = 0
    tip_ng: int = 0


@dataclass(frozen=True)
class Start:
    """The firmware stands and has read its program; `day_total_steps` is the numerator and denominator it found. A
    restart takes `lease_steps` as delivered at most."""

    board: str
    heap_used: int
    day_total_steps: tuple[int, int]
    lease_steps: int = 0


@dataclass(frozen=True)
class Sample:
    """Report and truth at `t_ms` of the run."""

    t_ms: int
    status: Status
    plant: Plant


@dataclass(frozen=True)
class Event:
    """One entry of the firmware's journal; `seq` counts them without a gap. What `a` and `b` mean depends on `kind`."""

    t_ms: int
    seq: int
    kind: str
    a: int
    b: int


@dataclass(frozen=True)
class CommandOutcome:
    """The job's command `name` was given at `t_ms`; `message` says why the firmware refused it, empty if it did not."""

    t_ms: int
    name: str
    accepted: bool
    message: str


@dataclass(frozen=True)
class Power:
    """The pump's life ends at `t_ms`, or a new one begins where it is `on`: by a `cause`, "power" or "watchdog".

    Report and truth are of that moment: before the end, or when the new life has taken up what was stored. So is
    `uptime_ms`, the pump's own time: that of a new life is by the last that it knows of the one before.
    """

    t_ms: int
    on: bool
    cause: str
    status: Status
    plant: Plant
    uptime_ms: int = 0


@dataclass(frozen=True)
class Burst:
    """`steps` pulses sent from `t_ms` on, `interval_us` apart."""

    t_ms: int
    steps: int
    interval_us: int


@dataclass(frozen=True)
class LineChange:
    """At `t_ms` the line `name`, "enable" as the driver has it or "dir", went to `level`, 0 or 1."""

    t_ms: int
    name: str
    level: int


@dataclass(frozen=True)
class FlashWork:
    """What a simulated flash was put to in a run: `operations` are the `erases` of blocks, of one block `most_erases`,
    and the pages programmed; `programmed_bytes` are what these hold."""

    operations: int
    erases: int
    most_erases: int
    programmed_bytes: int


@dataclass(frozen=True)
class End:
    """The run is over: `why` is "done", "stopped" or "empty". `flash` is None where it had none."""

    t_ms: int
    why: str
    status: Status
    plant: Plant
    heap_peak: int
    late_ticks: int
    flash: FlashWork | None = None


@dataclass(frozen=True)
class Failure:
    """The guest gave up. `kind` is the name of its exception."""

    kind: str
    message: str


Message: TypeAlias = Start | Sample | Event | CommandOutcome | Power | Burst | LineChange | End | Failure
LINES = ("enable", "dir")
CAUSES = ("power", "watchdog")
Fields: TypeAlias = dict[str, object]


def parse_line(line: str) -> Message:
    """The message in `line`. Raises GuestError, quoting the line, when it is none."""
    try:
        fields = cast(object, json.loads(line))
    except ValueError as error:
        raise GuestError(f"the simulated bench printed what is no message: {line.strip()[:200]!r}") from error
    if not isinstance(fields, dict):
        raise GuestError(f"the simulated bench printed what is no message: {line.strip()[:200]!r}")
    return _parse(cast(Fields, fields))


def _parse(fields: Fields) -> Message:
    match fields.get("k"):
        case "start":
            numerator, denominator = _integers(fields, "day_total", 2)
            lease_steps = _integer(fields, "lease_steps")
            return Start(_text(fields, "board"), _integer(fields, "heap_used"), (numerator, denominator), lease_steps)
        case "sample":
            return Sample(_integer(fields, "t_ms"), _status(fields), _plant(fields))
        case "event":
            a, b = _integer(fields, "a"), _integer(fields, "b")
            return Event(_integer(fields, "t_ms"), _integer(fields, "seq"), _text(fields, "kind"), a, b)
        case "command":
            name, accepted = _text(fields, "name"), _flag(fields, "accepted")
            return CommandOutcome(_integer(fields, "t_ms"), name, accepted, _text(fields, "message"))
        case "power":
            return _power(fields)
        case "burst":
            steps, interval_us = _integer(fields, "steps"), _integer(fields, "interval_us")
            return Burst(_integer(fields, "t_ms"), steps, interval_us)
        case "line":
            return _line(fields)
        case "end":
            return End(
                _integer(fields, "t_ms"),
                _text(fields, "why"),
                _status(fields),
                _plant(fields),
                _integer(fields, "heap_peak"),
                _integer(fields, "late_ticks"),
                _flash(fields) if fields.get("flash") is not None else None,
            )
        case "error":
            return Failure(_text(fields, "type"), _text(fields, "message"))
        case kind:
            raise GuestError(f"the simulated bench sent a message of the unknown kind {kind!r}")


def _line(fields: Fields) -> LineChange:
    name, level = _text(fields, "name"), _integer(fields, "level")
    if name not in LINES:
        raise _unfit("name", " or ".join(LINES), fields)
    if level not in (0, 1):
        raise _unfit("level", "0 or 1", fields)
    return LineChange(_integer(fields, "t_ms"), name, level)


def _power(fields: Fields) -> Power:
    cause = _text(fields, "cause")
    if cause not in CAUSES:
        raise _unfit("cause", " or ".join(CAUSES), fields)
    t_ms, uptime_ms = _integer(fields, "t_ms"), _integer(fields, "uptime_ms")
    return Power(t_ms, _flag(fields, "on"), cause, _status(fields), _plant(fields), uptime_ms)


def _flash(fields: Fields) -> FlashWork:
    work = _table(fields, "flash")
    return FlashWork(*(_integer(work, name) for name in FlashWork.__dataclass_fields__))


def _status(fields: Fields) -> Status:
    status = _table(fields, "status")
    alarms = status.get("alarms")
    if not isinstance(alarms, list):
        raise _unfit("alarms", "a list", status)
    return Status(
        _text(status, "state"),
        tuple(str(alarm) for alarm in cast(list[object], alarms)),
        *(_integer(status, name) for name in _STATUS_COUNTS),
    )


_MADE_HERE = ("taken_steps", "cut_steps")
_STATUS_COUNTS = tuple(name for name in tuple(Status.__dataclass_fields__)[2:] if name not in _MADE_HERE)


def _plant(fields: Fields) -> Plant:
    plant = _table(fields, "plant")
    catheter_nl = plant.get("catheter_nl")
    # The twin's hydraulics compute in floats; what leaves the tip is known to a nanolitre at best.
    if not isinstance(catheter_nl, (int, float)):
        raise _unfit("catheter_nl", "a number", plant)
    return Plant(
        _integer(plant, "edges"),
        _integer(plant, "motor_steps"),
        round(catheter_nl),
        _integer(plant, "watchdog_expiries"),
        _integer(plant, "let_go"),
        _integer(plant, "pump_ng"),
        _integer(plant, "tip_ng"),
    )


def _table(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise _unfit(name, "a table", fields)
    return cast(Fields, value)


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise _unfit(name, "text", fields)
    return value


def _integer(fields: Fields, name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unfit(name, "a whole number", fields)
    return value


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool):
        raise _unfit(name, "true or false", fields)
    return value


def _integers(fields: Fields, name: str, length: int) -> list[int]:
    value = fields.get(name)
    if not isinstance(value, list) or len(cast(list[object], value)) != length:
        raise _unfit(name, f"{length} whole numbers", fields)
    return [_integer({name: item}, name) for item in cast(list[object], value)]


def _unfit(name: str, accepted: str, fields: Fields) -> GuestError:
    return GuestError(f"the simulated bench sent {name} = {fields.get(name)!r}; expected {accepted}")
