# The commands of this file never change their meaning: README.md and CONTRIBUTING.md tell what each does.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup run test test-full test-debian check format docs screenshots assets lock bench peers peers-if-possible

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing Alquimista (a minute or two the first time)…"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

run: setup
	@$(BIN)/alquimista up --demo

PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile
# The benchmarks take the whole machine: they run after the other tests, not beside them.
ALONE := $(BIN)/python -m pytest
# What touches the database runs on Debian's PostgreSQL 15 as well: the oldest version that is supported.
DATABASE_TESTS := tests/db tests/migrations tests/isolation tests/usage tests/jobs tests/agents tests/dashboards tests/billing
# squawk on the way up alone: the way down drops things on purpose.
MIGRATION_LINT := tests/db/test_schema_lint.py
DEBIAN := /usr/lib/postgresql/15/bin/initdb

test: setup check peers-if-possible
	@$(PYTEST) -m "not load and not bench" $(ARGS)
	@$(ALONE) -m bench tests/benchmarks
	@$(MAKE) --no-print-directory test-debian

test-full: setup check peers-if-possible
	@$(PYTEST) -m "not bench" $(ARGS)
	@$(ALONE) -m bench tests/benchmarks
	@$(MAKE) --no-print-directory test-debian

test-debian: setup
	@if test -x $(DEBIAN); then TEST_SERVER=debian $(PYTEST) -m "not load" $(DATABASE_TESTS); \
	else echo "PostgreSQL 15 is not installed (apt-get install postgresql): its second run of the database suite was left out."; fi

check: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q $(MIGRATION_LINT)

# The benchmarks, beside the peers and the machine's limits: about half an hour on two cores, alone on the machine.
bench: setup peers
	@$(BIN)/python -m benchmarks $(ARGS)

# What the benchmarks compare with; needs Node, wrk and hey (apt-get install nodejs npm wrk hey).
PEERS := benchmarks/.venv/.installed
peers: $(PEERS)

peers-if-possible:
	@if command -v npm >/dev/null && command -v wrk >/dev/null && command -v hey >/dev/null; then $(MAKE) --no-print-directory peers; \
	else echo "node, wrk and hey are not all installed: the test that runs the benchmarks will be skipped."; fi

$(PEERS): benchmarks/peers/requirements.lock benchmarks/peers/fastify/package-lock.json
	@test -d benchmarks/.venv || $(PYTHON) -m venv benchmarks/.venv
	@echo "Installing the benchmarks' peers…"
	@benchmarks/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/peers/requirements.lock
	@npm ci --prefix benchmarks/peers/fastify --silent --no-audit --no-fund
	@touch $@

format: setup
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

# The pages of docs/ that the code generates, and the schema as one file. Tests compare them.
docs: setup
	@PYTHONPATH=tests $(BIN)/python -m support.reference
	@PYTHONPATH=tests $(BIN)/python -m support.data_model
	@WRITE_SCHEMA=1 $(BIN)/python -m pytest -q tests/migrations/test_chain.py

# The pictures of README.md and of the guide, from the demo; needs Chromium. ARGS="overview plan" takes only these.
screenshots: setup
	@PYTHONPATH=tests $(BIN)/python -m support.screenshots $(ARGS)
	@$(MAKE) --no-print-directory assets

# Rebuilds the browser assets after a change in frontend/, a template or a page; needs no Node on the machine.
# Where there is one, `npm --prefix frontend run watch` rebuilds at every save (restart the server to see it).
assets: setup
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .

UV_LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

lock:
	@$(BIN)/$(UV_LOCK) --all-extras --group dev pyproject.toml --output-file requirements.lock
	@$(BIN)/$(UV_LOCK) benchmarks/peers/requirements.in --output-file benchmarks/peers/requirements.lock
