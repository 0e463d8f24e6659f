"""Stories for the torture: what a pump may be doing when its power goes."""

from pump.core.errors import Refused
from pump.safety.alarms import MOTOR_STALL, OCCLUSION
from pump.therapy.demand import BRIDGE
from pump.therapy.lockout import REASONS
from pump.therapy.program import Program, nothing_ordered
from twin.flash.nor import FULL
from twin.power.check import require
from twin.power.story import (
    AT_REST,
    DAY_MS,
    HOUR_MS,
    KEPT_OPEN,
    NOON_MS,
    RESUMED,
    STEPS_DAY,
    Story,
    program,
    refill,
    source,
    verify,
)
from twin.power.world import MONDAY, NG_ML, PumpWorld

OTHER_NG_ML = 2_000_000
BOLUS_AT_MS = NOON_MS + 10_000
# More than a lease, so that one that was cut goes on.
BRIDGE_STEPS = 1400
# What a request within its lockout is refused for.
LOCKOUT = REASONS[1]


def other_source() -> dict:
    """A program that differs from `source()` in everything."""
    return source(
        STEPS_DAY * 3 // 4,
        rate_den=7,
        patterns=[[[0, STEPS_DAY * 3 // 4, 0], [NOON_MS, STEPS_DAY // 2, 3]]],
        boluses=[[0, DAY_MS - HOUR_MS, 30, 0, 10_000]],
        patient=[150, 1, 20_000, 2 * HOUR_MS, 3],
        trial=[],
        titration=[900, "another"],
        limits={"hour": [190_000, "another"], "day": [4_900_000, "another"], "bolus": [900, "another"]},
    )


def bridged() -> dict:
    """The program for another concentration, with its bridge."""
    bridge = [BRIDGE_STEPS, BRIDGE_STEPS * DAY_MS // STEPS_DAY + 1]
    return source(STEPS_DAY // 4, concentration_ng_ml=OTHER_NG_ML, bridge=bridge)


def set_times(world: PumpWorld) -> None:
    """The clock is set forward and back, over midnight too."""
    for day_ms, weekday in ((NOON_MS + HOUR_MS, MONDAY), (0, MONDAY + 1), (DAY_MS - 1, MONDAY), (NOON_MS, MONDAY + 6)):
        world.app.control.set_time(day_ms, weekday)
        world.slice(2)


class Command(Story):
    """One command, and some ticks after it."""

    def __init__(self, board, before: list, after: list, changes: bool, command) -> None:
        super().__init__(board)
        self.before = before
        self.after = after
        self.changes = changes
        self.delivering = before == RESUMED
        self._command = command

    def act(self, world: PumpWorld) -> None:
        self._command(world)
        world.slice(5)


class Halted(Story):
    """An alarm that halted the pump is seen, and the pump may be started again."""

    before = ["halted", ["occlusion"]]
    after = AT_REST
    changes = True

    def prepare(self, world: PumpWorld) -> None:
        super().prepare(world)
        world.app.control.raise_alarm(OCCLUSION)
        world.slice()

    def act(self, world: PumpWorld) -> None:
        world.app.control.acknowledge()
        world.slice(5)


class LockedOut(Story):
    """A bolus that moved one step is in the lockout (D-09)."""

    ordered = source(trial=[[100, 0, 10_000], [150, 0, 10_000]])

    def __init__(self, board, changes: bool, request) -> None:
        super().__init__(board)
        self.changes = changes
        self._request = request

    def act(self, world: PumpWorld) -> None:
        self._request(world)
        world.slice(30)

    def check_more(self, world: PumpWorld, cuts: str) -> None:
        if not world.bolus_armed:
            return
        world.app.control.set_time(NOON_MS, MONDAY)
        try:
            self._request(world)
        except Refused as refused:
            require(refused.value == LOCKOUT, "%s: %s" % (cuts, refused))
            return
        raise AssertionError("%s: a second bolus" % cuts)


class OrderedBolus(Story):
    """The program's bolus comes once, however often the time is set back to before it."""

    ordered = source(boluses=[[0, BOLUS_AT_MS, 300, 0, 10_000]])

    def ready(self, world: PumpWorld) -> None:
        super().ready(world)
        world.app.control.set_time(BOLUS_AT_MS - 3000, MONDAY)

    def act(self, world: PumpWorld) -> None:
        world.slice(60)

    def check_more(self, world: PumpWorld, cuts: str) -> None:
        world.app.control.set_time(BOLUS_AT_MS - 1000, MONDAY)
        world.slice(20)
        if world.bolus_armed:
            require(not world.app.tick.demand.bolus.active, "%s: the bolus comes twice" % cuts)


class Lease(Story):
    """Delivery over more than two leases."""

    def act(self, world: PumpWorld) -> None:
        steps_each = STEPS_DAY * self._board.TICK_MS // DAY_MS
        world.slice(5 * self._board.LEASE_STEPS // (2 * steps_each))


class Refusing(Story):
    """Memory takes nothing for longer than the lease lasts, and then takes it again."""

    after = ["delivering", ["memory_error", "restarted", "time_unknown"]]
    changes = True

    def act(self, world: PumpWorld) -> None:
        steps_each = STEPS_DAY * self._board.TICK_MS // DAY_MS
        nvm = world.bench.ports.nvm
        nvm.write = nvm.append = _refuse
        world.slice(self._board.LEASE_STEPS // steps_each + 30)
        made_steps = world.made_steps()
        require(made_steps <= self._board.LEASE_STEPS, "without memory %d steps were made" % made_steps)
        world.slice(10)
        require(world.made_steps() == made_steps, "without a lease %d more" % (world.made_steps() - made_steps))
        del nvm.write, nvm.append
        world.slice(150)
        require(world.made_steps() > made_steps, "with a lease nothing was made")


def _refuse(name: str, data: bytes) -> None:
    raise OSError(FULL, "the store is full")


class Recovery(Story):
    """The restart itself."""

    def begin(self) -> PumpWorld:
        world = super().begin()
        world.off()
        return world

    def act(self, world: PumpWorld) -> None:
        world.restart()
        world.slice(5)


class AtRest(Story):
    """What is done to a pump that is stopped, and leaves it so."""

    delivering = False
    before = AT_REST
    after = AT_REST
    changes = True


class BridgeProgram(AtRest):
    """The program that comes with a bridge."""

    def prepare(self, world: PumpWorld) -> None:
        super().prepare(world)
        refill(world, OTHER_NG_ML)

    def act(self, world: PumpWorld) -> None:
        world.app.control.load(bridged())
        world.slice(5)


class FirstProgram(AtRest):
    """The first program of a new pump, which was filled."""

    def prepare(self, world: PumpWorld) -> None:
        refill(world, NG_ML)

    def ready(self, world: PumpWorld) -> None:
        world.slice(5)

    def program_before(self) -> Program:
        return nothing_ordered()

    def act(self, world: PumpWorld) -> None:
        world.app.control.load(source())
        world.slice(5)


class UnderBridge(Story):
    """A bridge to another concentration, from its begin to the program after it."""

    # They count in microsteps of both concentrations, one after the other.
    windows = False
    ordered = bridged()
    changes = True

    def prepare(self, world: PumpWorld) -> None:
        control = world.app.control
        program(world, source())
        world.slice(20)
        control.stop()
        world.slice(3)
        refill(world, OTHER_NG_ML)
        control.load(bridged())

    def ready(self, world: PumpWorld) -> None:
        world.app.control.set_time(NOON_MS, MONDAY)
        verify(world)
        world.app.control.start()
        world.slice(5)

    def act(self, world: PumpWorld) -> None:
        world.slice(400)

    def check_more(self, world: PumpWorld, cuts: str) -> None:
        demand = world.app.tick.demand
        made = world.bench.motor.steps
        counted_ng_ml = OTHER_NG_ML
        if demand.mode == BRIDGE:
            left = demand.bridge.left_steps
            require(made + left <= BRIDGE_STEPS, "%s: of the bridge %d made, %d left" % (cuts, made, left))
            counted_ng_ml = NG_ML
        # The dose, and not the volume: what was made before the end of the bridge was of the old concentration.
        dose = min(made, BRIDGE_STEPS) * NG_ML + max(made - BRIDGE_STEPS, 0) * OTHER_NG_ML
        counted = world.app.status.read()["hour_steps"] * counted_ng_ml
        require(counted >= dose, "%s: counted %d, given %d ng/mL * steps" % (cuts, counted, dose))


class Prime(AtRest):
    """A prime, which is no dose and in no window. It ends with the power."""

    windows = False
    after = ["stopped", ["prime_incomplete", "restarted"]]

    def prepare(self, world: PumpWorld) -> None:
        super().prepare(world)
        refill(world, NG_ML)

    def act(self, world: PumpWorld) -> None:
        world.app.control.prime(400, 10_000, True)
        world.slice(30)


# Each with what stands before and after, and whether anything but time and account then differs.
COMMANDS = (
    ("start", AT_REST, RESUMED, True, lambda world: world.app.control.start()),
    ("stop", RESUMED, ["stopped", ["restarted"]], True, lambda world: world.app.control.stop()),
    (
        "halt",
        RESUMED,
        ["halted", ["motor_stall", "restarted"]],
        True,
        lambda world: world.app.control.raise_alarm(MOTOR_STALL),
    ),
    ("program while stopped", AT_REST, AT_REST, True, lambda world: world.app.control.load(other_source())),
    ("program while delivering", RESUMED, RESUMED, True, lambda world: world.app.control.load(other_source())),
    ("refill while stopped", AT_REST, AT_REST, True, lambda world: refill(world, NG_ML, 1000)),
    ("refill while delivering", RESUMED, RESUMED, True, lambda world: refill(world, NG_ML, 1000)),
    ("time set", RESUMED, RESUMED, False, lambda world: set_times(world)),
    ("keep open", RESUMED, KEPT_OPEN, True, lambda world: world.app.control.keep_open()),
    ("plan paused", RESUMED, RESUMED, True, lambda world: world.app.control.pause_plan()),
    ("clinician's bolus", RESUMED, RESUMED, False, lambda world: world.app.control.give_bolus(100, 0, 1, 10_000)),
)


def stories(board) -> dict:
    """All of them, by their names, for a pump on `board`."""
    told = {}
    for name, before, after, changes, command in COMMANDS:
        told[name] = Command(board, before, after, changes, command)
    told["acknowledge"] = Halted(board)
    told["patient's bolus"] = LockedOut(board, True, lambda world: world.app.control.request_bolus())
    told["trial"] = LockedOut(board, False, lambda world: world.app.control.give_trial_step())
    told["ordered bolus"] = OrderedBolus(board)
    told["lease renewal"] = Lease(board)
    told["memory refuses"] = Refusing(board)
    told["restart"] = Recovery(board)
    told["first program"] = FirstProgram(board)
    told["program with a bridge"] = BridgeProgram(board)
    told["bridge"] = UnderBridge(board)
    told["prime"] = Prime(board)
    return told
