"""Whether a bolus may be begun: the caps looked at ahead of time, at every window position it can touch."""

from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.safety.limits import Limits
from pump.safety.windows import DAY_MINUTES, HOUR_MINUTES, Windows


def refuse_unsafe_bolus(limits: Limits, windows: Windows, bolus: "BolusAhead", lag_ms: int, basal_walk) -> None:
    """Raise Refused, naming limit, value and source, unless `bolus` keeps every cap with all basal still to come.

    `basal_walk()` gives a new walk of the basal from now on (`therapy.forecast.Forecast`). What becomes owed may be
    granted up to `lag_ms` later. *loop* only.
    """
    limits.bolus.refuse_above("bolus", bolus.steps)
    hour_steps = _peak_steps(windows, HOUR_MINUTES, windows.hour_steps, bolus, lag_ms, basal_walk)
    limits.hour.refuse_above("bolus and basal of an hour", hour_steps)
    day_steps = _peak_steps(windows, DAY_MINUTES, windows.day_steps, bolus, lag_ms, basal_walk)
    limits.day.refuse_above("bolus and basal of a day", day_steps)


def refuse_unsafe_basal(limits: Limits, change_times_ms, lag_ms: int, basal_walk_from) -> None:
    """Raise Refused, naming limit, value and source, when basal alone would exceed a rolling cap at some time of day.

    `change_times_ms` are the times of day at which the rate changes, `basal_walk_from(day_ms)` gives a walk of the
    basal from then on; `lag_ms` as above. *loop* only. Between changes the basal of a window grows or falls steadily as
    the window moves, so it is greatest where the window begins or ends with a change.
    """
    for limit, minutes in ((limits.hour, HOUR_MINUTES), (limits.day, DAY_MINUTES)):
        span_ms = (minutes + 1) * MS_PER_MINUTE + lag_ms
        peak_steps = 0
        for change_ms in change_times_ms:
            for begin_ms in (change_ms, (change_ms - span_ms) % MS_PER_DAY):
                walk = basal_walk_from(begin_ms)
                peak_steps = max(peak_steps, _whole(walk.over(span_ms), walk.den))
        limit.refuse_above("basal", peak_steps)


class BolusAhead:
    """A bolus of `steps` over `duration_ms`, `wait_ms` from now, while `owed_steps` of anything are owed already."""

    def __init__(self, steps: int, wait_ms: int, duration_ms: int, owed_steps: int) -> None:
        self.steps = steps
        self.wait_ms = wait_ms
        self.duration_ms = duration_ms
        self.owed_steps = owed_steps

    def most_within(self, span_ms: int) -> int:
        """No span of `span_ms` can hold more of it than this."""
        return min(self.steps, -(-self.steps * span_ms // self.duration_ms) + 1)


def _peak_steps(windows: Windows, minutes: int, past_steps: int, bolus: BolusAhead, lag_ms: int, basal_walk) -> int:
    """The most that any window still to come, `minutes` long and counted by whole minutes, will hold.

    Position j is the window that ends with the j-th minute from now. It holds the past minutes that have not left it,
    and the basal from now to its end less the basal that has left it, which it does `lag_ms` late. As bounds, what is
    owed already stands in every position, and so does the most of the bolus that fits into one.
    """
    ahead = basal_walk()
    behind = basal_walk()
    first_ms = MS_PER_MINUTE - windows.minute_ms
    bolus_steps = bolus.most_within((minutes + 1) * MS_PER_MINUTE + lag_ms) + bolus.owed_steps
    end_ms = windows.minute_ms + bolus.wait_ms + bolus.duration_ms + lag_ms
    held_steps = past_steps
    basal = ahead.over(first_ms)
    left_ms = first_ms - MS_PER_MINUTE - lag_ms
    peak_steps = held_steps + _whole(basal, ahead.den)
    for position in range(1, end_ms // MS_PER_MINUTE + minutes + 1):
        basal += ahead.over(MS_PER_MINUTE)
        if position <= minutes + 1:
            held_steps -= windows.minutes.back(minutes + 1 - position)
        if position > minutes:
            left_ms += MS_PER_MINUTE
            if left_ms > 0:
                basal -= behind.over(min(left_ms, MS_PER_MINUTE))
        peak_steps = max(peak_steps, held_steps + _whole(basal, ahead.den))
    return peak_steps + bolus_steps


def _whole(numerator: int, den: int) -> int:
    """Rounded up: a microstep begun is a microstep."""
    return -(-numerator // den)
