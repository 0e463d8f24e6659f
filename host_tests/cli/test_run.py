"""`itb run`: the real firmware in the real VM, and an account that balances or says why not."""

import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from vcd.reader import TokenKind, tokenize

from itb import BENCH_ONLY
from itb.cli import app
from prescriptions import changed

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FLEX_DAY = EXAMPLES / "flex-day.toml"
CONTINUOUS = (EXAMPLES / "continuous.toml").read_text(encoding="utf-8")


def itb_run(rx: Path, *options: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["run", str(rx), *options])
    assert result.exit_code == status, result.output
    return result.stdout


def run_facts(rx: Path, *options: str, status: int = 0) -> dict[str, Any]:
    return json.loads(itb_run(rx, "--json", *options, status=status))


def faults(directory: Path, kind: str, *more: str) -> Path:
    path = directory / "faults.toml"
    path.write_text("\n".join(["[[fault]]", f'kind = "{kind}"', *more]), encoding="utf-8")
    return path


def with_fill(directory: Path, fill: str) -> Path:
    path = directory / "little.toml"
    path.write_text(f'{CONTINUOUS}\n[reservoir]\nfill = "{fill}"\n', encoding="utf-8")
    return path


@pytest.mark.req("D-08", "M-01", "R-01")
def test_the_flex_day_balances_on_the_vm() -> None:
    told = run_facts(FLEX_DAY, "--days", "1")
    assert told["balanced"]
    assert told["ended"] == "done"
    assert told["simulated_ms"] == 86_400_000
    assert told["ledger_ug"] == pytest.approx(390, abs=0.05)
    assert told["edges"] == told["ledger_steps"] == told["motor_steps"] <= told["ordered_steps"]
    assert [bolus["outcome"] for bolus in told["boluses"]] == ["given", "given"]
    assert told["alarms"] == []
    assert all(check["ok"] for check in told["checks"])


