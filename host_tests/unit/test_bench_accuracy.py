"""Start-up and trumpet curve: against the standard's formulas written out, and against flows whose answer is known."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from itb.bench.accuracy import WINDOWS_MIN, Accuracy, ScaleLimits, analyse, sampling_interval_s
from itb.bench.gravimetric import Conditions
from itb.bench.readings import Weights
from itb.bench.water import nl_per_mg
from itb.errors import InputError

SCALE = ScaleLimits(0.1, 0.1)
AT_20 = Conditions()
# 24 mL/day, in mg of a scale per second.
RATE = Fraction(24_000_000)
MG_PER_S = float(RATE) / 86_400 / nl_per_mg(20)
SECOND_HOUR = (Fraction(3600), Fraction(7200))


def weights(masses_mg: list[float], interval_s: float = 30, step_mg: float = 0.1, start_s: float = 0) -> Weights:
    seconds = tuple(Fraction(start_s) + Fraction(str(interval_s)) * place for place in range(len(masses_mg)))
    return Weights(seconds, tuple(Fraction(mass) for mass in masses_mg), Fraction(str(step_mg)), "run")


def steady(minutes: float, interval_s: float = 30, faster: float = 0.0) -> Weights:
    count = round(minutes * 60 / interval_s) + 1
    return weights([MG_PER_S * (1 + faster) * interval_s * place for place in range(count)], interval_s)


def rough(seed: int, minutes: int = 120, interval_s: int = 30) -> Weights:
    random = np.random.RandomState(seed)
    steps = MG_PER_S * interval_s * (1 + 0.3 * random.standard_normal(minutes * 60 // interval_s))
    return weights([0.0, *np.cumsum(steps).tolist()], interval_s)


def by_the_standard(run: Weights, minutes: int, from_s: int, to_s: int) -> tuple[int, float, float]:
    """Count, Ep(max) and Ep(min), term by term as IEC 60601-2-24 has them: W in g, S and P in min, r and Q in mL/h."""
    interval = float(run.seconds[1] - run.seconds[0]) / 60
    r = float(RATE) / 24e6
    # The density, and buoyancy, in g of the scale per mL.
    d = 1000 / nl_per_mg(20)
    w = [float(mass) / 1000 for mass in run.masses_mg]
    first, last = round(from_s / 60 / interval), round(to_s / 60 / interval)
    q = {i: 60 * (w[i] - w[i - 1]) / (interval * d) for i in range(first + 1, last + 1)}
    per_window = round(minutes / interval)
    m = round((to_s - from_s) / 60 / interval) - per_window + 1
    sums = [
        interval / minutes * sum(100 * (q[i] - r) / r for i in range(first + j, first + j + per_window))
        for j in range(1, m + 1)
    ]
    return m, max(sums), min(sums)


def analysed(run: Weights, *period_s: int) -> Accuracy:
    period = (Fraction(period_s[0]), Fraction(period_s[1])) if period_s else SECOND_HOUR
    return analyse(run, RATE, SCALE, AT_20, period)


@pytest.mark.parametrize("interval_s", [10, 15, 30, 60])
@pytest.mark.parametrize("period_s", [(3600, 7200), (0, 1860), (600, 5400)])
def test_the_trumpet_is_the_standards_term_by_term(interval_s: int, period_s: tuple[int, int]) -> None:
    run = rough(7, interval_s=interval_s)
    found = analysed(run, *period_s)
    assert [one.minutes for one in found.windows] == list(WINDOWS_MIN) == [2, 5, 11, 19, 31]
    for one in found.windows:
        count, most, least = by_the_standard(run, one.minutes, *period_s)
        assert one.count == count
        assert one.max_percent == pytest.approx(most, abs=1e-9)
        assert one.min_percent == pytest.approx(least, abs=1e-9)


def test_the_mean_error_is_that_of_the_period_alone() -> None:
    times_s = [30 * place for place in range(241)]
    masses = [MG_PER_S * (0.5 * min(time_s, 3600) + 1.02 * max(time_s - 3600, 0)) for time_s in times_s]
    assert analysed(weights(masses)).mean_percent == pytest.approx(2)
    assert analysed(weights(masses), 0, 3600).mean_percent == pytest.approx(-50)
    assert analysed(weights(masses), 0, 7200).mean_percent == pytest.approx((0.5 + 1.02) * 50 - 100)


def test_a_steady_flow_has_a_trumpet_without_a_bell() -> None:
    found = analysed(steady(120, faster=0.03))
    assert found.mean_percent == pytest.approx(3)
    for one in found.windows:
        assert (one.max_percent, one.min_percent) == (pytest.approx(3), pytest.approx(3))


def test_one_pulse_shows_in_every_window_by_its_share() -> None:
    """An extra of one minute's volume, early enough in the analysis period that windows of every length miss it."""
    run = steady(120)
    extra = MG_PER_S * 60
    pairs = zip(run.seconds, run.masses_mg, strict=True)
    masses = [float(mass) + (extra if second > 4200 else 0) for second, mass in pairs]
    found = analysed(weights(masses))
    for one in found.windows:
        assert one.max_percent == pytest.approx(100 / one.minutes)
        assert one.min_percent == pytest.approx(0, abs=1e-9)
    assert found.mean_percent == pytest.approx(100 / 60)


