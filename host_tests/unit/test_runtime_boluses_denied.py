"""Denials: each request, by each pump it can come to, and the reason that is told and logged."""

from collections.abc import Callable

import pytest

from asked import DOSE, DURATION_MS, bolus_source, delivering, give, request, step
from pump.core.errors import Refused
from pump.runtime.boluses import REASONS
from pump.safety.alarms import MEMORY_ERROR
from rig import DAY_MS, HOUR_MS, MINUTE_MS, NG_ML
from watched import Watched

# What each request is told, by the pump it comes to: the reason of the patient's, the clinician's and the trial's.
DENIALS: dict[str, tuple[Callable[[], Watched], int | None, int | None, int | None]] = {}


def denial(patient: int | None, clinician: int | None, trial: int | None) -> Callable[..., Callable[[], Watched]]:
    def note(make: Callable[[], Watched]) -> Callable[[], Watched]:
        DENIALS[make.__name__] = (make, patient, clinician, trial)
        return make

    return note


@denial(1, None, None)
def with_a_lockout() -> Watched:
    pump = delivering()
    request(pump)
    pump.run(HOUR_MS)
    return pump


@denial(2, None, None)
def with_the_maximum_reached() -> Watched:
    pump = delivering(bolus_source(patient=[DOSE, 0, DURATION_MS, MINUTE_MS, 1]))
    request(pump)
    pump.run(HOUR_MS)
    return pump


@denial(None, None, 1)
def after_a_rung() -> Watched:
    pump = delivering()
    step(pump)
    pump.run(HOUR_MS)
    return pump


@denial(3, None, 3)
def without_orders() -> Watched:
    return delivering(bolus_source(patient=None, trial=[]))


@denial(4, 4, 4)
def stopped() -> Watched:
    pump = delivering()
    pump.control.stop()
    return pump


@denial(4, 4, 4)
def halted() -> Watched:
    pump = delivering()
    pump.halt()
    return pump


@denial(4, 4, 4)
def priming() -> Watched:
    pump = stopped()
    pump.control.prime(100, HOUR_MS, True)
    pump.run(MINUTE_MS)
    return pump


@denial(4, 4, 4)
def stopped_in_a_bridge() -> Watched:
    pump = in_a_bridge()
    pump.control.stop()
    return pump


@denial(5, 5, 5)
def beside_a_scheduled_one() -> Watched:
    pump = delivering(bolus_source(boluses=[[0, HOUR_MS, DOSE, 0, HOUR_MS]]))
    pump.run(HOUR_MS + 10 * MINUTE_MS)
    assert pump.app.tick.demand.bolus.running()
    return pump


@denial(5, 5, 5)
def beside_a_clinicians() -> Watched:
    pump = delivering()
    give(pump)
    pump.run(MINUTE_MS)
    return pump


@denial(1, 5, 5)
def beside_a_suspended_one() -> Watched:
    pump = delivering()
    request(pump)
    pump.run(MINUTE_MS)
    give(pump)
    pump.run(MINUTE_MS)
    return pump


@denial(1, None, 5)
def beside_the_patients() -> Watched:
    pump = delivering()
    request(pump)
    pump.run(MINUTE_MS)
    return pump


@denial(5, 5, 1)
def beside_a_rung() -> Watched:
    pump = delivering()
    step(pump)
    return pump


@denial(10, 10, 10)
def with_a_memory_that_takes_nothing() -> Watched:
    pump = delivering()

    def refuse(name: str, data: bytes) -> None:
        raise OSError(28, f"no room for {len(data)} bytes of {name}")

    pump.bench.ports.nvm.write = refuse
    # The alarm stands since an earlier record was refused.
    pump.control.raise_alarm(MEMORY_ERROR)
    return pump


@denial(6, 6, 6)
def under_a_low_limit() -> Watched:
    return delivering(bolus_source(limits={"bolus": 99}))


