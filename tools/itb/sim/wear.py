"""How often the pump writes to its flash, and for how many years the flash stands it."""

from dataclasses import dataclass, replace
from fractions import Fraction

from itb.boards.board import load_board
from itb.sim.ask import BOARD, answer

MS_PER_DAY = 86_400_000
DAYS_PER_YEAR = 365.25
# What a NOR flash of this kind stands in each block, by the data sheet of the W25Q16JV on a Pico.
CYCLES = 100_000
# The blocks of MicroPython's file system: 1,408 KiB on a Pico, 848 KiB on a Pico W.
FLASHES = {"Pico": 352, "Pico W": 212}
DEFAULT_NL = Fraction(5000)
# What the firmware takes of them, at most; `make size` has what it takes now. A test notices when that is more.
FIRMWARE_BLOCKS = 112
# Of a lease: slices are short against the time that it takes.
_SLICES_PER_LEASE = 128
_LONGEST_MS = 60_000


@dataclass(frozen=True)
class Day:
    """What a pump stores in a day: `calls` of (name, bytes)."""

    calls: tuple[tuple[str, int], ...]

    def records(self, name: str) -> int:
        """How often the record `name` was stored, each time in two copies."""
        return sum(called == name + ".a" for called, _ in self.calls)

    @property
    def stored_bytes(self) -> int:
        """All that was handed to the file system."""
        return sum(size for _, size in self.calls)


@dataclass(frozen=True)
class Worn:
    """Erases of each block in `days`, and the bytes programmed."""

    days: int
    erases: tuple[int, ...]
    programmed_bytes: int

    @property
    def moving(self) -> int:
        """The blocks that were erased at all: the others hold what does not change."""
        return sum(1 for count in self.erases if count)

    @property
    def mean_day(self) -> float:
        """Erases in a day of a block, on average over those that move."""
        return sum(self.erases) / self.moving / self.days

    @property
    def worst_day(self) -> float:
        """Erases in a day of the block that was erased most."""
        return max(self.erases) / self.days

    @property
    def mean_years(self) -> float:
        """Until the blocks that move have been erased CYCLES times on average."""
        return years(self.mean_day)

    @property
    def worst_years(self) -> float:
        """Until the block that was erased most often has been erased CYCLES times, if it goes on so."""
        return years(self.worst_day)


def years(erases_day: float) -> float:
    """Until a block that is erased so often has been erased CYCLES times."""
    return CYCLES / erases_day / DAYS_PER_YEAR


def lease_steps(lease_nl: Fraction) -> int:
    """The lease of the board as it is built, and not with the slices of a simulation."""
    return int(replace(load_board(BOARD), lease_nl=lease_nl).constants()["LEASE_STEPS"])


def steps_day(nl_day: int) -> int:
    """Whole microsteps."""
    return int(nl_day / load_board(BOARD).nl_per_step)


def day_of(lease_nl: Fraction, nl_day: int, boluses: int = 0) -> Day:
    """What a pump stores that delivers `nl_day`, evenly; with 0 it is stopped. Raises GuestError."""
    lease, rate = lease_steps(lease_nl), steps_day(nl_day)
    said = answer("wear", f"main_day({lease}, {rate}, {boluses})", slice_ms(lease, rate))
    calls: tuple[tuple[str, int], ...] = tuple((name, size) for name, size in said)
    return Day(calls)


def slice_ms(lease: int, rate: int) -> int:
    """Slices for a `lease` of microsteps at a `rate` of them a day."""
    return _LONGEST_MS if rate == 0 else min(max(lease // _SLICES_PER_LEASE, 1) * MS_PER_DAY // rate, _LONGEST_MS)


def worn_by(day: Day, days: int, blocks: int) -> Worn:
    """What `days` such days do to a flash of `blocks` that holds the firmware and a full journal. Raises GuestError."""
    calls = [list(call) for call in day.calls]
    said = answer("wear", f"main_wear({calls}, {days}, {blocks}, {FIRMWARE_BLOCKS})", _LONGEST_MS)
    return Worn(days, tuple(said["erases"]), said["programmed_bytes"])


def slacks(lease_nl: Fraction, nl_day: int, cuts: int, seed: int = 1) -> list[int]:
    """What each of `cuts` restarts takes as delivered that was not, in microsteps. Raises GuestError."""
    lease, rate = lease_steps(lease_nl), steps_day(nl_day)
    return answer("slack", f"main({lease}, {rate}, {cuts}, {seed})", slice_ms(lease, rate))
