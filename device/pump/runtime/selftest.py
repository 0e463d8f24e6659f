"""What must hold before any motion."""

from pump.core.sealed import as_made

# A sensor for 0 to 100 kPa that gives 0.5 to 4.5 V reads -12 kPa when its wire is off.
PRESSURE_LOWEST_KPA = -10


def failed_checks(board, ports) -> "list[str]":
    """The names of the checks that failed, in order; none when the pump may run. Moves nothing. *loop* only.

    `board` is the module of the board's constants, `ports` the object with the ports of `core.ports`.
    """
    failed = []
    # The other checks take their time: enough for pulses to show that nobody sent.
    edges_before = ports.edges.count()
    for name, passes in (
        ("settings", _settings_are_as_made),
        ("driver", _driver_obeys_dead_man),
        ("sounder", _sounder_answers),
        ("memory", _memory_keeps),
        ("pressure", _pressure_is_plausible),
        ("stall", _no_stall_at_rest),
    ):
        if not passes(board, ports):
            failed.append(name)
    if ports.step.busy() or ports.edges.count() != edges_before:
        failed.append("steps")
    return failed


def _settings_are_as_made(board, ports) -> bool:
    return as_made(board)


def _driver_obeys_dead_man(board, ports) -> bool:
    dead_man = ports.dead_man
    dead_man.release()
    if dead_man.held():
        return False
    dead_man.feed()
    enabled = dead_man.held()
    dead_man.release()
    return enabled and not dead_man.held()


def _sounder_answers(board, ports) -> bool:
    return ports.sounder.self_test()


def _memory_keeps(board, ports) -> bool:
    try:
        for pattern in (b"\x55\xaa", b"\xaa\x55"):
            ports.nvm.write("selftest", pattern)
            if ports.nvm.read("selftest") != pattern:
                return False
    except OSError:
        return False
    return True


def _pressure_is_plausible(board, ports) -> bool:
    return PRESSURE_LOWEST_KPA <= ports.pressure.read() < board.OCCLUSION_KPA


def _no_stall_at_rest(board, ports) -> bool:
    return not ports.stall.read()
