"""What the journal says of boluses: who asked for each, when it ran, and what became of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from itb.sim.messages import Event, Status
from itb.sim.restarts import Outage

SCHEDULED, CLINICIAN, PATIENT, TRIAL = "scheduled", "clinician", "patient", "trial"
# Why a bolus on request is denied, as the firmware counts the reasons.
DENIALS = (
    "allowed",
    "lockout",
    "maximum in 24 h",
    "not in the program",
    "not delivering",
    "another bolus",
    "a dose limit",
    "time of day unknown",
    "keep-open rate",
    "a bridge is running",
    "memory that cannot be written",
)
_LIMIT = DENIALS.index("a dose limit")


@dataclass(frozen=True)
class BolusEvent:
    """A bolus that the firmware began at `t_ms`, or decided then not to give; `source` is who asked for it.

    `outcome` is "given", "running" or "suspended" (at the end of the run), "cut short", "denied" or "missed". Of its
    `steps`, 0 where the journal does not say, `ordered_steps` became owed. It ran in `spans`, each from a time until
    another, or until it was through where that is None. A denial has a `reason`, and for how many minutes it will hold.
    `seq` is the number of its first event.
    """

    t_ms: int
    seq: int
    source: str
    outcome: str
    steps: int
    ordered_steps: int
    spans: tuple[tuple[int, int | None], ...] = ()
    reason: str = ""
    wait_minutes: int = 0

    @property
    def begun(self) -> bool:
        """Whether it was begun."""
        return bool(self.spans)


def boluses(events: Iterable[Event], last: Status | None, outages: Sequence[Outage] = ()) -> list[BolusEvent]:
    """Every bolus of a journal, in the order they were begun or refused; `last` is the newest report. What ran when the
    power went, the journal does not say: the `outages` do."""
    reader = _Reader()
    waiting = list(outages)
    for event in events:
        while waiting and event.seq > waiting[0].seq:
            reader.cut(waiting.pop(0))
        reader.read(event)
    for outage in waiting:
        reader.cut(outage)
    if last is not None:
        reader.close(last)
    return reader.boluses


class _Reader:
    """At most one bolus runs, and at most one is suspended meanwhile: each a place in `boluses`."""

    def __init__(self) -> None:
        self.boluses: list[BolusEvent] = []
        self._running: int | None = None
        # It ran when another was begun, and ends or is suspended at once.
        self._gives_way: int | None = None
        self._suspended: int | None = None
        self._kinds: Mapping[str, Callable[[Event], None]] = {
            "bolus": lambda event: self._begin(event, SCHEDULED, event.t_ms + event.b),
            "clinician_bolus": lambda event: self._begin(event, CLINICIAN, event.t_ms),
            "patient_bolus": lambda event: self._begin(event, PATIENT, event.t_ms),
            "trial_bolus": lambda event: self._begin(event, TRIAL, event.t_ms),
            "bolus_denied": lambda event: self._refuse(event, SCHEDULED, event.a, _LIMIT, 0),
            "bolus_missed": self._miss,
            "clinician_denied": lambda event: self._refuse(event, CLINICIAN, event.a, event.b, 0),
            "patient_denied": lambda event: self._refuse(event, PATIENT, 0, event.a, event.b),
            "trial_denied": lambda event: self._refuse(event, TRIAL, 0, event.a, event.b),
            "patient_suspended": self._suspend,
            "patient_resumed": self._resume,
            "bolus_end": self._end,
            "bolus_cancelled": self._cancel,
        }

    def read(self, event: Event) -> None:
        """Take in one event; those of other things change nothing."""
        if event.kind in self._kinds:
            self._kinds[event.kind](event)

    def cut(self, outage: Outage) -> None:
        """The power went: what ran, and what was suspended, is over."""
        status = outage.before.status
        left = ((self._running, status.bolus_left_steps), (self._suspended, status.suspended_steps))
        self._stop(self._running, outage.off_ms)
        self._running = self._suspended = None
        for place, left_steps in left:
            if place is not None and left_steps:
                bolus = self.boluses[place]
                self.boluses[place] = replace(bolus, outcome="cut short", ordered_steps=bolus.steps - left_steps)

    def close(self, last: Status) -> None:
        """The run is over: what still runs, or waits to go on, is told so."""
        for place, outcome, left_steps in (
            (self._running, "running", last.bolus_left_steps),
            (self._suspended, "suspended", last.suspended_steps),
        ):
            if place is not None and left_steps:
                bolus = self.boluses[place]
                self.boluses[place] = replace(bolus, outcome=outcome, ordered_steps=bolus.steps - left_steps)

    def _begin(self, event: Event, source: str, start_ms: int) -> None:
        self._gives_way = self._running
        self._running = len(self.boluses)
        spans = ((start_ms, None),)
        self.boluses.append(BolusEvent(start_ms, event.seq, source, "given", event.a, event.a, spans))

    def _refuse(self, event: Event, source: str, steps: int, reason: int, minutes: int) -> None:
        told = DENIALS[reason]
        denied = BolusEvent(event.t_ms, event.seq, source, "denied", steps, 0, reason=told, wait_minutes=minutes)
        self.boluses.append(denied)

    def _miss(self, event: Event) -> None:
        self.boluses.append(BolusEvent(event.t_ms, event.seq, SCHEDULED, "missed", event.a, 0))

    def _suspend(self, event: Event) -> None:
        self._suspended, self._gives_way = self._gives_way, None
        self._stop(self._suspended, event.t_ms)

    def _resume(self, event: Event) -> None:
        self._running, self._suspended = self._suspended, None
        if self._running is not None:
            bolus = self.boluses[self._running]
            self.boluses[self._running] = replace(bolus, spans=(*bolus.spans, (event.t_ms, None)))

    def _end(self, event: Event) -> None:
        # Seen by the loop, at or after its last microstep.
        if self._gives_way is not None:
            self._stop(self._gives_way, event.t_ms)
            self._gives_way = None
        else:
            self._stop(self._running, event.t_ms)
            self._running = None

    def _cancel(self, event: Event) -> None:
        place = self._running
        if place is None:
            place, self._suspended = self._suspended, None
        else:
            self._running = None
            self._stop(place, event.t_ms)
        if place is not None:
            bolus = self.boluses[place]
            self.boluses[place] = replace(bolus, outcome="cut short", ordered_steps=bolus.steps - event.a)

    def _stop(self, place: int | None, t_ms: int) -> None:
        """It does not run any more from `t_ms` on; one that would have begun later never did."""
        if place is not None:
            bolus = self.boluses[place]
            from_ms, _ = bolus.spans[-1]
            self.boluses[place] = replace(bolus, spans=(*bolus.spans[:-1], (from_ms, max(t_ms, from_ms))))
