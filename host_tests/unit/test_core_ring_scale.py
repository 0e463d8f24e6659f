"""A ring scaled by a ratio: the sum of its newest counts, however many, is rounded up once."""

import pytest

from pump.core.ring import IntRing


def ring_of(*counts: int) -> IntRing:
    """A ring of these counts, the newest first, whose memory begins somewhere in its midst."""
    ring = IntRing(len(counts))
    ring.push(0)
    for count in reversed(counts):
        ring.push(count)
    return ring


def held(ring: IntRing, size: int) -> list[int]:
    return [ring.back(age) for age in range(size)]


@pytest.mark.req("D-12")
@pytest.mark.parametrize(
    "counts, numerator, denominator, scaled",
    [
        ([0, 0, 0], 7, 3, [0, 0, 0]),
        ([5, 6, 7], 1, 1, [5, 6, 7]),
        ([5, 6, 7], 3, 3, [5, 6, 7]),
        ([5, 6, 7], 4, 1, [20, 24, 28]),
        # 5/4, 11/4 and 18/4: 2, 3 and 5.
        ([5, 6, 7], 1, 4, [2, 1, 2]),
        # 1/3, 2/3, 3/3 and 4/3.
        ([1, 1, 1, 1], 1, 3, [1, 0, 0, 1]),
        ([0, 3, 0, 1], 1, 3, [0, 1, 0, 1]),
        ([0, 0, 9], 2, 3, [0, 0, 6]),
        ([0, 0, 10], 2, 3, [0, 0, 7]),
        # 3/2 of 1, 2, 4: 1.5, 3 and 6.
        ([1, 1, 2], 3, 2, [2, 1, 3]),
        ([9], 1, 2, [5]),
    ],
)
def test_the_newest_counts_sum_to_what_they_did_times_the_ratio_rounded_up_once(
    counts: list[int], numerator: int, denominator: int, scaled: list[int]
) -> None:
    ring = ring_of(*counts)
    ring.scale(numerator, denominator)
    assert held(ring, len(counts)) == scaled


@pytest.mark.parametrize("pushes", range(8))
def test_where_the_memory_begins_makes_no_difference(pushes: int) -> None:
    ring = IntRing(3)
    for count in range(pushes):
        ring.push(count)
    ring.push(7)
    ring.push(6)
    ring.push(5)
    ring.scale(1, 4)
    assert held(ring, 3) == [2, 1, 2]


def test_a_scaled_ring_goes_on_with_whole_counts() -> None:
    ring = ring_of(5, 6, 7)
    ring.scale(1, 4)
    ring.grow(3)
    ring.push(9)
    assert held(ring, 3) == [9, 5, 1]


def test_scaled_there_and_back_no_sum_is_less_than_it_was() -> None:
    counts = [5, 0, 6, 7, 1]
    ring = ring_of(*counts)
    for ratio in ((1, 4), (4, 1), (2, 3), (3, 2)):
        ring.scale(*ratio)
    scaled = held(ring, 5)
    assert all(sum(scaled[:newest]) >= sum(counts[:newest]) for newest in range(6))
    assert all(count >= 0 for count in scaled)
