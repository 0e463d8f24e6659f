"""Months of a pump whose power goes at random, thousands of times, in one story."""

from pump.app import App
from pump.core.errors import Refused
from pump.core.sealed import settings_checksum
from pump.core.units import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE
from pump.safety.guard import DAY_CAP, HOUR_CAP, LEASE
from twin.bench import Bench
from twin.faults import Faults
from twin.flash.nor import WAYS, NorFlash, PowerCut
from twin.power.audit import Audit

NG_ML = 2_000_000
SLICE_MS = MS_PER_MINUTE
SHORT_MS = 1000
# By day 64, by night 40 microsteps in a minute: about 0.33 mL in a day of the 1 mL syringe.
DAY_RATE, NIGHT_RATE = 64 * 1440, 40 * 1440
# The program orders 3,840 in an hour by day, and not quite the day's cap in a day: there is room for one bolus.
HOUR_CAP_STEPS, DAY_CAP_STEPS = 4_600, 84_000
BOLUS = (300, 0, 10 * MS_PER_MINUTE)
LOCKOUT_MS, PER_DAY = 3 * MS_PER_HOUR, 5
CLINICIAN_STEPS = 500
# Of a flash that is cut while it works.
OPERATIONS_AHEAD = 60
FLASH_BLOCKS = 96
# How long a life lasts, in ms, and how many of a hundred do.
LIVES = (
    (20, 1, 20_000),
    (45, 20_000, 20 * MS_PER_MINUTE),
    (25, 20 * MS_PER_MINUTE, MS_PER_HOUR),
    (9, MS_PER_HOUR, 8 * MS_PER_HOUR),
    (1, MS_PER_DAY, 3 * MS_PER_DAY),
)
# How long the power is off.
OFF = ((40, 1, 5000), (50, 5000, MS_PER_HOUR), (10, MS_PER_HOUR, 12 * MS_PER_HOUR))
CAUSES = ("power", "power", "power", "watchdog", "soft", "other")


