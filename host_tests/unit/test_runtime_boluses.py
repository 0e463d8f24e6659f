"""The patient's bolus: dose, lockout and maximum in 24 h, with the time left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asked import DOSE, DURATION_MS, LOCKOUT_MS, PER_DAY, bolus_source, delivering, extra_steps, request
from pump.runtime.boluses import REASONS
from rig import DAY_MS, HOUR_MS, MINUTE_MS


def quarter_that_is_free(given_at: list[int], lockout: int, per_day: int) -> int:
    """From which quarter of an hour on a bolus may be given, after those that were."""
    after_lockout = given_at[-1] + lockout if given_at else 0
    after_a_day = given_at[-per_day] + 96 if len(given_at) >= per_day else 0
    return max(after_lockout, after_a_day)


class TestThePatients:
    def test_a_bolus_is_given_at_once_evenly_over_its_duration_and_whole(self) -> None:
        pump = delivering()
        pump.run(HOUR_MS)
        request(pump)
        pump.run(DURATION_MS // 2)
        assert extra_steps(pump) == DOSE // 2
        pump.run(DURATION_MS)
        assert extra_steps(pump) == DOSE
        assert pump.events("patient_bolus") == [(DOSE, DURATION_MS)]
        assert pump.events("bolus_end") == [(DOSE, 0)]

    @pytest.mark.req("D-09")
    @pytest.mark.parametrize(
        "after_ms, minutes", [(0, 240), (MINUTE_MS, 239), (HOUR_MS, 180), (LOCKOUT_MS - MINUTE_MS, 1)]
    )
    def test_within_the_lockout_it_is_denied_with_the_time_left_and_logged(self, after_ms: int, minutes: int) -> None:
        pump = delivering()
        request(pump)
        pump.run(after_ms)
        refusal = pump.refused(pump.control.request_bolus)
        hours = f"{minutes // 60} h {minutes % 60:02} min"
        assert str(refusal) == f"bolus: lockout is refused; accepted: a request in {hours} or later"
        assert pump.events("patient_denied") == [(REASONS.index("lockout"), minutes)]
        pump.run(DURATION_MS)
        assert extra_steps(pump) <= DOSE

    @pytest.mark.req("D-09")
    def test_the_time_left_is_rounded_up_to_the_minute(self) -> None:
        pump = delivering(slice_ms=10_000)
        request(pump)
        pump.run(10_000)
        assert "in 4 h 00 min" in str(pump.refused(pump.control.request_bolus))
        pump.run(50_000)
        assert "in 3 h 59 min" in str(pump.refused(pump.control.request_bolus))

    @pytest.mark.req("D-09")
    def test_after_the_lockout_which_runs_from_start_to_start_it_is_given_again(self) -> None:
        pump = delivering()
        request(pump)
        pump.run(LOCKOUT_MS)
        assert pump.status()["patient_wait_ms"] == 0
        request(pump)
        assert len(pump.events("patient_bolus")) == 2

    @pytest.mark.req("D-09")
    def test_beyond_the_maximum_it_is_denied_until_24_h_after_the_first_that_counts(self) -> None:
        pump = delivering()
        for _ in range(PER_DAY):
            request(pump)
            pump.run(LOCKOUT_MS)
        refusal = pump.refused(pump.control.request_bolus)
        assert "maximum in 24 h is refused; accepted: a request in 12 h 00 min or later" in str(refusal)
        assert pump.events("patient_denied") == [(REASONS.index("maximum in 24 h"), 12 * 60)]
        pump.run(12 * HOUR_MS - MINUTE_MS)
        pump.refused(pump.control.request_bolus)
        pump.run(MINUTE_MS)
        request(pump)

    @pytest.mark.req("D-09")
    def test_those_of_more_than_half_a_day_ago_still_count(self) -> None:
        pump = delivering(bolus_source(patient=[DOSE, 0, DURATION_MS, HOUR_MS, 3]))
        for wait_ms in (HOUR_MS, 12 * HOUR_MS, HOUR_MS):
            request(pump)
            pump.run(wait_ms)
        assert "in 10 h 00 min or later" in str(pump.refused(pump.control.request_bolus))

    def test_a_denial_does_not_lengthen_the_wait(self) -> None:
        pump = delivering()
        request(pump)
        pump.run(LOCKOUT_MS - MINUTE_MS)
        pump.refused(pump.control.request_bolus)
        pump.run(MINUTE_MS)
        request(pump)

    def test_the_status_says_how_long_to_wait(self) -> None:
        pump = delivering(bolus_source(patient=None))
        assert pump.status()["patient_wait_ms"] == -1
        pump.control.load(bolus_source())
        assert pump.status()["patient_wait_ms"] == 0
        request(pump)
        assert pump.status()["patient_wait_ms"] == LOCKOUT_MS
        pump.run(HOUR_MS)
        assert pump.status()["patient_wait_ms"] == LOCKOUT_MS - HOUR_MS

    @pytest.mark.req("D-09")
    @pytest.mark.parametrize("event", ["stop", "halt", "load", "refill", "prime", "set_time"])
    def test_nothing_ends_a_lockout_but_time(self, event: str) -> None:
        pump = delivering()
        request(pump)
        pump.run(HOUR_MS)
        if event == "load":
            pump.control.load(bolus_source())
        elif event == "set_time":
            pump.control.set_time(20 * HOUR_MS, 3)
        elif event == "refill":
            pump.refill(pump.fill_steps)
        else:
            (pump.halt if event == "halt" else pump.control.stop)()
            if event == "prime":
                pump.control.prime(100, MINUTE_MS, True)
                pump.run(3 * MINUTE_MS)
            pump.resume()
        left_ms = HOUR_MS + LOCKOUT_MS - HOUR_MS - pump.app.journal.uptime_ms
        assert pump.status()["patient_wait_ms"] == left_ms
        pump.refused(pump.control.request_bolus)
        pump.run(left_ms)
        request(pump)

    @pytest.mark.req("D-09")
    def test_a_new_program_brings_its_own_lockout_counted_from_the_last_bolus(self) -> None:
        pump = delivering()
        request(pump)
        pump.run(HOUR_MS)
        pump.control.load(bolus_source(patient=[DOSE, 0, DURATION_MS, 2 * HOUR_MS, 1]))
        assert pump.status()["patient_wait_ms"] == DAY_MS - HOUR_MS
        pump.control.load(bolus_source(patient=[DOSE, 0, DURATION_MS, 2 * HOUR_MS, 2]))
        assert pump.status()["patient_wait_ms"] == HOUR_MS

    def test_one_that_was_cancelled_counts_like_any_other(self) -> None:
        pump = delivering()
        request(pump)
        pump.control.stop()
        pump.control.start()
        assert "lockout" in str(pump.refused(pump.control.request_bolus))

    @pytest.mark.req("D-09")
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(st.integers(1, 4) | st.integers(1, 60), min_size=5, max_size=25),
        st.integers(1, 12) | st.integers(1, 96),
        st.integers(1, 6),
    )
    def test_at_whatever_times_it_is_asked_for_lockout_and_maximum_hold(
        self, gaps: list[int], lockout: int, per_day: int
    ) -> None:
        """On a clock of quarters; a denial gives the very time from which on a request is granted."""
        quarter_ms = HOUR_MS // 4
        pump = delivering(bolus_source(patient=[1, 0, MINUTE_MS, lockout * quarter_ms, per_day]), slice_ms=quarter_ms)
        given_at: list[int] = []
        now = 0
        for gap in gaps:
            pump.slice(gap)
            now += gap
            free_at = quarter_that_is_free(given_at, lockout, per_day)
            if now >= free_at:
                request(pump)
                given_at.append(now)
            else:
                pump.refused(pump.control.request_bolus)
                assert pump.events("patient_denied")[-1][1] == (free_at - now) * 15
