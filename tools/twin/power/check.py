"""What must hold of a pump after any cut and restart, whatever it was doing."""

import json
from binascii import crc32

from pump.core.units import MS_PER_DAY
from twin.power.world import PumpWorld, stored

# So long it is watched after a restart.
WATCHED_SLICES = 20


def require(holds: bool, text: str) -> None:
    """Raise AssertionError with `text` unless it `holds`: `assert` would be dropped from optimised bytecode."""
    if not holds:
        raise AssertionError(text)


def check_pump(world: PumpWorld, cuts: str, windows: bool = True) -> None:
    """Account, windows, reservoir and journal stand, at once and while the pump goes on. `windows`: all that is made
    counts in them, in one and the same concentration."""
    check_account(world, cuts, windows)
    check_journal(world, cuts)
    slack_steps = world.confirmed_steps() - world.made_steps()
    made_steps = world.made_steps()
    rate_steps_day = world.app.status.read()["rate_steps_day"]
    for _ in range(WATCHED_SLICES):
        world.slice()
        check_account(world, cuts, windows)
    # From here on every step is counted just once.
    require(world.confirmed_steps() - world.made_steps() == slack_steps, "%s: the account drifts" % cuts)
    due_steps = rate_steps_day * WATCHED_SLICES * world.board.TICK_MS // MS_PER_DAY
    more_steps = world.made_steps() - made_steps
    require((more_steps > 0) == (due_steps > 0), "%s: made %d of %d" % (cuts, more_steps, due_steps))


def check_account(world: PumpWorld, cuts: str, windows: bool) -> None:
    """M-02, D-06 and R-01, now."""
    status = world.app.status.read()
    made = world.made_steps()
    confirmed = world.confirmed_steps()
    most = made + world.restarts * world.board.LEASE_STEPS
    require(made <= confirmed <= most, "%s: made %d, accounted %d, at most %d" % (cuts, made, confirmed, most))
    if windows:
        hour = status["hour_steps"] - world.begun["hour"]
        day = status["day_steps"] - world.begun["day"]
        require(hour >= made and day >= made, "%s: made %d, hour %d, day %d" % (cuts, made, hour, day))
    gone = status["reservoir_steps"] + status["confirmed_steps"] + status["wasted_steps"]
    require(status["filled_steps"] == gone, "%s: filled %d, gone %d" % (cuts, status["filled_steps"], gone))
    counts = status["ordered_steps"] - status["owed_steps"] - status["dropped_steps"]
    require(counts == status["granted_steps"], "%s: ordered %d, granted %d" % (cuts, counts, status["granted_steps"]))


def check_journal(world: PumpWorld, cuts: str) -> None:
    """What was told before the cut stands, in order, under its number; a number is given once."""
    journal = world.app.journal
    require(journal.unwritten == 0, "%s: %d events unwritten" % (cuts, journal.unwritten))
    if not world.told:
        return
    found = stored(journal, world.told[0][0] - 1, 2 * len(world.told) + 100)
    numbers = [line[0] for line in found]
    require(numbers == sorted(set(numbers)), "%s: numbers %s" % (cuts, numbers))
    for line in world.told:
        require(line in found, "%s: the event %s is gone" % (cuts, line))


def facts(world: PumpWorld) -> "list":
    """What a restart keeps wholly as it was or wholly as it was to be: nothing of it changes with time or lease."""
    control = world.app.control
    status = world.app.status.read()
    limits = [(limit.steps, limit.source) for limit in (control.limits.hour, control.limits.day, control.limits.bolus)]
    return [
        status["state"],
        status["alarms"],
        digest(control.program),
        limits,
        control.programs.day_total_steps(),
        status["filled_steps"],
        status["concentration_ng_ml"],
        world.app.tick.demand.mode,
        status["keep_open"],
        status["plan_paused"],
        status["patient_wait_ms"] > 0,
    ]


def digest(program) -> int:
    """The CRC-32 of all that `program` orders."""
    schedule = program.schedule
    doses = [order.dose for order in program.boluses] + list(program.trial)
    if program.patient:
        doses.append(program.patient.dose)
    told = [
        program.rate_den,
        program.concentration_ng_ml,
        [list(schedule.start_ms), list(schedule.whole), list(schedule.frac), list(schedule.from_day)],
        [[dose.whole, dose.frac, dose.den, dose.duration_ms] for dose in doses],
        [[order.day, order.at_ms] for order in program.boluses],
        [program.patient.lockout_ms, program.patient.per_day] if program.patient else None,
        [program.bridge.steps, program.bridge.duration_ms] if program.bridge else None,
        program.override,
        program.titration,
        [program.limits[name] for name in ("hour", "day", "bolus")],
    ]
    return crc32(json.dumps(told).encode()) & 0xFFFFFFFF
