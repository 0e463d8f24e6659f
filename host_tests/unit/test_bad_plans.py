"""Tapers and titrations that cannot be meant: each is refused by field, value and what would be accepted."""

from pathlib import Path

import pytest

from itb.errors import InputError
from prescriptions import changed, example, from_first, plan

DAILY = 'a share with its unit (%), like "30 %" or a dose in any 24 h with its unit (ug/day), like "500 ug/day"'
REPRESENTABLE = "a representable value, whose microsteps share a denominator up to 1048576 with those before it"


def stages(count: int) -> str:
    """So many stages of a taper, each a day."""
    return "".join(f'[[plan.stage]]\nfrom_day = {day}\ndaily = "{100 - day} %"\n' for day in range(2, 2 + count))


# Name, a good prescription, what is replaced in it by what, and what a user is told.
REFUSED = [
    (
        "a taper of the minimum",
        example("minimum-rate"),
        [
            (
                'mode = "minimum"',
                'mode = "minimum"\n\n[plan]\nkind = "taper"\n\n[[plan.stage]]\nfrom_day = 2\ndaily = "50 %"',
            )
        ],
        'plan: a table is refused; accepted: no plan with mode = "minimum", which is one rate',
    ),
    (
        "a plan without a kind",
        example("taper"),
        [('kind = "taper"\n', "")],
        'plan.kind: (missing) is refused; accepted: one of "taper", "titration"',
    ),
    (
        "a plan of another kind",
        example("taper"),
        [('kind = "taper"', 'kind = "weaning"')],
        'plan.kind: \'weaning\' is refused; accepted: one of "taper", "titration"',
    ),
    (
        "a plan without stages",
        example("taper"),
        [(from_first(example("taper"), "[[plan.stage]]"), "")],
        "plan.stage: (missing) is refused; accepted: 1 to 23 tables [[plan.stage]]",
    ),
    (
        "a stage on day 1",
        example("taper"),
        [("from_day = 8", "from_day = 1")],
        "plan.stage[1].from_day: 1 is refused; accepted: a whole number from 2 to 366, without quotes",
    ),
    (
        "a stage on the day of another",
        example("taper"),
        [("from_day = 15", "from_day = 8")],
        "plan.stage[2].from_day: 8 is refused; accepted: a day after day 8, with which the stage before begins",
    ),
    (
        "a stage after a year",
        example("taper"),
        [("from_day = 43", "from_day = 367")],
        "plan.stage[6].from_day: 367 is refused; accepted: a whole number from 2 to 366, without quotes",
    ),
    (
        "a stage in quotes",
        example("taper"),
        [("from_day = 8", 'from_day = "8"')],
        "plan.stage[1].from_day: '8' is refused; accepted: a whole number from 2 to 366, without quotes",
    ),
    (
        "a stage without a dose",
        example("taper"),
        [('daily = "80 %"\n', "")],
        ("plan.stage[1].daily: (missing) is refused; accepted: " + DAILY),
    ),
    (
        "a stage per hour",
        example("taper"),
        [('daily = "80 %"', 'daily = "10 ug/h"')],
        ("plan.stage[1].daily: '10 ug/h' is refused; accepted: " + DAILY + ", above 0"),
    ),
    (
        "a stage without a unit",
        example("taper"),
        [('daily = "80 %"', "daily = 80")],
        ("plan.stage[1].daily: 80 is refused; accepted: " + DAILY + ", above 0"),
    ),
    (
        "a taper that stays",
        example("taper"),
        [('daily = "60 %"', 'daily = "80 %"')],
        (
            "plan.stage[2].daily: '80 %' is refused; accepted: below 80 % = 240 ug/day of the stage "
            "before it: a taper falls with every stage"
        ),
    ),
    (
        "a taper that rises",
        example("taper"),
        [('daily = "60 %"', 'daily = "250 ug/day"')],
        (
            "plan.stage[2].daily: '250 ug/day' is refused; accepted: below 80 % = 240 ug/day of the stage"
            " before it: a taper falls with every stage"
        ),
    ),
    (
        "a taper that begins with nothing",
        example("taper"),
        [('daily = "80 %"', 'daily = "0 %"')],
        ("plan.stage[1].daily: '0 %' is refused; accepted: " + DAILY + ", above 0"),
    ),
    (
        "a titration that falls",
        example("titration"),
        [('daily = "140 ug/day"', 'daily = "119 ug/day"')],
        (
            "plan.stage[2].daily: '119 ug/day' is refused; accepted: above 120 % = 120 ug/day of the "
            "stage before it: a titration rises with every stage"
        ),
    ),
    (
        "a titration that stays",
        example("titration"),
        [('daily = "120 ug/day"', 'daily = "100 %"')],
        (
            "plan.stage[1].daily: '100 %' is refused; accepted: above 100 % = 100 ug/day of the stage "
            "before it: a titration rises with every stage"
        ),
    ),
    (
        "a titration to nothing",
        example("titration"),
        [('daily = "220 ug/day"', 'daily = "0 ug/day"')],
        ("plan.stage[5].daily: '0 ug/day' is refused; accepted: " + DAILY + ", above 0"),
    ),
    (
        "24 stages",
        example("taper"),
        [(from_first(example("taper"), "[[plan.stage]]"), stages(24))],
        "plan.stage: 24 tables is refused; accepted: 1 to 23 tables [[plan.stage]]",
    ),
    (
        "12 stages with weekends",
        example("weekend"),
        [("[limits]", '[plan]\nkind = "taper"\n' + stages(12) + "\n[limits]")],
        (
            "plan.stage: 26 day patterns with 117 rows in all is refused; accepted: at most 24 patterns "
            "and 192 rows: fewer stages, or fewer steps of the day"
        ),
    ),
    (
        "five stages of 48 steps",
        example("forty-eight-steps"),
        [("[basal]", '[plan]\nkind = "taper"\n' + stages(4) + "\n[basal]")],
        (
            "plan.stage: 5 day patterns with 240 rows in all is refused; accepted: at most 24 patterns "
            "and 192 rows: fewer stages, or fewer steps of the day"
        ),
    ),
    (
        "a stage that no denominator holds",
        example("titration"),
        [('daily = "120 ug/day"', 'daily = "120.0000007 ug/day"')],
        (
            "plan.stage[1].daily: '201600001176/8674375' microsteps is refused; accepted: "
            + REPRESENTABLE
            + (" (here 8674375): use fewer decimals or a rounder concentration, or a share of the first day in %")
        ),
    ),
    (
        "a misspelt stage",
        example("taper"),
        [("from_day = 8", "form_day = 8")],
        (
            "plan.stage[1].from_day: (missing) is refused; accepted: a whole number from 2 to 366, "
            'without quotes (found "form_day": is from_day meant?)'
        ),
    ),
]


@pytest.mark.req("D-01")
@pytest.mark.parametrize("text, changes, message", [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_is_refused_in_these_words(text: str, changes: list[tuple[str, str]], message: str, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        plan(changed(text, *changes), tmp_path)
    assert str(caught.value) == f"rx.toml: {message}"
