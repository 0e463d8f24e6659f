"""Injected faults: which of them stand at an instant of the run. Nothing here is random."""

from pump.core.errors import Refused, refuse_unless_int

# Least and greatest amount of each kind. The amount of those without one is not looked at.
KINDS = {
    "stall": None,
    "slip": (0, 100),
    "driver_off": None,
    "occlusion": None,
    "late_tick": (0, 900_000),
    "lost_edges": (1, 1_000_000),
}
LATEST_MS = 100 * 366 * 86_400_000


class Faults:
    """The job's faults, each `[kind, at_ms, until_ms, amount]`, standing from `at_ms` until just before `until_ms`.

    Of several of one kind that stand together the greatest amount counts; of lost edges the smallest, which loses most.
    """

    def __init__(self, rows: list) -> None:
        """Read `rows`. Raises Refused, naming the row, on an unknown kind or a time or amount out of range."""
        self._rows = rows
        changes = set()
        for i in range(len(rows)):
            _check("faults[%d]" % i, rows[i])
            changes.add(rows[i][1])
            changes.add(rows[i][2])
        self._changes_ms = sorted(changes)
        self._next = 0
        self.next_ms = self._changes_ms[0] if changes else None
        self._clear()

    def _clear(self) -> None:
        self.stalled = False
        self.slip_percent = 0
        self.driver_off = False
        self.occluded = False
        self.late_ms = 0
        self.lose_every = 0

    def at(self, now_ms: int) -> None:
        """Set the attributes to what stands at `now_ms`; `next_ms` is when that changes next, or None."""
        while self._next < len(self._changes_ms) and self._changes_ms[self._next] <= now_ms:
            self._next += 1
        self.next_ms = self._changes_ms[self._next] if self._next < len(self._changes_ms) else None
        self._clear()
        for kind, at_ms, until_ms, amount in self._rows:
            if at_ms <= now_ms < until_ms:
                self._stand(kind, amount)

    def _stand(self, kind: str, amount: int) -> None:
        if kind == "stall":
            self.stalled = True
        elif kind == "slip":
            self.slip_percent = max(self.slip_percent, amount)
        elif kind == "driver_off":
            self.driver_off = True
        elif kind == "occlusion":
            self.occluded = True
        elif kind == "late_tick":
            self.late_ms = max(self.late_ms, amount)
        elif self.lose_every == 0 or amount < self.lose_every:
            self.lose_every = amount


def _check(name: str, row: object) -> None:
    if type(row) is not list or len(row) != 4:
        raise Refused(name, row, "[kind, at_ms, until_ms, amount]")
    kind, at_ms, until_ms, amount = row
    if kind not in KINDS:
        raise Refused(name + ".kind", kind, ", ".join(sorted(KINDS)))
    refuse_unless_int(name + ".at_ms", at_ms, 0, LATEST_MS)
    refuse_unless_int(name + ".until_ms", until_ms, at_ms + 1, LATEST_MS)
    if KINDS[kind] is not None:
        refuse_unless_int(name + ".amount", amount, KINDS[kind][0], KINDS[kind][1])
