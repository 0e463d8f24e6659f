"""What the board starts: the pump on its own hardware. `import main` alone starts nothing."""

import gc

from pump.app import App
from pump.hal.settings import read_settings

HIGH = 3

settings = read_settings()


def open_ports():
    """The ports on the chip that the board's constants name."""
    board = settings.board
    if board.CHIP in ("rp2040", "rp2350"):
        from pump.hal.rp2 import Ports
    elif board.CHIP in ("esp32", "esp32s3"):
        from pump.hal.esp32 import Ports
    else:
        from pump.hal.portable import Ports
    return Ports(board)


def run(prepare=None) -> None:
    """Test the pump, start its ticks and run its loop until somebody at the cable presses Control-C.

    `prepare(app)` is called once before the first tick. Any other end is a fault of ours: the driver is let go of,
    light and tone of the highest alarm stay on, and the watchdog, if it runs by then, resets the chip.
    """
    settings.mend()
    ports = open_ports()
    try:
        app = App(settings.board, ports)
        if hasattr(gc, "threshold"):
            # All is loaded: from here on the loop is not to be held up for every few objects, as boot.py wants it.
            gc.collect()
            gc.threshold(-1)
        app.open(settings.damaged)
        if prepare is not None:
            prepare(app)
        ports.start_ticks(app.tick.run_once)
        while True:
            app.loop.poll()
            ports.rest()
    except KeyboardInterrupt:
        # Somebody wants the prompt.
        ports.close()
        raise
    except BaseException:
        ports.let_go()
        ports.sounder.signal(HIGH)
        raise


if __name__ == "__main__":
    run()
