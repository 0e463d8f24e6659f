"""What happens to everything that runs when anything else happens: the table that is tested, and shown in the docs.

`host_tests/unit/test_runtime_interactions.py` finds every cell on the firmware; `docs/therapies.md` has `tables()`,
word for word. `python -m interactions`, with host_tests/helpers on the path, prints it.
"""

# What runs, by the name it has in the tests: the words of the docs.
THERAPIES = {
    "basal": "basal",
    "plan": "plan",
    "paused": "paused plan",
    "kept_open": "keep-open",
    "bridge": "bridge",
    "prime": "prime",
    "lockout": "lockout",
}
BOLUSES = {
    "waiting": "scheduled, due soon",
    "scheduled": "scheduled",
    "patient": "patient's",
    "suspended": "patient's, suspended",
    "clinician": "clinician's",
    "trial": "trial step",
}
THINGS = {**THERAPIES, **BOLUSES}

# What happens.
EVENTS = {
    "start": "start",
    "stop": "stop",
    "restart": "stop, then start",
    "alarm": "alarm that halts",
    "recover": "alarm that halts, acknowledge, start",
    "acknowledge": "acknowledge",
    "due": "a scheduled bolus comes due",
    "patient": "the patient asks for a bolus",
    "clinician": "a clinician's bolus",
    "trial": "a trial step",
    "load": "load",
    "refill": "refill, same concentration",
    "refill_other": "refill, another concentration",
    "set_time": "set time",
    "keep_open": "keep open",
    "run_program": "run program",
    "pause": "pause plan",
    "resume": "resume plan",
    "prime": "prime",
    "empty": "reservoir empty",
    "time_unknown": "time of day unknown",
}

ON = "goes on"
ENDS = "ends"
WAITS = "waits"
DELIVERING = "refused: while delivering"
BUSY = "refused: another bolus"
BOLUS_RUNS = "refused: while a bolus runs"
NO_TIME = "refused: time of day unknown"


def _row(**others: str) -> dict[str, str]:
    """What each event does to one thing while the pump delivers, where `others` do not say otherwise."""
    row = dict.fromkeys(EVENTS, ON)
    row.update(
        start=DELIVERING,
        stop=WAITS,
        alarm=WAITS,
        refill_other=DELIVERING,
        run_program="refused: already so",
        resume="refused: not paused",
        prime=DELIVERING,
        empty=WAITS,
    )
    assert set(others) <= set(EVENTS)
    return {**row, **others}


def _bolus(**others: str) -> dict[str, str]:
    """The same for a bolus that runs."""
    row = {
        **dict.fromkeys(("stop", "restart", "alarm", "recover", "keep_open", "empty"), ENDS),
        **dict.fromkeys(("patient", "clinician", "trial"), BUSY),
        "due": "goes on (the due one waits)",
        "load": BOLUS_RUNS,
        "time_unknown": NO_TIME,
    }
    return _row(**{**row, **others})


# By thing, then by event.
CELLS = {
    "basal": _row(
        due="goes on (the due one begins)",
        load="new program",
        keep_open="held down",
        time_unknown="lowest rate",
    ),
    "plan": _row(
        due="goes on (the due one begins)",
        load="begins anew",
        keep_open=WAITS,
        pause=WAITS,
        time_unknown=WAITS,
    ),
    "paused": _row(
        **dict.fromkeys(
            ("stop", "restart", "alarm", "recover", "acknowledge", "patient", "clinician", "trial"), "stays paused"
        ),
        **dict.fromkeys(("refill", "set_time", "keep_open", "empty", "time_unknown"), "stays paused"),
        due="stays paused (the due one begins)",
        load="begins anew",
        pause="refused: paused",
        resume=ON,
    ),
    "kept_open": _row(
        **dict.fromkeys(("patient", "clinician", "trial"), "refused: keep-open rate"),
        due="goes on (the due one is missed)",
        keep_open="refused: already so",
        run_program=ENDS,
    ),
    "bridge": _row(
        **dict.fromkeys(("patient", "clinician", "trial"), "refused: a bridge is running"),
        due="goes on (the due one is missed)",
        load="refused: while a bridge runs",
        keep_open="refused: in a bridge",
        run_program="refused: in a bridge",
        prime="refused: while a bridge waits",
    ),
    "prime": _row(
        **dict.fromkeys(("stop", "restart", "alarm", "recover", "empty"), ENDS),
        **dict.fromkeys(("start", "load", "refill", "refill_other"), "refused: while priming"),
        **dict.fromkeys(("keep_open", "run_program"), "refused: while priming"),
        **dict.fromkeys(("patient", "clinician", "trial"), "refused: not delivering"),
        due="goes on (the due one is missed)",
        prime="refused: a prime without a refill",
    ),
    "lockout": _row(
        **dict.fromkeys(("stop", "alarm", "empty"), ON),
        due="goes on (the due one begins)",
        patient="refused: lockout",
        time_unknown=NO_TIME,
    ),
    "waiting": _row(
        **dict.fromkeys(("stop", "alarm", "empty", "keep_open"), "missed"),
        **dict.fromkeys(("patient", "clinician", "trial"), BUSY),
        due="begins",
        load=ENDS,
        time_unknown=WAITS,
    ),
    "scheduled": _bolus(time_unknown=WAITS),
    "patient": _bolus(patient="refused: lockout", clinician="suspended"),
    "suspended": _bolus(patient="refused: lockout"),
    "clinician": _bolus(),
    "trial": _bolus(trial="refused: lockout"),
}


def tables() -> str:
    """Both tables, as they stand in the docs."""
    return "\n\n".join("\n".join(_lines(things)) for things in (THERAPIES, BOLUSES))


def _lines(things: dict[str, str]) -> list[str]:
    heads = [" | ".join(["", "what happens", *things.values(), ""]).strip(), "|" + "---|" * (len(things) + 1)]
    rows = [[words, *(CELLS[thing][event] for thing in things)] for event, words in EVENTS.items()]
    return heads + ["| " + " | ".join(row) + " |" for row in rows]


if __name__ == "__main__":
    print(tables())
