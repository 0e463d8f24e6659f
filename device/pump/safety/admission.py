"""What is to come, held against the caps ahead of time, at every window position."""

from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.safety.limits import Limits
from pump.safety.windows import DAY_MINUTES, HOUR_MINUTES, Windows


def refuse_unsafe_bolus(limits: Limits, windows: Windows, bolus: "BolusAhead", lag_ms: int, basal_walk) -> None:
    """Raise Refused, naming limit, value and source, unless `bolus` keeps every cap with all basal still to come.

    `basal_walk()` gives a new walk of the basal from now on (`therapy.forecast.Forecast`). What becomes owed may be
    granted up to `lag_ms` later. *loop* only.
    """
    limits.bolus.refuse_above("bolus", bolus.steps - bolus.carried_steps)
    refuse_unsafe_ahead(limits, windows, bolus, lag_ms, basal_walk, "bolus and basal")


def refuse_unsafe_ahead(
    limits: Limits, windows: Windows, bolus: "BolusAhead", lag_ms: int, basal_walk, what: str
) -> None:
    """As `refuse_unsafe_bolus`, without the limit on the bolus itself; the refusal speaks of `what`."""
    hour_steps = _peak_steps(windows, HOUR_MINUTES, windows.hour_steps, bolus, lag_ms, basal_walk)
    limits.hour.refuse_above(what + " of an hour", hour_steps)
    day_steps = _peak_steps(windows, DAY_MINUTES, windows.day_steps, bolus, lag_ms, basal_walk)
    limits.day.refuse_above(what + " of a day", day_steps)


def refuse_unsafe_basal(limits: Limits, lag_ms: int, walks) -> None:
    """Raise Refused, naming limit, value and source, when basal alone would exceed a rolling cap.

    `walks()` gives new walks of the basal (`therapy.forecast.Forecast`), each of three days from midnight on, which
    together are all that can follow one another; `lag_ms` as above. *loop* only.
    """
    for limit, minutes in ((limits.hour, HOUR_MINUTES), (limits.day, DAY_MINUTES)):
        span_ms = (minutes + 1) * MS_PER_MINUTE + lag_ms
        peak_steps = 0
        for behind, ahead in walks():
            peak_steps = max(peak_steps, _peak_of_day(behind, ahead, span_ms))
        limit.refuse_above("basal", peak_steps)


class BolusAhead:
    """A bolus of `steps` over `duration_ms`, `wait_ms` from now, while `owed_steps` of anything are owed already, or
    will be within `after_ms` of its end. `carried_steps` of it are what doses before it had below a microstep."""

    def __init__(
        self, steps: int, wait_ms: int, duration_ms: int, owed_steps: int, after_ms: int = 0, carried_steps: int = 0
    ) -> None:
        self.steps = steps
        self.wait_ms = wait_ms
        self.duration_ms = duration_ms
        self.owed_steps = owed_steps
        self.after_ms = after_ms
        self.carried_steps = carried_steps

    def most_within(self, span_ms: int) -> int:
        """No span of `span_ms` can hold more of it than this."""
        return min(self.steps, -(-self.steps * span_ms // self.duration_ms) + 1)


def _peak_of_day(behind, ahead, span_ms: int) -> int:
    """The most that a window of `span_ms` holds that begins within the first day of `behind` and of `ahead`.

    Between changes of rate the basal of a window grows or falls steadily as the window moves, so it is greatest where
    the window begins or ends with one. The walks meet these in turn.
    """
    held = ahead.over(span_ms)
    peak = held
    begin_ms = 0
    while begin_ms < MS_PER_DAY:
        part_ms = min(behind.left_ms, ahead.left_ms, MS_PER_DAY - begin_ms)
        held += (ahead.rate - behind.rate) * part_ms
        peak = max(peak, held)
        behind.pass_by(part_ms)
        ahead.pass_by(part_ms)
        begin_ms += part_ms
    return _whole(peak, ahead.den)


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
    end_ms = windows.minute_ms + bolus.wait_ms + bolus.duration_ms + bolus.after_ms + lag_ms
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
