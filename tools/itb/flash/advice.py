"""What to tell people who stand before a board that does not answer."""

# Where the chip's ROM looks for the bootloader, which leads MicroPython's .bin.
_OFFSETS = {"esp32": "0x1000", "esp32s3": "0x0"}
_DOWNLOADS = {
    "rp2040": "Pico: RPI_PICO; Pico W: RPI_PICO_W",
    "rp2350": "Pico 2: RPI_PICO2; Pico 2 W: RPI_PICO2_W",
    "esp32": "ESP32_GENERIC",
    "esp32s3": "ESP32_GENERIC_S3",
}
FORGET_HELP = (
    "Remove the pump's memory too, so that it starts as new. It then no longer knows what it delivered: limits, "
    "lockouts and reservoir begin anew. Without this, flashing keeps it."
)
FORGETTING = (
    "WARNING: the pump's memory is removed. It no longer knows what it delivered in the last hour and day, what is in "
    "its reservoir, its program, its lockouts, its service life and its journal: limits begin anew. Draw off the "
    "reservoir and fill it again before it runs."
)
_DRIVES = {"rp2040": "RPI-RP2", "rp2350": "RP2350"}


def put_micropython(chip: str, port: str = "PORT") -> str:
    """How MicroPython gets onto a board with `chip`, at `port` if it has one already."""
    if chip in _DRIVES:
        return (
            "To put MicroPython on it:\n"
            "  1. Download the UF2 for the module from the download page of micropython.org "
            f"({_DOWNLOADS[chip]}).\n"
            "  2. Unplug the board, hold its BOOTSEL button, plug it in, let go: a drive "
            f"{_DRIVES[chip]} appears.\n"
            "  3. Drag the UF2 onto the drive. The board restarts as a serial port; then flash again."
        )
    if chip not in _OFFSETS:
        return "To put MicroPython on it: see the board's own page on the download page of micropython.org."
    return (
        "To put MicroPython on it (this erases all that is on it, the pump's memory too):\n"
        f"  1. Download the .bin from the download page of micropython.org ({_DOWNLOADS[chip]}).\n"
        "  2. python3 -m pip install esptool\n"
        f"  3. python3 -m esptool --chip {chip} --port {port} erase-flash\n"
        f"  4. python3 -m esptool --chip {chip} --port {port} --baud 460800 write-flash {_OFFSETS[chip]} FILE.bin\n"
        "  If it does not connect: hold BOOT while it says so. esptool before version 5 writes erase_flash and\n"
        "  write_flash. Then flash again."
    )


def silent(port: str, chip: str, heard: str) -> str:
    """No MicroPython answers at `port`; `heard` is what came instead."""
    said = f" It says: {heard!r}." if heard else ""
    return (
        f"{port}: no MicroPython answers.{said} Perhaps the board is still starting, another firmware is on it, or "
        f"none.\n{put_micropython(chip, port)}"
    )


def interrupted(port: str, reason: str, begun: bool) -> str:
    """The connection ended, or the board reported an error; `begun` once something was changed."""
    if not begun:
        return f"{port}: {reason}. Nothing was changed."
    return (
        f"{port}: {reason}. The board is not complete and does not start the pump; the pump's memory is as it "
        "was. Check the cable and flash again: it goes on where this ended."
    )


def perhaps_forgotten(port: str, reason: str) -> str:
    """The connection ended while the pump's memory was removed."""
    return (
        f"{port}: {reason}. The build is on the board; its memory is there, whole, or forgotten. "
        "Flash again with --forget."
    )