def test_the_start_up_curve_is_the_flow_of_every_interval_of_two_hours() -> None:
    run = rough(3, minutes=180)
    found = analysed(run)
    assert found.edges_s == tuple(30.0 * place for place in range(241))
    per_interval = np.diff([float(mass) for mass in run.masses_mg])[:240] * nl_per_mg(20) * 2880
    assert found.flows_nl_day == pytest.approx(per_interval.tolist())
    # The mean over ten minutes, at its middle.
    assert found.smoothed_s[0] == 300
    assert found.smoothed_nl_day[0] == pytest.approx(sum(per_interval[:20]) / 20)
    assert (len(found.smoothed_s), found.smoothed_s[-1]) == (221, 6900)


def test_it_goes_as_long_as_the_data_go() -> None:
    found = analysed(steady(50), 600, 3000)
    assert (found.edges_s[-1], found.from_s, found.to_s) == (3000, 600, 3000)


def test_time_counts_from_the_first_reading() -> None:
    run = rough(5)
    later = weights([float(mass) + 12_345 for mass in run.masses_mg], start_s=100_000)
    assert [one.max_percent for one in analysed(later).windows] == pytest.approx(
        [one.max_percent for one in analysed(run).windows]
    )


def test_evaporation_and_temperature_are_made_up_for() -> None:
    run = steady(120)
    lost = [float(mass) - 1.2 / 3600 * float(second) for second, mass in zip(run.seconds, run.masses_mg, strict=True)]
    dry = analyse(weights(lost), RATE, SCALE, Conditions(20, Fraction(6, 5)), SECOND_HOUR)
    assert dry.mean_percent == pytest.approx(0, abs=1e-9)
    assert dry.windows[0].min_percent == pytest.approx(0, abs=1e-6)
    warm = analyse(run, RATE, SCALE, Conditions(30), SECOND_HOUR)
    assert warm.mean_percent == pytest.approx(100 * (nl_per_mg(30) / nl_per_mg(20) - 1))


def test_what_the_scale_alone_makes_is_its_digit_and_three_deviations_of_a_difference() -> None:
    """At 0.2 mL/day a window of 2 min holds 0.2778 uL: a digit of 0.1 mg is 36 % of it."""
    run = weights([0.139 * place for place in range(241)])
    found = analyse(run, Fraction(200_000), ScaleLimits(0.1, 0.05), AT_20, SECOND_HOUR)
    volume_nl = 200_000 / 720
    assert volume_nl == pytest.approx(277.8, abs=0.1)
    digit = 100 * 0.1 * nl_per_mg(20) / volume_nl
    shortest = found.windows[0]
    assert shortest.step_percent == pytest.approx(digit) == pytest.approx(36.1, abs=0.05)
    assert shortest.scale_percent == pytest.approx(digit * (1 + 3 * sqrt(2) / 2))
    for one in found.windows:
        assert one.step_percent * one.minutes == pytest.approx(2 * digit)
    assert found.mean_scale_percent == pytest.approx(shortest.scale_percent * 2 / 60)
    assert found.smoothed_scale_percent == pytest.approx(shortest.scale_percent * 2 / 10)


