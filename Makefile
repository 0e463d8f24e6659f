# The front door. `make` says what there is; each target first sets up what it needs, and does so only once.

PYTHON ?= python3
WORKERS ?= 2
BOARD ?= sim

BIN := .venv/bin
RUN_READY := .venv/run.stamp
DEV_READY := .venv/dev.stamp
STUBS_READY := build/stubs/rp2.stamp build/stubs/esp32.stamp
PIP := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check trace bench torture chip mutate flash size board lock clean

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(RUN_READY)  ## Run a day of therapy on the simulated bench, and draw it
	@mkdir -p build/demo
	$(BIN)/itb run examples/flex-day.toml --days 1 --plot build/demo/day.png
	@echo "The picture of the day: build/demo/day.png"

test: $(DEV_READY)  ## Run all tests; therapy, safety, motion and memory must be covered to the last branch
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup --cov --cov-report term

check: $(DEV_READY) $(STUBS_READY)  ## Check style, types, imports, the firmware's language and the lock files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m itb.boards.board sim
	$(BIN)/basedpyright
	$(BIN)/basedpyright --project tools/pyright/rp2.json
	$(BIN)/basedpyright --project tools/pyright/esp32.json
	PYTHONPATH=device:tools $(BIN)/lint-imports --no-logo
	$(BIN)/python -m checks.language
	$(BIN)/python -m checks.locks

trace: $(DEV_READY)  ## Print which tests prove which requirement; fail on a held one that none proves
	$(BIN)/python -m checks.trace

bench: $(DEV_READY)  ## Measure speed, cost of a tick, memory, size, and the chip (YEARS=1: also the seven years of the goal)
	$(BIN)/python -m itb.sim.measure $(if $(YEARS),--years)
	PYTHONPATH=device:tools $(BIN)/python -m chip.report

torture: $(RUN_READY)  ## Cut the power at every flash operation of every story, in every way (SHORT=1 for a sample)
	$(BIN)/python -m itb.sim.torture $(if $(SHORT),--short)
	$(BIN)/python -m itb.sim.months $(if $(SHORT),--restarts 500 --on-flash 100)

chip: $(DEV_READY)  ## Flash an emulated Pico, run the firmware on it and measure it there (MINUTES=n of flex too; FIRMWARE=file for another MicroPython)
	CHIP=1 $(BIN)/pytest -q host_tests/chip/test_deploy.py host_tests/chip/test_on_a_chip.py -k "not short_life"
	PYTHONPATH=device:tools $(BIN)/python -m chip.report $(if $(MINUTES),--minutes $(MINUTES))

mutate: $(DEV_READY)  ## Mutate therapy, safety and memory and see whether a test notices (ONLY='pump.safety.guard.*' for less)
	rm -rf build/mutate && mkdir -p build/mutate
	cp -R tools host_tests board_configs drugs examples docs pyproject.toml build/mutate && cp -R device build/mutate/src
	cd build/mutate && ../../$(BIN)/mutmut run $(if $(ONLY),'$(ONLY)') && ../../$(BIN)/mutmut results

flash: $(RUN_READY)  ## Put the firmware on a board and read its self-test back (BOARD=name, PORT=port, VERIFY=1 to compare, FORGET=1)
	$(BIN)/itb flash --board $(BOARD) $(if $(PORT),--port $(PORT)) $(if $(VERIFY),--verify) $(if $(FORGET),--forget)

size: $(RUN_READY)  ## Show what the firmware takes on a board, by room (BOARD=name for another)
	$(BIN)/python -m itb.flash.size $(BOARD)

board: $(RUN_READY)  ## Generate build/sim/board.py from its board file (BOARD=name for another)
	$(BIN)/python -m itb.boards.board $(BOARD)

LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: $(DEV_READY)  ## Lock the newest versions of all packages, with hashes
	$(LOCK) pyproject.toml --group build --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(LOCK) --group stubs-rp2 --output-file requirements/stubs-rp2.txt
	$(LOCK) --group stubs-esp32 --output-file requirements/stubs-esp32.txt
	$(BIN)/python -m checks.locks

clean:  ## Remove everything that was made, the virtual environment too
	rm -rf .venv build tools/itb.egg-info .coverage .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find device tools host_tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The virtual environment. Its packages are exactly those of the lock, hashes checked; this project itself is linked in.
.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	    echo "Python 3.10 or newer is needed; '$(PYTHON)' is missing or older. Name another: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	    echo "Python's venv and ensurepip are needed. On Debian and Ubuntu they are in the package python3-venv."; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

$(RUN_READY): requirements/run.txt pyproject.toml .venv/made.stamp
	$(PIP) install --quiet --require-hashes -r requirements/run.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV_READY): requirements/dev.txt $(RUN_READY)
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

# The stubs of both chips install the same modules, so each set has a directory of its own, outside the environment.
build/stubs/%.stamp: requirements/stubs-%.txt .venv/made.stamp
	rm -rf build/stubs/$*
	$(PIP) install --quiet --require-hashes --no-deps --target build/stubs/$* -r $<
	@touch $@
