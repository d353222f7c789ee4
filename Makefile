# Two commands do everything on a machine that has Python 3.11 or later and make:
#   make gate   sets up and runs the shipped scenarios through both engines, ends with the verdict
#   make test   sets up and runs the tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: gate test mutants spot nightly check lint types imports

gate: $(VENV)/.installed
	$(BIN)/shadow gate

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Changes both engines in every small way and says which changes nobody notices: half an hour where
# an engine changed, minutes where a scenario came.
mutants: $(VENV)/.installed
	$(BIN)/shadow mutate --write

# Tries some of those changes again, and holds what comes of them against scenarios/mutants.lock.
spot: $(VENV)/.installed
	$(BIN)/shadow mutate --spot 60

# The laws, a hundred times as often, over a million generated invoices: some ten minutes.
nightly: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --hypothesis-profile=nightly tests/brain tests/fixtures

check: lint types imports

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.installed
