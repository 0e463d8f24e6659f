"""Injected faults stand from their first millisecond until just before their last."""

import pytest

from pump.core.errors import Refused
from twin.faults import Faults


def test_stands_from_at_until_just_before_until() -> None:
    faults = Faults([["stall", 100, 200, 0]])
    stands = []
    for now_ms in (0, 99, 100, 199, 200, 1000):
        faults.at(now_ms)
        stands.append(faults.stalled)
    assert stands == [False, False, True, True, False, False]


def test_says_when_it_changes_next() -> None:
    faults = Faults([["stall", 100, 200, 0], ["occlusion", 150, 300, 0]])
    changes = [faults.next_ms]
    while faults.next_ms is not None:
        faults.at(faults.next_ms)
        changes.append(faults.next_ms)
    assert changes == [100, 150, 200, 300, None]


def test_each_kind_sets_its_own_attribute() -> None:
    faults = Faults(
        [
            ["stall", 0, 1, 0],
            ["slip", 1, 2, 30],
            ["driver_off", 2, 3, 0],
            ["occlusion", 3, 4, 0],
            ["late_tick", 4, 5, 70],
            ["lost_edges", 5, 6, 9],
        ]
    )
    seen = []
    for now_ms in range(7):
        faults.at(now_ms)
        seen.append(
            (
                faults.stalled,
                faults.slip_percent,
                faults.driver_off,
                faults.occluded,
                faults.late_ms,
                faults.lose_every,
            )
        )
    assert seen == [
        (True, 0, False, False, 0, 0),
        (False, 30, False, False, 0, 0),
        (False, 0, True, False, 0, 0),
        (False, 0, False, True, 0, 0),
        (False, 0, False, False, 70, 0),
        (False, 0, False, False, 0, 9),
        (False, 0, False, False, 0, 0),
    ]


def test_of_two_that_overlap_the_worse_counts() -> None:
    faults = Faults(
        [
            ["slip", 0, 10, 10],
            ["slip", 0, 10, 40],
            ["late_tick", 0, 10, 5],
            ["late_tick", 0, 10, 3],
            ["lost_edges", 0, 10, 2],
            ["lost_edges", 0, 10, 8],
        ]
    )
    faults.at(0)
    assert (faults.slip_percent, faults.late_ms, faults.lose_every) == (40, 5, 2)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (["melt", 0, 1, 0], "kind: melt is refused"),
        (["stall", -1, 1, 0], "at_ms: -1 is refused"),
        (["stall", 5, 5, 0], "until_ms: 5 is refused; accepted: a whole number from 6"),
        (["slip", 0, 1, 101], "amount: 101 is refused; accepted: a whole number from 0 to 100"),
        (["lost_edges", 0, 1, 0], "amount: 0 is refused"),
        (["late_tick", 0, 1, 1.5], "amount: 1.5 is refused"),
        (["stall", 0, 1], r"accepted: \[kind, at_ms, until_ms, amount\]"),
        ("stall", r"accepted: \[kind"),
    ],
)
def test_refuses_what_it_does_not_know_and_names_the_row(row: object, words: str) -> None:
    with pytest.raises(Refused, match=words) as refusal:
        Faults([["stall", 0, 1, 0], row])
    assert refusal.value.field.startswith("faults[1]")
