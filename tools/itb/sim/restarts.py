"""Counters over the lives of a pump: a restart begins all of them anew but the ledger, and jumps that by the lease."""

from dataclasses import dataclass, replace

from itb.sim.messages import GuestError, Plant, Power, Sample, Status

# What the firmware counts from its start on.
_ANEW = (
    "ordered_steps",
    "granted_steps",
    "dropped_steps",
    "missing_steps",
    "stray_steps",
    "abandoned_steps",
    "primed_ordered_steps",
    "primed_steps",
)


@dataclass(frozen=True)
class Outage:
    """From `off_ms` until `on_ms`, None where the run ended before, the pump had no life. For a reset both are one.

    `before` is the sample of its end. `seq` is the number of the last event before it. `uncounted_steps` of the ledger
    were not seen at the driver, by the twin, when the new life began. Of the time before it `forgotten_ms` are not
    known to it.
    """

    off_ms: int
    cause: str
    seq: int
    before: Sample
    on_ms: int | None = None
    uncounted_steps: int = 0
    forgotten_ms: int = 0


class Lives:
    """The outages of a run, and what the counters of its samples have to be raised by."""

    def __init__(self) -> None:
        self.outages: list[Outage] = []
        self._uptime_ms = 0
        self._offsets = dict.fromkeys((*_ANEW, "taken_steps", "cut_steps"), 0)

    def end(self, power: Power, before: Sample, seq: int) -> None:
        """The pump's life ends after the event `seq`; `before` is the sample of it, whose counters go on already."""
        if self.outages and self.outages[-1].on_ms is None:
            raise GuestError("the simulated bench cut a power that was off")
        self.outages.append(Outage(power.t_ms, power.cause, seq, before))
        self._uptime_ms = power.uptime_ms

    def begin(self, power: Power) -> None:
        """A new life of the pump begins."""
        if not self.outages or self.outages[-1].on_ms is not None:
            raise GuestError("the simulated bench switched on a power that was on")
        outage = self.outages[-1]
        status, after = outage.before.status, power.status
        for name in _ANEW:
            self._offsets[name] = getattr(status, name) - getattr(after, name)
        # Nobody makes up for what was owed.
        self._offsets["dropped_steps"] += status.owed_steps
        self._offsets["cut_steps"] += status.in_flight_steps
        self._offsets["taken_steps"] += after.confirmed_steps - status.confirmed_steps
        uncounted_steps = _uncounted(after, power.plant)
        forgotten_ms = self._uptime_ms - power.uptime_ms
        self.outages[-1] = replace(outage, on_ms=power.t_ms, uncounted_steps=uncounted_steps, forgotten_ms=forgotten_ms)

    def gone_on(self, sample: Sample) -> Sample:
        """`sample` with counters that go on where those of the life before it stood."""
        if not self.outages:
            return sample
        if self.outages[-1].on_ms is None:
            # It tells how things stood when the power went.
            before = self.outages[-1].before.status
            status = replace(before, state=sample.status.state, alarms=(), rate_steps_day=0)
            return replace(sample, status=status)
        raised = {name: getattr(sample.status, name) + offset for name, offset in self._offsets.items()}
        return replace(sample, status=replace(sample.status, **raised))


def _uncounted(status: Status, plant: Plant) -> int:
    return status.confirmed_steps - plant.edges
