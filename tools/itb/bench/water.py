"""Water on a scale: its density, and the volume that a reading stands for."""

from fractions import Fraction

from itb.errors import InputError
from itb.quantity import MASS_RATE, TEMPERATURE, parse

COLDEST_C, WARMEST_C = 5, 40
# Air at 20 degC, 101.3 kPa and 50 % humidity; steel weights, by convention (OIML R 111).
AIR_KG_M3 = 1.2
WEIGHTS_KG_M3 = 8000.0


def density_kg_m3(temperature_c: float) -> float:
    """Density of clean water at 101.325 kPa, 0 to 40 degC.

    Tanaka et al., Recommended table for the density of water between 0 degC and 40 degC, Metrologia 38 (2001) 301.
    """
    squared = (temperature_c - 3.983035) ** 2
    return 999.974950 * (1 - squared * (temperature_c + 301.797) / (522528.9 * (temperature_c + 69.34881)))


def nl_per_mg(temperature_c: float) -> float:
    """Volume of the water that a scale shows as 1 mg, in nL.

    This is the factor Z of ISO 8655-6 (1.0029 uL/mg at 20 degC). It holds the buoyancy of the water in air, which makes
    it 0.1 % more than the density alone does.
    """
    return 1e6 * (1 - AIR_KG_M3 / WEIGHTS_KG_M3) / (density_kg_m3(temperature_c) - AIR_KG_M3)


def temperature_of(text: str, field: str = "--temperature") -> float:
    """A temperature of the water in degC. Raises InputError outside of 5 to 40 degC."""
    temperature = parse(field, text, TEMPERATURE)
    if not COLDEST_C <= temperature <= WARMEST_C:
        raise InputError(field, repr(text), f"{TEMPERATURE.accepted()}, from {COLDEST_C} C up to {WARMEST_C} C")
    return float(temperature)


def evaporation_of(text: str | None, field: str = "--evaporation") -> Fraction:
    """What evaporates from the vessel on the scale, in mg/h; 0 if nothing is said. Raises InputError."""
    return parse(field, text, MASS_RATE, zero=True) if text is not None else Fraction(0)
