"""Water on a scale: density and the volume of a reading, against published tables; temperatures and losses as text."""

from fractions import Fraction

import pytest

from itb.bench.water import density_kg_m3, evaporation_of, nl_per_mg, temperature_of
from itb.errors import InputError


@pytest.mark.parametrize(
    "temperature_c, expected",
    # CRC Handbook of Chemistry and Physics, density of water; another formula than ours (IAPWS-95).
    [(5, 999.9668), (10, 999.7027), (15, 999.1026), (20, 998.2071), (25, 997.0479), (30, 995.6502), (40, 992.2187)],
)
def test_the_density_is_that_of_the_tables(temperature_c: float, expected: float) -> None:
    assert density_kg_m3(temperature_c) == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize(
    "temperature_c, expected",
    # The Z factors of ISO 8655-6 at 101.3 kPa, uL/mg.
    [(20.0, 1.0029), (20.5, 1.0030), (21.0, 1.0031), (22.0, 1.0033), (23.5, 1.0037)],
)
def test_the_volume_of_a_reading_is_that_of_the_pipette_standard(temperature_c: float, expected: float) -> None:
    assert nl_per_mg(temperature_c) / 1000 == pytest.approx(expected, abs=0.0001)


def test_buoyancy_makes_a_tenth_of_a_percent() -> None:
    assert nl_per_mg(20) * density_kg_m3(20) / 1e6 == pytest.approx(1.00105, abs=0.00001)


@pytest.mark.parametrize("text, expected", [("20 C", 20), ("21.5 degC", 21.5), ("5 °C", 5), ("40 C", 40)])
def test_a_temperature_is_read(text: str, expected: float) -> None:
    assert temperature_of(text) == expected


@pytest.mark.parametrize("text", ["20", "4.9 C", "40.1 C", "68 F", "293 K", "-1 C", "", "nan C"])
def test_a_temperature_without_unit_or_where_no_bench_is_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        temperature_of(text)
    assert caught.value.field == "--temperature"
    assert '"20 C"' in caught.value.accepted


def test_evaporation_is_a_mass_in_a_time_and_none_by_default() -> None:
    assert evaporation_of("1.2 mg/h") == Fraction(6, 5)
    assert evaporation_of("0 mg/h") == 0
    assert evaporation_of(None) == 0
    for bad in ("1.2", "1.2 mg", "1.2 mL/h"):
        with pytest.raises(InputError, match="--evaporation"):
            evaporation_of(bad)
