"""The commands of a job: what a programmer tells the pump, each at its time of the run."""

from pump.core.errors import Refused, refuse_unless_int
from pump.core.units import SMALL_MAX
from twin.faults import LATEST_MS

# What each command is told, by name. What a value may be is for the pump to judge, as it would be at a bedside.
ARGUMENTS = {
    "load": ("program",),
    "start": (),
    "stop": (),
    "acknowledge": (),
    "verify": ("day_total_steps", "left_steps"),
    "refill": ("fill_steps", "withdrawn_steps", "concentration_ng_ml"),
    "bolus": ("whole", "frac", "den", "duration_ms"),
    "patient": (),
    "trial": (),
    "pause": (),
    "resume": (),
    "keep_open": (),
    "run_program": (),
    "prime": ("steps", "duration_ms", "emptied"),
    "set_time": ("day_ms", "weekday"),
    # No commands to the pump: what happens to it.
    "power_cut": ("off_ms",),
    "watchdog_reset": (),
}
# These may be null: the programmer tells the pump what it says of itself, or what the bench holds.
MAY_BE_NULL = ("day_total_steps", "left_steps", "withdrawn_steps")
# What the pump calls the commands that go to it as they are.
METHODS = {"bolus": "give_bolus", "patient": "request_bolus", "trial": "give_trial_step"}
METHODS.update({"pause": "pause_plan", "resume": "resume_plan"})
NEVER_MS = LATEST_MS + 1


def check_commands(rows: object) -> list:
    """`rows`, each `[at_ms, name, arguments...]`, in the order of their times.

    Raises Refused, naming row and field, on anything else. A program is left to the pump.
    """
    if type(rows) is not list:
        raise Refused("job.commands", rows, "a list of [at_ms, name, arguments...]")
    from_ms = 1
    for i in range(len(rows)):
        from_ms = _check("job.commands[%d]" % i, rows[i], from_ms)
    return rows


def _check(row_name: str, row: object, from_ms: int) -> int:
    """The time of `row`."""
    if type(row) is not list or len(row) < 2:
        raise Refused(row_name, row, "[at_ms, name, arguments...]")
    refuse_unless_int(row_name + ".at_ms", row[0], from_ms, LATEST_MS)
    command = row[1]
    if type(command) is not str or command not in ARGUMENTS:
        raise Refused(row_name + ".name", command, ", ".join(sorted(ARGUMENTS)))
    names = ARGUMENTS[command]
    if len(row) != 2 + len(names):
        wanted = ", ".join(names) or "nothing"
        raise Refused(row_name, "%s with %d arguments" % (command, len(row) - 2), "%s with %s" % (command, wanted))
    for i in range(len(names)):
        _check_argument(row_name + "." + names[i], names[i], row[2 + i])
    return row[0]


def _check_argument(field: str, name: str, value: object) -> None:
    if name == "program" or (value is None and name in MAY_BE_NULL):
        return
    if name == "off_ms":
        refuse_unless_int(field, value, 1, LATEST_MS)
    else:
        refuse_unless_int(field, value, 0, 1 if name == "emptied" else SMALL_MAX)


class Commands:
    """Gives the commands of a job to the pump `app` on its `bench`. `next_ms` is when the next is due, or NEVER_MS.

    `app` is None while the pump has no power, which answers to nothing then.
    """

    def __init__(self, rows: list, app, bench, power) -> None:
        """`rows` must have passed `check_commands`. `power.cut(off_ms)` and `power.reset()` take the pump's life."""
        self.app = app
        self._rows = rows
        self._bench = bench
        self._own = {"refill": self._refill, "verify": self._verify, "prime": self._prime}
        self._own.update({"power_cut": power.cut, "watchdog_reset": power.reset})
        self._look_ahead()

    def give(self, now_ms: int) -> dict:
        """Give the next command; the message that says what became of it. What the pump refuses changes nothing."""
        # Let go of: a program is large.
        row = self._rows.pop(0)
        self._look_ahead()
        refusal = ""
        try:
            self._act(row[1], row[2:])
        except Refused as refused:
            refusal = str(refused)
        return {"k": "command", "t_ms": now_ms, "name": row[1], "accepted": not refusal, "message": refusal}

    def _look_ahead(self) -> None:
        self.next_ms = self._rows[0][0] if self._rows else NEVER_MS

    def _act(self, name: str, arguments: list) -> None:
        if self.app is None:
            raise Refused(name, "while the power is off", "a command after it is back")
        if name in self._own:
            self._own[name](*arguments)
        else:
            getattr(self.app.control, METHODS.get(name, name))(*arguments)

    def _refill(self, fill_steps: int, withdrawn_steps: "int | None", concentration_ng_ml: int) -> None:
        if withdrawn_steps is None:
            withdrawn_steps = self._bench.plant.reservoir_steps
        self.app.control.refill(fill_steps, withdrawn_steps, concentration_ng_ml)
        self._bench.refill(fill_steps, concentration_ng_ml)

    def _verify(self, day_total_steps: "int | None", left_steps: "int | None") -> None:
        if day_total_steps is None:
            day_total_steps = self.app.control.programs.day_total_steps()
        if left_steps is None:
            left_steps = self.app.status.read()["reservoir_steps"]
        self.app.control.verify(day_total_steps, left_steps)

    def _prime(self, steps: int, duration_ms: int, emptied: int) -> None:
        self.app.control.prime(steps, duration_ms, emptied == 1)