@denial(7, 7, 7)
def without_the_time_of_day() -> Watched:
    return delivering(day_ms=None)


@denial(8, 8, 8)
def kept_open() -> Watched:
    pump = delivering()
    pump.control.keep_open()
    return pump


@denial(9, 9, 9)
def in_a_bridge() -> Watched:
    pump = delivering()
    pump.run(HOUR_MS)
    pump.control.stop()
    pump.run(2 * MINUTE_MS)
    pump.refill(pump.fill_steps, 2 * NG_ML)
    pump.control.load(bolus_source(concentration_ng_ml=2 * NG_ML, bridge=[10_000, DAY_MS]))
    pump.control.start()
    pump.run(MINUTE_MS)
    return pump


class TestDenials:
    @pytest.mark.req("D-02", "D-09")
    @pytest.mark.parametrize("kind", ["patient", "clinician", "trial"])
    @pytest.mark.parametrize("pump_is", DENIALS)
    def test_each_request_is_denied_for_its_reason_which_is_told_and_logged(self, pump_is: str, kind: str) -> None:
        make, *reasons = DENIALS[pump_is]
        reason = reasons[["patient", "clinician", "trial"].index(kind)]
        command = {"patient": request, "clinician": give, "trial": step}[kind]
        pump = make()
        given = len(pump.events(f"{kind}_bolus"))
        if reason is None:
            command(pump)
            assert len(pump.events(f"{kind}_bolus")) == given + 1
            return
        before = pump.snapshot()
        with pytest.raises(Refused) as caught:
            command(pump)
        status, kinds, *rest = pump.snapshot()
        assert (status, *rest) == (before[0], *before[2:])
        assert isinstance(before[1], list)
        assert kinds == [*before[1], f"{kind}_denied"]
        logged = pump.events(f"{kind}_denied")[-1]
        assert (logged[1] if kind == "clinician" else logged[0]) == reason
        if REASONS[reason] == "a dose limit":
            assert "at most 99 microsteps, the bolus limit of the test" in str(caught.value)
        else:
            assert str(caught.value).startswith(f"bolus: {REASONS[reason]} is refused")

    def test_every_reason_has_its_test(self) -> None:
        assert {reason for _, *reasons in DENIALS.values() for reason in reasons if reason} == set(
            range(1, len(REASONS))
        )

    def test_the_clinicians_denial_logs_its_whole_microsteps(self) -> None:
        pump = stopped()
        pump.refused(pump.control.give_bolus, 77, 1, 3, MINUTE_MS)
        assert pump.events("clinician_denied") == [(77, 4)]

    @pytest.mark.req("D-01")
    @pytest.mark.parametrize(
        "arguments, field",
        [
            ((10, 0, 0, MINUTE_MS), "bolus.den"),
            ((10, 0, (1 << 20) + 1, MINUTE_MS), "bolus.den"),
            ((-1, 0, 1, MINUTE_MS), "bolus.whole"),
            ((1.5, 0, 1, MINUTE_MS), "bolus.whole"),
            ((1 << 30, 0, 1, MINUTE_MS), "bolus.whole"),
            ((10, 1, 1, MINUTE_MS), "bolus.frac"),
            ((10, -1, 3, MINUTE_MS), "bolus.frac"),
            ((10, 0, 1, 0), "bolus.duration_ms"),
            ((10, 0, 1, DAY_MS + 1), "bolus.duration_ms"),
            ((10, 0, 1, None), "bolus.duration_ms"),
        ],
    )
    def test_what_is_no_bolus_is_refused_naming_the_field_and_changes_nothing(
        self, arguments: tuple[object, ...], field: str
    ) -> None:
        pump = delivering()
        before = pump.snapshot()
        with pytest.raises(Refused) as caught:
            pump.control.give_bolus(*arguments)  # pyright: ignore[reportArgumentType]
        assert caught.value.field == field
        assert pump.snapshot() == before
