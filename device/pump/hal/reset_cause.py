"""Why the chip started: "power", "watchdog", "soft" or "other" (requirement I-04)."""

import machine

# REASON of the watchdog, for both bits of which MicroPython says WDT_RESET, and the bit that its timer sets (the
# datasheets: RP2040 4.7.6, RP2350 12.9.6). The other bit is that of a reset asked for.
RP2_REASON = {"rp2040": 0x4005_8008, "rp2350": 0x400D_8008}
RP2_TIMER = 1


def reset_cause() -> str:
    """What `machine.reset_cause()` says, on an ESP32 and on boards that no port was made for. *loop*.

    - "power": power came on, or sagged so far that the chip reset itself.
    - "watchdog": any of the chip's watchdogs, on an ESP32 that of its interrupts too.
    - "soft": a soft reset, Control-D at the prompt. Whatever was before it cannot be told any more.
    - "other": all else. On an ESP32 `machine.reset()`, as `itb flash` does, and a crash of MicroPython itself are one
      cause, HARD_RESET, so that neither is claimed; and wake from deep sleep.

    A board's MicroPython may lack some of these causes, or the function: then it is "other".
    """
    if not hasattr(machine, "reset_cause"):
        return "other"
    found = machine.reset_cause()
    for name, cause in (("PWRON_RESET", "power"), ("WDT_RESET", "watchdog"), ("SOFT_RESET", "soft")):
        if getattr(machine, name, None) == found:
            return cause
    return "other"


def rp2_reset_cause(chip: str) -> str:
    """The same on an RP2040 or RP2350, whose MicroPython knows two causes only. *loop*.

    - "power": power came on or sagged, the RUN pin was pulled low, or a debugger reset an RP2350.
    - "watchdog": the watchdog's timer ran out. The bootloader uses it too: the first start after a UF2 was dropped may
      say so.
    - "soft": `machine.reset()`, as `itb flash` does. MicroPython calls it WDT_RESET, since it goes through the
      watchdog (MicroPython issue 19409); only the register tells.

    Never "other". A soft reset, Control-D, resets no hardware: the cause of the start before it is told again.
    """
    if machine.reset_cause() != machine.WDT_RESET:
        return "power"
    return "watchdog" if machine.mem32[RP2_REASON[chip]] & RP2_TIMER else "soft"
