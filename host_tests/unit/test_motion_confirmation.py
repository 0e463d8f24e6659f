"""Commanded versus confirmed: every step that was sent is confirmed, on its way, or missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchtop import ScriptedEdges, ScriptedSteps
from pump.motion.confirmation import Confirmation

TICK_MS = 10


class Settling:
    """A confirmation between a step port and an edge counter that do as they are told."""

    def __init__(self, start: int = 0) -> None:
        self.port = ScriptedSteps()
        self.edges = ScriptedEdges(start)
        self.confirmation = Confirmation(self.port, self.edges, TICK_MS)

    def tick(self, edges: int, busy: bool = False, dt_ms: int = TICK_MS) -> int:
        """Settle `dt_ms` later, after `edges` more edges; what was confirmed."""
        self.edges.see(edges)
        self.port.is_busy = busy
        return self.confirmation.settle(dt_ms)

    def counts(self) -> tuple[int, int, int]:
        """In flight, missing and stray."""
        one = self.confirmation
        return one.in_flight_steps, one.missing.total(), one.stray.total()


@pytest.fixture
def settling() -> Settling:
    return Settling()


@pytest.mark.req("M-01", "M-03")
@given(
    start=st.sampled_from([0, 2**30 - 1, 2**30 - 50, 2**29]),
    ticks=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 50), st.booleans(), st.integers(0, 40), st.booleans()), max_size=60
    ),
)
def test_sent_and_stray_are_confirmed_in_flight_missing_and_abandoned(
    start: int, ticks: list[tuple[int, int, bool, int, bool]]
) -> None:
    settling = Settling(start)
    sent = confirmed = seen = 0
    for steps, edges, busy, dt_ms, abandon in ticks:
        settling.confirmation.sent(steps)
        if abandon:
            settling.confirmation.abandon()
        sent += steps
        confirmed += settling.tick(edges, busy, dt_ms)
        seen += edges
        in_flight, missing, stray = settling.counts()
        assert min(in_flight, missing, stray) >= 0
        abandoned = settling.confirmation.abandoned.total()
        assert sent + stray == confirmed + in_flight + missing + abandoned
        assert settling.confirmation.disagreement_steps == missing + stray
        assert confirmed == seen


def test_a_burst_that_arrived_whole_leaves_nothing_open(settling: Settling) -> None:
    settling.confirmation.sent(20)
    assert settling.tick(20) == 20
    assert settling.counts() == (0, 0, 0)


def test_what_was_counted_before_the_pump_started_is_not_its_own() -> None:
    assert Settling(start=12345).tick(0) == 0


@pytest.mark.req("M-10")
def test_the_counter_may_wrap_within_a_burst() -> None:
    settling = Settling(start=2**30 - 7)
    settling.confirmation.sent(20)
    assert settling.tick(20) == 20
    assert settling.edges.now == 13
    assert settling.counts() == (0, 0, 0)


def test_a_burst_that_is_not_busy_any_more_misses_what_was_not_counted(settling: Settling) -> None:
    settling.confirmation.sent(20)
    assert settling.tick(17) == 17
    assert settling.counts() == (0, 3, 0)


def test_a_busy_burst_is_missing_when_twice_its_tick_has_passed(settling: Settling) -> None:
    settling.confirmation.sent(20)
    settling.tick(0, busy=True, dt_ms=2 * TICK_MS - 1)
    assert settling.counts() == (20, 0, 0)
    settling.tick(0, busy=True, dt_ms=1)
    assert settling.counts() == (0, 20, 0)


@pytest.mark.req("M-10")
def test_ticks_that_come_all_at_once_do_not_use_up_the_patience(settling: Settling) -> None:
    settling.confirmation.sent(20)
    settling.tick(0, busy=True)
    for _ in range(100):
        settling.tick(0, busy=True, dt_ms=0)
    assert settling.counts() == (20, 0, 0)


def test_the_patience_with_one_burst_is_not_spent_by_the_one_before(settling: Settling) -> None:
    settling.confirmation.sent(2)
    settling.tick(1, busy=True)
    settling.tick(1, busy=False)
    settling.confirmation.sent(20)
    settling.tick(0, busy=True, dt_ms=2 * TICK_MS - 1)
    assert settling.counts() == (20, 0, 0)


def test_a_burst_that_follows_at_once_hides_nothing_of_the_one_before(settling: Settling) -> None:
    for _ in range(3):
        settling.confirmation.sent(20)
        settling.tick(0, busy=True)
    assert settling.counts() == (20, 40, 0)


@pytest.mark.parametrize("edges, missing", [(0, 3), (2, 1), (3, 0), (4, 0)])
def test_what_had_left_when_the_next_burst_was_sent_shows_by_the_next_look_or_never(
    settling: Settling, edges: int, missing: int
) -> None:
    settling.confirmation.sent(20)
    settling.tick(17, busy=True)
    settling.confirmation.sent(5)
    settling.tick(edges, busy=True)
    assert settling.counts() == (8 - edges - missing, missing, 0)


@pytest.mark.req("M-10")
def test_bursts_that_follow_one_another_for_long_lose_nothing(settling: Settling) -> None:
    settling.confirmation.sent(17)
    for _ in range(100):
        settling.tick(16, busy=True, dt_ms=8)
        settling.confirmation.sent(17)
        settling.tick(1, busy=True, dt_ms=1)
    assert settling.counts() == (17, 0, 0)


def test_a_pulse_that_comes_while_the_tick_looks_is_left_to_the_next_tick_and_is_not_missing() -> None:
    class LastPulseOnItsWay(ScriptedSteps):
        """Sends its last pulse just after it was asked whether it is busy."""

        def busy(self) -> bool:
            was_busy = self.is_busy
            if was_busy:
                settling.edges.see(1)
                self.is_busy = False
            return was_busy

    settling = Settling()
    settling.port = LastPulseOnItsWay()
    settling.port.is_busy = True
    confirmation = Confirmation(settling.port, settling.edges, TICK_MS)
    confirmation.sent(1)
    confirmed = confirmation.settle(TICK_MS)
    confirmed += confirmation.settle(TICK_MS)
    assert confirmed == 1
    assert (confirmation.in_flight_steps, confirmation.missing.total()) == (0, 0)


def test_edges_while_nothing_is_on_its_way_are_free_flow(settling: Settling) -> None:
    assert settling.tick(1) == 1
    assert settling.confirmation.free_flow
    assert settling.counts() == (0, 0, 1)


def test_the_free_flow_flag_is_about_the_last_call_only(settling: Settling) -> None:
    settling.tick(1)
    settling.tick(0)
    assert not settling.confirmation.free_flow


def test_more_edges_than_sent_are_stray_but_not_free_flow(settling: Settling) -> None:
    settling.confirmation.sent(5)
    assert settling.tick(7) == 7
    assert settling.counts() == (0, 0, 2)
    assert not settling.confirmation.free_flow


@pytest.mark.req("M-03")
def test_missing_and_stray_both_disagree_and_never_cancel(settling: Settling) -> None:
    settling.confirmation.sent(10)
    settling.tick(7)
    settling.confirmation.sent(10)
    settling.tick(12)
    assert settling.confirmation.disagreement_steps == 5


def test_what_was_excused_no_longer_disagrees_but_stays_in_the_account(settling: Settling) -> None:
    settling.confirmation.sent(10)
    settling.tick(7)
    settling.confirmation.excuse()
    assert settling.confirmation.disagreement_steps == 0
    assert settling.counts() == (0, 3, 0)
    settling.confirmation.sent(10)
    settling.tick(6)
    assert settling.confirmation.disagreement_steps == 4


@pytest.mark.req("M-03")
@pytest.mark.parametrize("busy", [False, True])
def test_of_a_burst_stopped_on_purpose_what_still_comes_counts_and_the_rest_is_abandoned(
    settling: Settling, busy: bool
) -> None:
    settling.confirmation.sent(20)
    assert settling.tick(8, busy=True) == 8
    settling.confirmation.abandon()
    assert settling.tick(2, busy) == 2
    assert settling.counts() == (0, 0, 0)
    assert settling.confirmation.abandoned.total() == 10
    assert settling.confirmation.disagreement_steps == 0


@pytest.mark.req("M-03")
def test_only_the_burst_that_was_stopped_is_abandoned_and_not_the_next(settling: Settling) -> None:
    settling.confirmation.sent(20)
    settling.confirmation.abandon()
    settling.tick(0)
    settling.confirmation.sent(20)
    settling.tick(15)
    assert settling.counts() == (0, 5, 0)
    assert settling.confirmation.abandoned.total() == 20
    assert settling.confirmation.disagreement_steps == 5


@pytest.mark.req("M-03")
def test_with_nothing_in_flight_there_is_nothing_to_abandon_and_edges_are_still_free_flow(settling: Settling) -> None:
    settling.confirmation.abandon()
    settling.tick(3)
    assert settling.confirmation.free_flow
    assert settling.counts() == (0, 0, 3)
    assert settling.confirmation.abandoned.total() == 0
    settling.confirmation.sent(4)
    settling.tick(0)
    assert settling.counts() == (0, 4, 3)


@pytest.mark.req("M-03")
def test_the_disagreement_stops_growing_at_its_greatest_and_the_account_goes_on(settling: Settling) -> None:
    greatest = 2**29 - 1
    seen = 0
    for edges, disagreement in (
        (greatest - 2, greatest - 2),
        (1, greatest - 1),
        (1, greatest),
        (1, greatest),
        (2**29, greatest),
        (2**30 - 1, greatest),
    ):
        settling.tick(edges)
        seen += edges
        assert settling.confirmation.disagreement_steps == disagreement
        assert settling.counts() == (0, 0, seen)
    settling.confirmation.excuse()
    settling.tick(7)
    assert settling.confirmation.disagreement_steps == 7


def test_one_great_disagreement_is_as_much_as_many(settling: Settling) -> None:
    settling.tick(2**29)
    assert settling.confirmation.disagreement_steps == 2**29 - 1