class Dice:
    """Numbers that `seed` alone decides, the same on every engine."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0x3FFFFFFF | 1

    def below(self, count: int) -> int:
        """0..count-1, `count` < 2**30."""
        # Marsaglia's xorshift of 32 bits, with his shifts of 13, 17 and 5.
        state = self._state
        state ^= state << 13 & 0xFFFFFFFF
        state ^= state >> 17
        state ^= state << 5 & 0xFFFFFFFF
        self._state = state
        return state % count

    def one_in(self, count: int) -> bool:
        """Once in `count`."""
        return self.below(count) == 0

    def span_ms(self, spans) -> int:
        """A span from a table of (of a hundred, least ms, below ms)."""
        drawn = self.below(100)
        row = 0
        while drawn >= spans[row][0]:
            drawn -= spans[row][0]
            row += 1
        return spans[row][1] + self.below(spans[row][2] - spans[row][1])


def with_lease(board, lease_steps: int):
    """`board` as it is with another lease: that of a slice of a minute would be of four slices."""
    board.LEASE_STEPS = lease_steps
    board.CHECKSUM = settings_checksum(board)
    return board


class Months:
    """The story. `counts` says what happened in it, `audit` what the motor says to it.

    The power goes between two polls, between tick and poll, in the middle of a burst, or, of a pump with a flash, in
    the middle of whatever the flash then does.
    """

    def __init__(self, board, seed: int, flash: "NorFlash | None" = None) -> None:
        """`board` has slices of a minute, and the lease of a real one."""
        self.counts = {}
        self.dice = Dice(seed)
        self.board = board
        self.flash = flash
        self.bench = Bench(board, board.RESERVOIR_CAPACITY_STEPS, Faults([]), seed, flash=flash)
        self.audit = Audit(board.LEASE_STEPS, HOUR_CAP_STEPS, DAY_CAP_STEPS, LOCKOUT_MS, PER_DAY)
        self._granted_ms = 0
        self._granted_steps = 0
        self._rate_percent = 100
        self._boot()
        control = self.app.control
        control.refill(board.RESERVOIR_CAPACITY_STEPS, 0, NG_ML)
        control.load(self._program())
        control.set_time(0, 0)
        control.start()

    def run(self, restarts: int) -> None:
        """Until the power went and came `restarts` times. Raises AssertionError where a promise is broken."""
        while self.audit.restarts < restarts:
            self._live(self.dice.span_ms(LIVES))
            self._cut()

    def days(self) -> int:
        """How long it has lasted, in whole days."""
        return self.bench.clock.elapsed_ms // MS_PER_DAY

    def _boot(self) -> None:
        self.app = App(self.board, self.bench.ports)
        self.app.open()

    def _program(self) -> dict:
        day, night = DAY_RATE * self._rate_percent // 100, NIGHT_RATE * self._rate_percent // 100
        return {
            "version": 2,
            "rate_den": 1,
            "concentration_ng_ml": NG_ML,
            "patterns": [[[0, night, 0], [6 * MS_PER_HOUR, day, 0], [22 * MS_PER_HOUR, night, 0]]],
            "plan": [[0, 0, 0]],
            "boluses": [[0, 12 * MS_PER_HOUR, 150, 0, 10 * MS_PER_MINUTE]],
            "patient": [BOLUS[0], BOLUS[1], BOLUS[2], LOCKOUT_MS, PER_DAY],
            "trial": [],
            "bridge": None,
            "override": "",
            "titration": [1000, "story"],
            "limits": {"hour": [HOUR_CAP_STEPS, "story"], "day": [DAY_CAP_STEPS, "story"], "bolus": [1000, "story"]},
        }

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def _live(self, span_ms: int) -> None:
        """A life of `span_ms`, or until the flash is cut."""
        until_ms = self.bench.clock.elapsed_ms + span_ms
        try:
            while self.bench.clock.elapsed_ms < until_ms:
                # In long lives a burst of a minute is made as it comes; in short ones there are many ticks.
                most_ms = SHORT_MS if span_ms < SLICE_MS or self.dice.one_in(20) else SLICE_MS
                self._advance(min(most_ms, until_ms - self.bench.clock.elapsed_ms))
                status = self._tick()
                self.app.loop.poll()
                self._act(status)
        except PowerCut:
            self._count("cut in flash")

    def _advance(self, span_ms: int) -> None:
        self.bench.advance(span_ms)
        self.audit.made(self._granted_ms, self.bench.motor.steps)

    def _tick(self) -> dict:
        """A tick, and what the pump says just after it."""
        self.app.tick.run_once()
        status = self.app.status.read()
        if status["granted_steps"] != self._granted_steps:
            # What was sent before is made by now.
            self._granted_steps = status["granted_steps"]
            self._granted_ms = self.bench.clock.elapsed_ms
        self.audit.look(status)
        self._count(status["state"])
        return status

    def _cut(self) -> None:
        """The power goes and comes again. A flash that was cut already, or is to be cut, says when it goes."""
        dice = self.dice
        if not self.flash or self.flash.powered:
            self._end_of_life()
        before = dict(self._withheld())
        self.bench.power_off()
        for name in before:
            self.counts[name] = self.counts.get(name, 0) + before[name]
        cause = CAUSES[dice.below(len(CAUSES))]
        if cause == "power":
            # It drifts by days in a year; what it then shows is as good as any other time.
            self.bench.wall_clock.absent = dice.one_in(2)
            self._advance(dice.span_ms(OFF))
        self._count("reset " + cause)
        boots = self._power_on(cause)
        status = self.app.status.read()
        self._granted_steps = status["granted_steps"]
        self.audit.restarted(status, boots)

    def _power_on(self, cause: str) -> int:
        """How many boots it took: a flash may be cut in them, too."""
        boots = 0
        while True:
            boots += 1
            if self.flash and self.dice.one_in(4):
                self.flash.power_on()
                self.flash.cut_at(1 + self.dice.below(12), WAYS[self.dice.below(3)])
            try:
                self.bench.power_on(cause)
                self._boot()
                return boots
            except PowerCut:
                self._count("cut in boot")

    def _end_of_life(self) -> None:
        """Up to a slice more, and no loop in it; or no more than the flash lets happen."""
        dice = self.dice
        if self.flash and dice.one_in(2):
            self.flash.cut_at(1 + dice.below(OPERATIONS_AHEAD), WAYS[dice.below(3)])
            self._live(MS_PER_HOUR)
            return
        if dice.one_in(4):
            return
        before = self.bench.motor.steps
        self._advance(1 + dice.below(SLICE_MS - 1))
        if self.bench.step.busy() and self.bench.motor.steps > before:
            self._count("cut in burst")
        if dice.one_in(4):
            self._tick()

    def _withheld(self):
        withheld = self.app.status.read()["withheld_ticks"]
        for name, reason in (
            ("ticks at the hour's cap", HOUR_CAP),
            ("ticks at the day's", DAY_CAP),
            ("at the lease", LEASE),
        ):
            yield name, withheld[reason]

    def _act(self, status: dict) -> None:
        """Now and then somebody does something."""
        control = self.app.control
        if status["state"] != "delivering":
            self._begin_again(status)
        elif not status["time_known"]:
            if self.dice.one_in(10):
                self._set_time()
        elif self.dice.one_in(30):
            self._try("patient's bolus", self._ask)
        elif self.dice.one_in(20):
            self._try("clinician's bolus", lambda: control.give_bolus(CLINICIAN_STEPS, 0, 1, 600_000))
        elif self.dice.one_in(200):
            self._set_time()
        elif self.dice.one_in(200):
            self._try("program", self._load)
        elif self.dice.one_in(200):
            self._try("keep open", control.run_program if status["keep_open"] else control.keep_open)
        elif self.dice.one_in(200):
            self._try("pause", control.resume_plan if status["plan_paused"] else control.pause_plan)
        elif self.dice.one_in(300):
            self._try("stop", control.stop)
        elif self.dice.one_in(300):
            self._try("acknowledge", control.acknowledge)
        if "reservoir_low" in status["alarms"]:
            self._try("refill", self._refill)

    def _begin_again(self, status: dict) -> None:
        control = self.app.control
        if not self.dice.one_in(3):
            return
        if status["state"] == "halted":
            self._try("acknowledge", control.acknowledge)
        else:
            control.verify(control.programs.day_total_steps(), status["reservoir_steps"])
            self._try("start", control.start)

    def _set_time(self) -> None:
        """Mostly what it is, and now and then any other."""
        now_ms = self.bench.clock.elapsed_ms
        if self.dice.one_in(5):
            now_ms += self.dice.below(7 * MS_PER_DAY)
        self._try("time set", lambda: self.app.control.set_time(now_ms % MS_PER_DAY, now_ms // MS_PER_DAY % 7))

    def _ask(self) -> None:
        self.app.control.request_bolus()
        self.audit.begun(self.bench.clock.elapsed_ms)

    def _load(self) -> None:
        self._rate_percent = 70 + self.dice.below(31)
        self.app.control.load(self._program())

    def _refill(self) -> None:
        # Filled first, and told then: what the pump does not hear of makes it ask again.
        withdrawn_steps = self.bench.plant.reservoir_steps
        self.bench.refill(self.board.RESERVOIR_CAPACITY_STEPS)
        self.app.control.refill(self.board.RESERVOIR_CAPACITY_STEPS, withdrawn_steps, NG_ML)

    def _try(self, what: str, act) -> None:
        try:
            act()
        except Refused:
            what += " refused"
        self._count(what)


def main(restarts: int, seed: int, lease_steps: int, flash: bool) -> dict:
    """In the guest: what happened in a story of so many restarts, on a `flash` or on memory that is not cut itself."""
    months = Months(with_lease(__import__("board"), lease_steps), seed, NorFlash(FLASH_BLOCKS) if flash else None)
    months.run(restarts)
    audit = months.audit
    return {
        "restarts": audit.restarts,
        "days": months.days(),
        "made_steps": months.bench.motor.steps,
        "slack_steps": audit.slack_steps,
        "most_slack_steps": audit.most_slack_steps,
        "hour_steps": audit.hour.most,
        "day_steps": audit.day.most,
        "boluses": len(audit.begun_ms),
        "counts": months.counts,
    }
