"""The contracts of the hardware: each says who may call it, and none is implemented by accident."""

import inspect
from collections.abc import Callable

import pytest

from pump.core import ports

PORTS = [each for _, each in inspect.getmembers(ports, inspect.isclass)]
METHODS = [
    pytest.param(port, method, id=f"{port.__name__}.{method.__name__}")
    for port in PORTS
    for _, method in inspect.getmembers(port, inspect.isfunction)
]


def test_every_port_has_a_contract() -> None:
    names = {"Clock", "StepPort", "EdgeCounter", "DeadMan", "DigitalIO", "Sensor", "Nvm", "Link", "Watchdog", "Sounder"}
    names.add("WallClock")
    assert names <= {port.__name__ for port in PORTS}


@pytest.mark.parametrize("port, method", METHODS)
def test_every_method_says_which_context_may_call_it(port: type, method: Callable[..., object]) -> None:
    assert port.__doc__
    assert (method.__doc__ or "").startswith(("*tick.*", "*loop.*", "*tick, loop.*"))


@pytest.mark.parametrize("port, method", METHODS)
def test_a_method_that_no_hardware_implements_says_so(port: type, method: Callable[..., object]) -> None:
    arguments = [None] * (len(inspect.signature(method).parameters) - 1)
    with pytest.raises(NotImplementedError):
        method(port(), *arguments)
