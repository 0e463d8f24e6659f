"""The device's judgement of a program and of boluses, on a model of its clock that goes by the minute."""

from itertools import pairwise

from pump.core.errors import Refused
from pump.core.units import MS_PER_DAY, MS_PER_MINUTE
from pump.safety.admission import BolusAhead, refuse_unsafe_basal, refuse_unsafe_bolus
from pump.safety.limits import Limit, Limits
from pump.safety.titration import refuse_steep_rise
from pump.safety.windows import Windows
from pump.therapy.carry import Carry
from pump.therapy.forecast import Forecast, forecast
from pump.therapy.lockout import ALLOWED, Lockout
from pump.therapy.orders import BolusOrders
from pump.therapy.program import BOLUS_GAP_MS
from pump.therapy.program import Program as DeviceProgram

LAG_MS = 2 * MS_PER_MINUTE


class MinutePump:
    """Asserts that no window exceeds its cap.

    As on the pump, each minute's demand goes out at its end, and in minutes with an odd number one minute later.
    """

    def __init__(self, program: dict[str, object], weekday: int) -> None:
        self.device = DeviceProgram(program)
        self.schedule = self.device.schedule
        self.limits = Limits(*(Limit(kind, *self.device.limits[kind]) for kind in ("hour", "day", "bolus")))
        self.windows, self.orders, self.carry, self.lockout = Windows(), BolusOrders(self.device), Carry(), Lockout()
        # A clock that is never set: a day has passed by every midnight.
        self.place = [0, 0, weekday, 0, 0, 0]
        self.walk = forecast(self.schedule, list(self.place))
        self.owed = self.total = self.granted = self.now_ms = self.free_ms = 0
        self.under_way: list[tuple[int, int, int]] = []
        self.denied = 0

    def accept(self) -> None:
        """Raise Refused for a program that it would not take."""
        refuse_unsafe_basal(self.limits, LAG_MS, self._three_days)
        percent, source = self.device.titration
        for days in self.schedule.successions():
            totals = [self.schedule.day_total(day) for day in days]
            for before, after in pairwise(totals):
                refuse_steep_rise(before, after, percent, source)

    def _three_days(self):
        for days in self.schedule.successions():
            yield Forecast(self.schedule, 0, iter(days)), Forecast(self.schedule, 0, iter(days))

    def minute(self, press: bool) -> None:
        """A minute passes; the patient asks at its beginning, or not."""
        order, patient = self.orders.peek(), self.device.patient
        wait_ms = self.orders.wait_ms(self.place[1], self.place[3]) if order else MS_PER_DAY
        if order and wait_ms == 0:
            self._begin(order.dose)
            self.orders.done()
        elif patient and press and self.now_ms >= self.free_ms:
            allowed = self.lockout.wait(patient.lockout_ms, patient.per_day, self.now_ms)[0] == ALLOWED
            if allowed and wait_ms > patient.dose.duration_ms + BOLUS_GAP_MS + LAG_MS:
                self._ask(patient.dose)
        self._pass()

    def _ask(self, dose) -> None:
        try:
            self._begin(dose)
        except Refused:
            self.denied += 1
        else:
            self.lockout.begun(self.now_ms)

    def _begin(self, dose) -> None:
        steps = self.carry.steps(dose)
        carried_steps = steps - dose.whole
        ahead = BolusAhead(steps, 0, dose.duration_ms, self.total - self.granted, carried_steps=carried_steps)
        place = list(self.place)
        refuse_unsafe_bolus(self.limits, self.windows, ahead, LAG_MS, lambda: forecast(self.schedule, list(place)))
        self.carry.given(dose)
        self.under_way.append((self.now_ms, steps, dose.duration_ms))
        self.free_ms = self.now_ms + dose.duration_ms

    def _pass(self) -> None:
        self.owed += self.walk.over(MS_PER_MINUTE)
        self.windows.elapse(MS_PER_MINUTE)
        self.now_ms += MS_PER_MINUTE
        bolus_steps = sum(steps * min(self.now_ms - at, span) // span for at, steps, span in self.under_way)
        self.total = self.owed // self.walk.den + bolus_steps
        if self.now_ms // MS_PER_MINUTE % 2 == 0:
            self.windows.add(self.total - self.granted)
            self.granted = self.total
        self._next_minute()
        assert self.windows.hour_steps <= self.limits.hour.steps
        assert self.windows.day_steps <= self.limits.day.steps

    def _next_minute(self) -> None:
        stage, day, weekday, day_ms, _, _ = self.place
        if day_ms + MS_PER_MINUTE < MS_PER_DAY:
            self.place[3] = self.place[5] = day_ms + MS_PER_MINUTE
        else:
            self.place = [self.schedule.stage_after(stage, day + 1), day + 1, (weekday + 1) % 7, 0, 0, 0]
