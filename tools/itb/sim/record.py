"""What a run said, kept in order for the account, the picture and the waveform."""

from dataclasses import dataclass, field

from itb.sim.alarms import alarm_kinds
from itb.sim.bolus_events import BolusEvent, boluses
from itb.sim.messages import Burst, CommandOutcome, End, Event, GuestError, LineChange, Message, Power, Sample, Start
from itb.sim.restarts import Lives, Outage


@dataclass(frozen=True)
class Alarm:
    """One alarm from when it was raised until it ended; `until_ms` is None while it stands."""

    name: str
    priority: int
    from_ms: int
    until_ms: int | None


@dataclass
class Record:
    """All messages of one run. The last sample is its end; any other was taken before the commands of its time, or when
    the power went.

    The counters of samples go on over restarts (see `Lives`).
    """

    start: Start | None = None
    samples: list[Sample] = field(default_factory=list[Sample])
    events: list[Event] = field(default_factory=list[Event])
    bursts: list[Burst] = field(default_factory=list[Burst])
    line_changes: list[LineChange] = field(default_factory=list[LineChange])
    commands: list[CommandOutcome] = field(default_factory=list[CommandOutcome])
    end: End | None = None
    lives: Lives = field(default_factory=Lives)

    def add(self, message: Message) -> None:
        """Keep `message`. Raises GuestError when time runs backwards."""
        match message:
            case Start():
                self.start = message
            case Sample():
                self._add_sample(message)
            case Event():
                self.events.append(message)
            case CommandOutcome():
                self.commands.append(message)
            case Power():
                self._add_power(message)
            case Burst():
                self.bursts.append(message)
            case LineChange():
                self.line_changes.append(message)
            case End():
                self.end = message
                self._add_sample(Sample(message.t_ms, message.status, message.plant))
            case _:
                raise GuestError(f"the simulated bench failed: {message}")

    def _add_power(self, power: Power) -> None:
        if power.on:
            self.lives.begin(power)
        else:
            self._add_sample(Sample(power.t_ms, power.status, power.plant))
            self.lives.end(power, self.last, max((event.seq for event in self.events), default=0))

    def _add_sample(self, sample: Sample) -> None:
        sample = self.lives.gone_on(sample)
        if self.samples and sample.t_ms <= self.samples[-1].t_ms:
            if sample.t_ms < self.samples[-1].t_ms:
                raise GuestError(f"the simulated bench sent a sample of {sample.t_ms} ms after {self.last.t_ms} ms")
            self.samples.pop()
        self.samples.append(sample)

    @property
    def last(self) -> Sample:
        """The newest sample."""
        return self.samples[-1]

    @property
    def outages(self) -> list[Outage]:
        """Every time the power went, or the pump was reset, in order."""
        return self.lives.outages

    def delivering(self) -> list[tuple[int, int]]:
        """The spans in which the pump delivered, each from and until a time of the run in ms."""
        spans: list[tuple[int, int]] = []
        since_ms: int | None = None
        for event in self.events:
            if event.kind == "state_delivering":
                since_ms = event.t_ms
            elif event.kind.startswith("state_") and since_ms is not None:
                spans.append((since_ms, event.t_ms))
                since_ms = None
        if since_ms is not None:
            spans.append((since_ms, self.last.t_ms))
        return spans

    def alarms(self) -> list[Alarm]:
        """Every alarm, in the order they were raised."""
        kinds = alarm_kinds()
        alarms: list[Alarm] = []
        for event in self.events:
            if event.kind == "alarm":
                alarms.append(Alarm(kinds[event.a].name, event.b, event.t_ms, None))
            elif event.kind == "alarm_end":
                for place, alarm in enumerate(alarms):
                    if alarm.name == kinds[event.a].name and alarm.until_ms is None:
                        alarms[place] = Alarm(alarm.name, alarm.priority, alarm.from_ms, event.t_ms)
        return alarms

    def boluses(self) -> list[BolusEvent]:
        """What became of every bolus the firmware came to, in order."""
        return boluses(self.events, self.last.status if self.samples else None, self.outages)
