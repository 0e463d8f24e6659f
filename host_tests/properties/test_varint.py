"""Packed numbers come back as they were, and nothing else comes back at all."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pump.core.units import SMALL_MAX
from pump.core.varint import packed, unpacked

numbers = st.lists(st.integers(0, SMALL_MAX) | st.integers(0, 300))


@given(numbers=numbers)
def test_what_was_packed_comes_back(numbers: list[int]) -> None:
    assert list(unpacked(packed(numbers))) == numbers


@given(numbers=numbers)
def test_a_number_takes_a_byte_for_each_seven_bits(numbers: list[int]) -> None:
    assert len(packed(numbers)) == sum(max(1, -(-number.bit_length() // 7)) for number in numbers)


@given(data=st.binary(max_size=30))
def test_of_any_bytes_come_the_numbers_that_pack_to_them_or_a_complaint(data: bytes) -> None:
    found = []
    with suppress(ValueError):
        found = list(unpacked(data))
    assert not found or bytes(packed(found)) == data


@pytest.mark.parametrize("data", [b"\x80", b"\x01\xff", b"\x80\x00", b"\x80\x80\x80\x80\x04", b"\xff" * 5 + b"\x01"])
def test_what_was_never_packed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="varint: a number"):
        list(unpacked(data))


@pytest.mark.parametrize("number", [-1, SMALL_MAX + 1])
def test_only_30_bits_are_packed(number: int) -> None:
    with pytest.raises(ValueError, match=f"varint: {number}; accepted: 0..1073741823"):
        packed([1, number])
