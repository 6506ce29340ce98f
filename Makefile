# The commands of this file never change their meaning; docs/architecture.md lists them.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup run test test-full check format lock bench assets

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing Alquimista (a minute or two the first time)…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

run: setup
	@$(BIN)/alquimista up --demo

test: setup check
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not load" $(ARGS)

test-full: setup check
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

lock:
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  --all-extras --group dev pyproject.toml --output-file requirements.lock