def test_noise_of_the_scale_alone_stays_within_what_is_said_of_it() -> None:
    random = np.random.RandomState(11)
    run = steady(120)
    shown = [round(float(mass) * 10 + random.standard_normal()) / 10 for mass in run.masses_mg]
    for one in analysed(weights(shown)).windows:
        assert max(abs(one.max_percent), abs(one.min_percent)) < one.scale_percent
        # And the bound is no empty one.
        assert max(abs(one.max_percent), abs(one.min_percent)) > one.scale_percent / 4


@pytest.mark.parametrize("interval_s", [1, 5, 7.5, 20, 30, 60])
def test_the_interval_is_found(interval_s: float) -> None:
    assert sampling_interval_s(weights([0.0] * 50, interval_s)) == pytest.approx(interval_s)


def test_readings_a_little_early_or_late_are_taken_at_their_own_time() -> None:
    random = np.random.RandomState(2)
    times = [30 * place + 1.4 * float(random.uniform(-1, 1)) for place in range(242)]
    run = Weights(
        tuple(Fraction(time) for time in times),
        tuple(Fraction(MG_PER_S * time) for time in times),
        Fraction(1, 10),
        "run",
    )
    found = analysed(run)
    assert found.interval_s == 30
    for one in found.windows:
        assert (one.max_percent, one.min_percent) == (pytest.approx(0, abs=1e-6), pytest.approx(0, abs=1e-6))


def timed(*seconds: float) -> Weights:
    return Weights(
        tuple(Fraction(str(second)) for second in seconds), (Fraction(0),) * len(seconds), Fraction(1), "run"
    )


UNEVEN = [
    (timed(0, 30), "run: 2 readings", "at least 3 readings"),
    (timed(0, 30, 60, 120, 150), "run: after 60 s: a gap of 60 s", "readings every 30 s, each within 10 %"),
    (timed(0, 30, 60, 93.1, 123), "run: after 60 s: a gap of 33.1 s", "every 30 s"),
    (timed(0, 30, 60, 30, 60, 90), "run: after 60 s: a step back of 30 s", "every 30 s"),
    (timed(0, 30, 60, 60, 90), "run: after 60 s: a step back of 0 s", "every 30 s"),
    (timed(0, 40, 80, 120), "run: interval: 40 s", "an even part of a minute"),
    (timed(0, 900, 1800), "run: interval: 900 s", "every 1 s to 60 s"),
    (timed(0, 0.1, 0.2, 0.3), "run: interval: 0.1 s", "every 1 s to 60 s"),
    (timed(90, 60, 30, 0), "run: interval: -30 s", "every 1 s to 60 s"),
    (timed(0, 0, 0, 0), "run: interval: 0 s", "every 1 s to 60 s"),
]


@pytest.mark.parametrize("run, found, accepted", UNEVEN, ids=[found for _, found, _ in UNEVEN])
def test_uneven_readings_are_refused_with_the_place(run: Weights, found: str, accepted: str) -> None:
    with pytest.raises(InputError) as caught:
        sampling_interval_s(run)
    assert f"{found} is refused" in str(caught.value)
    assert accepted in caught.value.accepted


@pytest.mark.parametrize(
    "minutes, period_min, said",
    [
        (119, (60, 120), "--to: 120 min is refused; accepted: at most the 119 min of run; name an analysis period"),
        (120, (60, 90), "--from, --to: 60 min to 90 min is refused; accepted: an analysis period of at least 31 min"),
        (120, (100, 60), "--from, --to: 100 min to 60 min is refused"),
        (120, (90, 120), "--from, --to: 90 min to 120 min is refused"),
    ],
)
def test_a_period_that_is_not_in_the_data_or_too_short_is_refused(
    minutes: int, period_min: tuple[int, int], said: str
) -> None:
    with pytest.raises(InputError) as caught:
        analysed(steady(minutes), period_min[0] * 60, period_min[1] * 60)
    assert said in str(caught.value)


def test_the_shortest_period_holds_one_longest_window() -> None:
    found = analysed(steady(120), 3600, 3600 + 31 * 60)
    assert found.windows[-1].count == 1
    assert found.windows[-1].max_percent == found.windows[-1].min_percent == pytest.approx(found.mean_percent)
