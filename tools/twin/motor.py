"""The stepper: pulses in, microsteps made. It never turns backwards."""

from twin.driver import DeadManLine


class Motor:
    """Follows pulses while its driver is enabled and powered, unless stalled; slip takes an exact share of the motion.

    Counts are whole microsteps. `stall_seen` is the driver's DIAG line: pulses were sent and the rotor did not follow.
    Like the chip's, it clears with the next pulse followed and when the driver is off.
    """

    def __init__(self, dead_man: DeadManLine) -> None:
        self._dead_man = dead_man
        self._slip_hundredths = 0
        self._slip_percent = 0
        self.stalled = False
        self.steps = 0
        self.stall_seen = False

    def set_slip(self, percent: int) -> None:
        """From now on lose `percent` (0..100) of the motion; what is below a microstep is carried."""
        if percent != self._slip_percent:
            self._slip_percent = percent
            self._slip_hundredths = 0

    def follow(self, pulses: int, room_steps: int) -> int:
        """The microsteps made on `pulses` >= 1, at most the `room_steps` the load allows."""
        if not self._dead_man.drives():
            self.stall_seen = False
            return 0
        made = pulses
        if self._slip_percent:
            hundredths = self._slip_hundredths + pulses * self._slip_percent
            made -= hundredths // 100
            self._slip_hundredths = hundredths % 100
        if self.stalled or room_steps < made:
            self.stall_seen = True
            made = 0 if self.stalled else room_steps
        elif made:
            self.stall_seen = False
        self.steps += made
        return made
