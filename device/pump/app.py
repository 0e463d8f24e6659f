"""Wires the rooms together; the only file that knows them all."""

# From the ground up: each import that leads to another nests deeper, and the stack of a chip is small.
from pump.core.units import MS_PER_DAY
from pump.therapy.basal import Basal
from pump.therapy.demand import Demand
from pump.therapy.program import nothing_ordered
from pump.safety.alarms import MEMORY_ERROR, MEMORY_LOST
from pump.safety.guard import Guard
from pump.safety.halt import Halt
from pump.safety.ledger import Ledger
from pump.safety.limits import BUILD_BOLUS_NL, BUILD_DAY_NL, BUILD_HOUR_NL, BUILD_PRIME_NL, Limit, Limits
from pump.safety.reservoir import Reservoir
from pump.safety.windows import Windows
from pump.motion.burst import Burst
from pump.motion.confirmation import Confirmation
from pump.motion.geometry import Geometry
from pump.sensing.occlusion import OcclusionDetector
from pump.memory.journal import Journal
from pump.link.server import Server
from pump.runtime.control import Control
from pump.runtime.keeping import Keeping, Unfit
from pump.runtime.loop import Loop
from pump.runtime.selftest import failed_checks
from pump.runtime.status import Status
from pump.runtime.tick import Tick

# Commanded and confirmed may not come further apart than this (requirement M-03).
MISMATCH_FULL_STEPS = 2


class App:
    """The pump. `board` is the module of the board's constants; `ports` holds, by name, the ports of `core.ports`."""

    def __init__(self, board, ports) -> None:
        self._board = board
        self._ports = ports
        geometry = Geometry(board.NL_PER_REV, board.STEPS_PER_REV)
        build = {
            "hour": geometry.steps(BUILD_HOUR_NL),
            "day": geometry.steps(BUILD_DAY_NL),
            "bolus": geometry.steps(BUILD_BOLUS_NL),
        }
        own = {"hour": board.LIMIT_HOUR_STEPS, "day": board.LIMIT_DAY_STEPS, "bolus": board.LIMIT_BOLUS_STEPS}
        nothing = Limits(Limit("hour", 0, "boot"), Limit("day", 0, "boot"), Limit("bolus", 0, "boot"))
        halt = Halt()
        reservoir = Reservoir(board.RESERVOIR_CAPACITY_STEPS, board.RESERVOIR_RESIDUAL_STEPS, board.RESERVOIR_LOW_STEPS)
        guard = Guard(halt, Windows(), reservoir, nothing, board.BURST_MAX_STEPS)
        confirmation = Confirmation(ports.step, ports.edges, board.TICK_MS)
        ledger = Ledger(reservoir)
        self.journal = Journal(ports.nvm)
        self.tick = Tick(
            ports.clock,
            ports.step,
            ports.dead_man,
            Demand(Basal(nothing_ordered().schedule)),
            guard,
            Burst(ports.step, board.TICK_MS, board.MIN_STEP_INTERVAL_US, board.BURST_MAX_STEPS),
            confirmation,
            ledger,
            halt,
            board.TICK_MS,
            MISMATCH_FULL_STEPS * board.MICROSTEPS,
        )
        self.control = Control(
            self.tick,
            guard,
            halt,
            confirmation,
            reservoir,
            self.journal,
            [(build, "build"), (own, "board")],
            board.TICK_MS,
            board.MINIMUM_STEPS_DAY,
            geometry.steps(BUILD_PRIME_NL),
            Keeping(
                ports.nvm,
                self.tick,
                guard,
                confirmation,
                ledger,
                reservoir,
                self.journal,
                board.LEASE_STEPS,
                board.CALIBRATION,
            ),
            ports.wall_clock,
            board.SERVICE_DAYS * MS_PER_DAY,
        )
        self.status = Status(self.control, self.tick, guard, confirmation, ledger, reservoir)
        self.loop = Loop(
            ports.clock,
            ports.stall,
            ports.pressure,
            ports.sounder,
            ports.watchdog,
            OcclusionDetector(board.OCCLUSION_KPA),
            self.control,
            Server(ports.link, self.status.read, self.journal),
            self.journal,
            self.tick,
        )

    def open(self, settings_damaged: bool = False) -> None:
        """Start the hardware and test it; afterwards the pump is stopped and ready, or inhibited with an alarm.

        `settings_damaged`: one copy of the board's constants is damaged, and `board` is the other.
        """
        self._ports.step.set_direction(True)
        unfit = []
        try:
            self.control.recover()
        except Unfit as error:
            unfit = [str(error)]
        self.control.self_tested(unfit + failed_checks(self._board, self._ports))
        if settings_damaged:
            self.journal.log("settings_damaged")
            self.control.raise_alarm(MEMORY_ERROR)
        if unfit:
            self.control.raise_alarm(MEMORY_LOST)
        else:
            self.control.resume(self._ports.reset_cause)
