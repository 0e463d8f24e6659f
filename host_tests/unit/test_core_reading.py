"""What came as JSON is read in the right shape, or refused by the name of the field."""

import pytest

from pump.core.reading import mapping, sequence, text
from unit.builders import refusal


@pytest.mark.req("D-01")
def test_a_mapping_of_exactly_its_keys_is_taken_whatever_their_order() -> None:
    source = {"b": 1, "a": None}
    assert mapping("thing", source, ("a", "b")) is source


@pytest.mark.req("D-01")
@pytest.mark.parametrize("value", [None, [], "a", 3, ("a", "b")])
def test_what_is_no_mapping_is_refused(value: object) -> None:
    assert refusal(lambda: mapping("thing", value, ("a", "b"))) == ("thing", value, "a mapping of a, b")


@pytest.mark.req("D-01")
def test_every_key_is_required_and_no_other_is_taken() -> None:
    assert refusal(lambda: mapping("thing", {"a": 1}, ("a", "b"))) == (
        "thing.b",
        "nothing",
        "this field is required",
    )
    assert refusal(lambda: mapping("thing", {"a": 1, "c": 2}, ("a",))) == ("thing.c", 2, "only a")


@pytest.mark.req("D-01")
@pytest.mark.parametrize("value, taken", [([], False), ([1], True), ([1, 2], True), ([1, 2, 3], False)])
def test_a_list_has_so_many_items(value: list[int], taken: bool) -> None:
    if taken:
        assert sequence("row", value, 1, 2) is value
    else:
        assert refusal(lambda: sequence("row", value, 1, 2)) == ("row", value, "a list of 1 to 2 items")


@pytest.mark.req("D-01")
@pytest.mark.parametrize("value", [None, (1, 2), "ab", {1: 2}, 7])
def test_what_is_no_list_is_refused(value: object) -> None:
    assert refusal(lambda: sequence("row", value, 1, 2)) == ("row", value, "a list of 1 to 2 items")


@pytest.mark.req("D-01")
def test_text_is_text_and_may_be_empty() -> None:
    assert [text("who", value, "a name") for value in ("", "board")] == ["", "board"]
    for value in (None, 7, ["board"], b"board"):
        assert refusal(lambda value=value: text("who", value, "a name")) == ("who", value, "a name")