@pytest.mark.parametrize("rx", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_runs_and_balances(rx: Path) -> None:
    assert run_facts(rx, "--days", "1", "--slice", "30 s", "--confirm-soft")["balanced"]


def test_all_engines_give_the_same_account() -> None:
    vm, wasm, cpython = (run_facts(FLEX_DAY, "--days", "0.4", "--engine", name) for name in ("vm", "wasm", "cpython"))
    for other in (wasm, cpython):
        assert {**other, "catheter_ml": None, "heap": None} == {**vm, "catheter_ml": None, "heap": None}
        assert other["catheter_ml"] == pytest.approx(vm["catheter_ml"], abs=2e-6)


@pytest.mark.req("M-10")
def test_slices_and_seeds_change_no_total() -> None:
    reference = run_facts(FLEX_DAY, "--days", "0.5")["ordered_steps"]
    for options in (("--slice", "1 s"), ("--slice", "5 min"), ("--seed", "77")):
        assert run_facts(FLEX_DAY, "--days", "0.5", *options)["ordered_steps"] == reference


@pytest.mark.req("M-03")
def test_a_stall_halts_and_does_not_balance(tmp_path: Path) -> None:
    told = run_facts(FLEX_DAY, "--faults", str(faults(tmp_path, "stall", 'at = "11 h"')), status=1)
    assert told["state"] == "halted"
    assert [alarm["name"] for alarm in told["alarms"]] == ["motor_stall"]
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["motor"]
    assert 0 < told["ledger_steps"] - told["motor_steps"] <= 32


def test_slip_that_nothing_on_the_pump_can_see_does_not_balance(tmp_path: Path) -> None:
    slip = faults(tmp_path, "slip", 'at = "1 h"', 'for = "1 h"', 'amount = "10 %"')
    told = run_facts(FLEX_DAY, "--days", "0.25", "--faults", str(slip), status=1)
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["motor"]


def with_bolus(directory: Path, at: str) -> Path:
    path = directory / "bolus.toml"
    path.write_text(f'{CONTINUOUS}\n[[bolus]]\nat = "{at}"\ndose = "20 ug"\nover = "20 min"\n', encoding="utf-8")
    return path


@pytest.mark.req("R-01")
def test_a_bolus_of_midnight_begins_at_the_first_tick_and_the_account_says_so(tmp_path: Path) -> None:
    told = run_facts(with_bolus(tmp_path, "00:00"), "--days", "0.01")
    assert told["balanced"]
    assert [(bolus["outcome"], bolus["prescribed_ms"], bolus["t_ms"]) for bolus in told["boluses"]] == [
        ("running", 0, 10_000)
    ]


@pytest.mark.req("M-10", "R-01")
def test_a_late_tick_around_the_start_of_a_bolus_does_not_unbalance_the_account(tmp_path: Path) -> None:
    late = faults(tmp_path, "late_tick", 'at = "357 min"', 'for = "30 s"', 'amount = "150 s"')
    told = run_facts(with_bolus(tmp_path, "06:00"), "--days", "0.255", "--slice", "1 min", "--faults", str(late))
    assert told["balanced"]
    (bolus,) = told["boluses"]
    assert bolus["t_ms"] - bolus["prescribed_ms"] == 30_000


@pytest.mark.req("D-07")
def test_a_bolus_cut_short_by_a_halt_is_not_called_given(tmp_path: Path) -> None:
    off = faults(tmp_path, "driver_off", 'at = "362 min"')
    told = run_facts(with_bolus(tmp_path, "06:00"), "--days", "0.3", "--faults", str(off))
    (bolus,) = told["boluses"]
    assert bolus["outcome"] == "cut short"
    assert bolus["steps"] == 2305
    assert bolus["ordered_ug"] == pytest.approx(2.7, abs=0.1)


def test_a_tick_so_late_that_a_chip_would_have_reset_is_told(tmp_path: Path) -> None:
    late = faults(tmp_path, "late_tick", 'at = "1 h"', 'for = "1 min"', 'amount = "2 min"')
    told = run_facts(FLEX_DAY, "--days", "0.1", "--faults", str(late), status=1)
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["watchdog"]
    assert told["watchdog_expiries"] >= 1


def test_an_alarm_alone_does_not_unbalance_the_account(tmp_path: Path) -> None:
    told = run_facts(FLEX_DAY, "--faults", str(faults(tmp_path, "occlusion", 'at = "9 h"')))
    assert [alarm["name"] for alarm in told["alarms"]] == ["occlusion"]
    assert told["balanced"]
    assert [bolus["outcome"] for bolus in told["boluses"]] == ["given", "not given"]


@pytest.mark.req("R-03")
def test_until_empty_ends_at_the_residual_volume(tmp_path: Path) -> None:
    told = run_facts(with_fill(tmp_path, "2.2 mL"), "--until-empty", "--slice", "1 min")
    assert told["ended"] == "empty"
    assert told["balanced"]
    assert [alarm["name"] for alarm in told["alarms"]] == ["reservoir_low", "reservoir_empty"]
    assert told["reservoir_ml"] == pytest.approx(0.3, abs=1e-5)
    assert told["reservoir_ml"] >= 0.3


@pytest.mark.req("R-01")
def test_refill_goes_on_after_the_low_alarm(tmp_path: Path) -> None:
    told = run_facts(with_fill(tmp_path, "2.2 mL"), "--days", "3", "--refill", "--slice", "1 min")
    assert told["balanced"]
    assert told["reservoir_ml"] > 2
    low = [alarm for alarm in told["alarms"] if alarm["name"] == "reservoir_low"]
    assert len(low) >= 2
    assert low[0]["until_ms"] is not None


def test_the_waveform_holds_every_confirmed_step(tmp_path: Path) -> None:
    told = run_facts(FLEX_DAY, "--days", "0.1", "--vcd", str(tmp_path / "day.vcd"))
    names: dict[str, str] = {}
    rising: Counter[str] = Counter()
    for token in tokenize(io.BytesIO((tmp_path / "day.vcd").read_bytes())):
        if token.kind is TokenKind.VAR:
            names[token.var.id_code] = token.var.reference
        elif token.kind is TokenKind.CHANGE_SCALAR:
            rising[names[token.scalar_change.id_code]] += token.scalar_change.value == "1"
    assert rising["step"] == told["edges"] > 0
    assert rising["enable"] == 1
    assert rising["dir"] == 1
    assert rising["alarm_high"] == 0


def test_a_plot_is_written_and_its_directory_made(tmp_path: Path) -> None:
    itb_run(FLEX_DAY, "--days", "0.1", "--plot", str(tmp_path / "new" / "day.png"))
    assert (tmp_path / "new" / "day.png").read_bytes().startswith(b"\x89PNG")


def test_the_summary_says_what_was_delivered_and_that_it_balances() -> None:
    text = itb_run(FLEX_DAY, "--days", "1")
    assert text.startswith(BENCH_ONLY)
    for part in ("ordered", "granted", "confirmed", "ledger", "catheter", "Dose per day", "The account balances"):
        assert part in text
    assert "\x1b" not in text


@pytest.mark.req("I-01")
def test_a_fault_at_the_start_shows_the_inhibited_pump_and_what_it_did_not_give(tmp_path: Path) -> None:
    off = faults(tmp_path, "driver_off", 'at = "0 s"')
    told = run_facts(FLEX_DAY, "--faults", str(off), status=1)
    assert told["state"] == "inhibited"
    assert told["ledger_steps"] == told["motor_steps"] == told["ordered_steps"] == 0
    assert [alarm["name"] for alarm in told["alarms"]] == ["self_test_failed"]
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["day total"]
    text = " ".join(itb_run(FLEX_DAY, "--faults", str(off), "--days", "0.01", status=1).split())
    assert "Self-test failed; the pump will not run." in text


def test_the_facts_say_what_was_run_and_what_the_firmware_took() -> None:
    told = run_facts(FLEX_DAY, "--days", "0.01", "--seed", "7", "--slice", "20 s")
    assert told["prescription"] == {"title": "A flex day with two boluses", "file": "flex-day.toml"}
    assert (told["board"], told["slice_ms"], told["seed"], told["findings"]) == ("sim", 20_000, 7, [])
    assert 0 < told["heap"]["start_bytes"] <= told["heap"]["peak_bytes"] < 2 * 192 * 1024
    # With words as long as the chip's it fits the chip's heap, and the bench with it.
    told = run_facts(FLEX_DAY, "--days", "0.01", "--seed", "7", "--slice", "20 s", "--engine", "wasm")
    assert 0 < told["heap"]["start_bytes"] <= told["heap"]["peak_bytes"] < 192 * 1024
    assert told["late_ticks"] == 0
    assert "confirmed_steps" not in told


def test_heap_and_late_ticks_are_shown(tmp_path: Path) -> None:
    late = faults(tmp_path, "late_tick", 'at = "1 min"', 'for = "1 min"', 'amount = "40 ms"')
    text = itb_run(FLEX_DAY, "--days", "0.01", "--faults", str(late))
    assert "bytes of heap" in text
    assert "6 ticks were late." in text


@pytest.mark.parametrize("name", ["stall", "lost-edges"])
def test_a_fault_that_rightly_unbalances_the_account_says_so_in_its_file(name: str) -> None:
    path = EXAMPLES / "faults" / f"{name}.toml"
    told = run_facts(FLEX_DAY, "--faults", str(path), status=1)
    assert [check["name"] for check in told["checks"] if not check["ok"]] == ["motor"]
    assert "does not balance (exit status 1)" in path.read_text(encoding="utf-8").replace("\n# ", " ")


def test_an_unbalanced_account_says_so_in_words(tmp_path: Path) -> None:
    text = itb_run(FLEX_DAY, "--faults", str(faults(tmp_path, "stall", 'at = "1 h"')), "--days", "0.1", status=1)
    assert "THE ACCOUNT DOES NOT BALANCE: motor." in text
    assert "motor stall" in text


@pytest.mark.req("D-02")
def test_a_crossed_soft_limit_must_be_confirmed_and_is_listed_either_way(tmp_path: Path) -> None:
    rx = tmp_path / "high.toml"
    rx.write_text(changed(CONTINUOUS, ('rate = "400 ug/day"', 'rate = "950 ug/day"')), encoding="utf-8")
    refused = CliRunner().invoke(app, ["run", str(rx), "--days", "0.1"])
    assert refused.exit_code == 2
    assert refused.stderr.count("to be confirmed:") >= 1
    assert "--confirm-soft" in refused.stderr
    confirmed = CliRunner().invoke(app, ["run", str(rx), "--days", "0.1", "--confirm-soft", "--json"])
    assert confirmed.exit_code == 0
    assert "confirmed:" in confirmed.stderr
    told = json.loads(confirmed.stdout)
    assert told["balanced"]
    assert [finding["confirmed"] for finding in told["findings"]] == [True] * confirmed.stderr.count("confirmed:")
    assert set(told["findings"][0]) == {"field", "value", "expected", "source", "confirmed"}
