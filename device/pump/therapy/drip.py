"""A rate turned into whole microsteps, exactly, over any span of time."""

from pump.core.units import SMALL_MAX


class Drip:
    """Owes `whole + frac / den` microsteps per `per_ms`, never more than one microstep behind the exact rational.

    What is left over below a microstep is kept as two remainders (of 1/per_ms and of 1/(den * per_ms) microstep) and
    survives a change of rate, so that one advance or a thousand over the same span owe the same. Every intermediate
    stays within 30 bits. `advance`, `set_rate` and `sound` are tick-safe and allocate nothing.
    """

    GUARDED = ("whole", "frac", "_den", "_per_ms")

    def __init__(self, den: int, per_ms: int) -> None:
        self._den = den
        self._per_ms = per_ms
        self._rest = 0
        self._rest_frac = 0
        self.set_rate(0, 0)

    def set_rate(self, whole: int, frac: int) -> None:
        """From now on owe `whole + frac / den` microsteps per `per_ms`; 0 <= frac < den."""
        self.whole = whole
        self.frac = frac
        # One complement for all of the rate: it changes only here.
        self._not_rate = ~(whole ^ frac ^ self._den ^ self._per_ms)
        span_ms = (SMALL_MAX - self._per_ms - 1) // (whole + 1)
        if frac:
            span_ms = min(span_ms, (SMALL_MAX - self._den) // frac)
        self._span_ms = span_ms

    def sound(self) -> bool:
        """Whether the rate agrees with its complement."""
        return self.whole ^ self.frac ^ self._den ^ self._per_ms ^ self._not_rate == -1

    def carry_from(self, before: "Drip") -> None:
        """*loop.* Go on with what `before`, of the same `per_ms`, has left over, to 1 / (den * per_ms) rounded down."""
        self._rest = before._rest
        self._rest_frac = before._rest_frac * self._den // before._den

    def advance(self, dt_ms: int) -> int:
        """The microsteps that became whole within the next `dt_ms` >= 0."""
        steps = 0
        while dt_ms > 0:
            span_ms = self._span_ms
            if dt_ms < span_ms:
                span_ms = dt_ms
            dt_ms -= span_ms
            frac = self._rest_frac + self.frac * span_ms
            rest = self._rest + self.whole * span_ms + frac // self._den
            self._rest_frac = frac % self._den
            self._rest = rest % self._per_ms
            steps += rest // self._per_ms
        return steps
