"""Every alarm the pump can raise, in one table, and which of them stand."""

SILENT, LOW, MEDIUM, HIGH = 0, 1, 2, 3

# What an alarm does to the motor.
KEEP, WITHHOLD, HALT, INHIBIT = "keeps running", "withholds", "halts", "stays off"

# Light and tone after IEC 60601-1-8: red flashing with ten pulses, yellow flashing with three, cyan steady with one.
RED_10, YELLOW_3, CYAN_1 = "red flashing, 10 pulses", "yellow flashing, 3 pulses", "cyan steady, 1 pulse"

NONE = 0
SELF_TEST_FAILED = 1
RESERVOIR_EMPTY = 2
MOTOR_MISMATCH = 3
FREE_FLOW = 4
MOTOR_STALL = 5
OCCLUSION = 6
DRIVER_OFF = 7
MEMORY_LOST = 8
MEMORY_CORRUPT = 9
LEASE_ENDED = 10
END_OF_SERVICE = 11
STOPPED_LONG = 12
NOT_RESUMED = 13
LIMIT_REACHED = 14
RESERVOIR_LOW = 15
RESIDUAL_MISMATCH = 16
PRIME_INCOMPLETE = 17
MEMORY_ERROR = 18
RESTARTED = 19
REPLACEMENT_DUE = 20
TIME_UNKNOWN = 21
BOLUS_MISSED = 22
KEEP_OPEN = 23

NAME, PRIORITY, LATCHING, SIGNAL, MESSAGE, MOTOR = 0, 1, 2, 3, 4, 5

# Row i is alarm i. A latching alarm stands until it is acknowledged; another goes with its cause.
TABLE = (
    ("none", SILENT, False, "", "No alarm.", KEEP),
    ("self_test_failed", HIGH, True, RED_10, "Self-test failed; the pump will not run.", INHIBIT),
    ("reservoir_empty", HIGH, True, RED_10, "Reservoir empty; delivery has stopped.", HALT),
    ("motor_mismatch", HIGH, True, RED_10, "Steps sent and steps counted disagree; delivery has stopped.", HALT),
    ("free_flow", HIGH, True, RED_10, "Steps counted that were never sent; delivery has stopped.", HALT),
    ("motor_stall", HIGH, True, RED_10, "The motor does not follow; delivery has stopped.", HALT),
    ("occlusion", HIGH, True, RED_10, "Catheter pressure is too high; delivery has stopped.", HALT),
    ("driver_off", HIGH, True, RED_10, "The motor driver does not stay enabled; delivery has stopped.", HALT),
    ("memory_lost", HIGH, True, RED_10, "What the pump delivered is not known any more; it will not run.", INHIBIT),
    (
        "memory_corrupt",
        HIGH,
        True,
        RED_10,
        "A figure in memory changed by itself, restart the pump; delivery has stopped.",
        HALT,
    ),
    ("lease_ended", HIGH, False, RED_10, "Memory cannot be written; the lease withholds delivery.", WITHHOLD),
    ("end_of_service", HIGH, True, RED_10, "End of service; delivery has stopped.", HALT),
    ("stopped_long", HIGH, False, RED_10, "No delivery for 48 h: withdrawal; verify before resuming.", KEEP),
    ("not_resumed", HIGH, True, RED_10, "After a restart the pump could not go on; nothing is delivered.", KEEP),
    ("limit_reached", MEDIUM, True, YELLOW_3, "A dose limit withholds delivery.", WITHHOLD),
    ("reservoir_low", MEDIUM, False, YELLOW_3, "Reservoir low; plan a refill.", KEEP),
    ("residual_mismatch", MEDIUM, True, YELLOW_3, "What was withdrawn is not what was expected; check the pump.", KEEP),
    ("prime_incomplete", MEDIUM, True, YELLOW_3, "The prime did not end in its time; the line may hold air.", KEEP),
    ("memory_error", MEDIUM, True, YELLOW_3, "Memory is damaged or cannot be written; see the journal.", KEEP),
    ("restarted", MEDIUM, True, YELLOW_3, "The pump restarted; what was not delivered by then is not made up.", KEEP),
    ("replacement_due", LOW, False, CYAN_1, "Replace the pump within 90 days.", KEEP),
    ("time_unknown", LOW, False, CYAN_1, "Time of day unknown; the lowest rate of the day runs.", KEEP),
    ("bolus_missed", LOW, True, CYAN_1, "A bolus was not given: its time passed.", KEEP),
    ("keep_open", LOW, False, CYAN_1, "The minimum rate runs instead of the program.", KEEP),
)


class Alarms:
    """Which alarms stand, and the highest `priority` among them. *loop* only."""

    def __init__(self) -> None:
        self._standing = [False] * len(TABLE)
        self.priority = SILENT
        # Since the last time it was stored.
        self.changed = False

    def kept(self) -> "list[int]":
        """What must survive a restart: the latching alarms that stand."""
        return [alarm for alarm in self.standing() if TABLE[alarm][LATCHING]]

    def restore(self, kept: "list[int]") -> None:
        """After a restart: what was `kept` stands."""
        for alarm in kept:
            self.set(alarm)

    def stands(self, alarm: int) -> bool:
        """Whether `alarm` stands now."""
        return self._standing[alarm]

    def set(self, alarm: int) -> bool:
        """Raise `alarm`; whether it is new."""
        new = not self._standing[alarm]
        self.changed |= new
        self._standing[alarm] = True
        self.priority = max(self.priority, TABLE[alarm][PRIORITY])
        return new

    def cause_gone(self, alarm: int) -> bool:
        """Its cause is no more; whether `alarm` ends by that: a latching one stays."""
        if TABLE[alarm][LATCHING] or not self._standing[alarm]:
            return False
        self._end(alarm)
        return True

    def acknowledge(self) -> "list[int]":
        """End every latching alarm; which these were."""
        ended = [alarm for alarm in self.standing() if TABLE[alarm][LATCHING]]
        for alarm in ended:
            self._end(alarm)
        return ended

    def standing(self) -> "list[int]":
        """The alarms that stand, the highest priority first, and in table order within one."""
        standing = []
        for priority in (HIGH, MEDIUM, LOW):
            for alarm in range(1, len(TABLE)):
                if self._standing[alarm] and TABLE[alarm][PRIORITY] == priority:
                    standing.append(alarm)
        return standing

    def _end(self, alarm: int) -> None:
        self._standing[alarm] = False
        self.changed = True
        standing = self.standing()
        self.priority = TABLE[standing[0]][PRIORITY] if standing else SILENT
