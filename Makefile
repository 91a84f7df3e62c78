# One door for people and for CI. Everything works on a fresh clone with Python 3.11 or 3.12, git and make.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

# The newest Python that the locked wheels exist for; override with `make PYTHON=/path/to/python setup`.
# Looked for when it is asked for, once.
PYTHON ?= $(eval PYTHON := $(shell for name in python3.12 python3.11 python3 python; do \
	command -v $$name >/dev/null && $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	&& { echo $$name; break; }; done 2>/dev/null))$(PYTHON)
BIN := .venv/bin
# The same examples are drawn for the same seed: `make test SEED=7` looks elsewhere.
SEED ?= 1
# More words for pytest: `make test ARGS="tests/domain -x"`.
ARGS ?=
# Processes that share the tests out among them, whole files at a time; `make test JOBS=0` is one after the other.
JOBS ?= 2
UV ?= uv
LOCK = UV_CUSTOM_COMPILE_COMMAND='make lock' $(UV) pip compile --quiet --universal --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --generate-hashes

PYTEST = $(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadfile --no-loadscope-reorder --hypothesis-seed=$(SEED)
# The tests start hundreds of processes, and without bytecode on the disk each would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE
LONG = tests/browser tests/gitant/network tests/namespaces tests/soak

.PHONY: help setup serve test long check format bench demo soak fuzz mutants screenshots lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: .venv/.installed ## .venv with everything that is shipped and everything to work on it, from the lock

# Redone when the lock changes, and only then.
.venv/.locked: requirements/dev.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "Gitant needs Python 3.11 or 3.12, and none is on PATH. Install one, or: make PYTHON=/path/to/python3.11 setup" >&2; \
		exit 1; fi
	@git --version 2>/dev/null | awk '{ split($$3, v, "."); exit !(v[1] > 2 || (v[1] == 2 && v[2] >= 38)) }' || { \
		echo "Gitant needs git 2.38 or newer on PATH; found: $$(git --version 2>/dev/null || echo none)" >&2; exit 1; }
	@echo "setting up .venv: one to three minutes, once" >&2
	@[ -x $(BIN)/python ] && $(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv || { \
		echo "python -m venv failed; on Debian and Ubuntu it is in the package python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

serve: setup ## a node in the foreground; GITANT_HOST, GITANT_PORT and GITANT_DATA_DIR say where
	@exec $(BIN)/gitant serve

TESTED = $(if $(ARGS),$(ARGS),$(LONG:%=--ignore=%))

test: BESIDE = $(PYTEST) --collect-only --quiet $(TESTED) >/dev/null 2>&1 || true
test: check ## the checks, then every test that takes no long run of real nodes or browsers
	@$(PYTEST) $(TESTED)

long: setup ## the long runs, bounded: kills, power cuts, backups, networks of real nodes, the pages in a browser
	@$(PYTEST) $(LONG) $(ARGS)

# Either type checker keeps one core busy. Beside the slower one, the tests that come next are found once: what has been
# compiled then need not be compiled by each process of theirs.
BESIDE = true

check: setup ## lint, format, types (mypy and pyright), import rule
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "unformatted files; run: make format" >&2; exit 1; }
	@$(BIN)/lint-imports --no-cache >.venv/.imports 2>&1 || { cat .venv/.imports; exit 1; }
	@{ $(BIN)/mypy --no-error-summary && { $(BESIDE); }; } >.venv/.types 2>&1 & mypy=$$!; \
		$(BIN)/pyright --warnings && failed= || failed=yes; \
		wait $$mypy || { cat .venv/.types; failed=yes; }; [ -z "$$failed" ]

format: setup ## put every file into the one format
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

bench: setup ## the benchmarks, side by side with their yardsticks
	@$(BIN)/python -m benchmarks $(ARGS)

demo: setup ## three nodes in throw-away folders, a partition, and how it heals
	@$(BIN)/python -m tests.demo

soak: setup ## 200 rounds of kill -9 under load, power cuts, 50 backups, 22,000 histories, 2,000 networks
	@$(BIN)/python -m tests.soak $(ARGS)

fuzz: setup ## bytes of all sorts at the replication core, for a minute (ARGS="--seconds 600 --seed 2")
	@$(BIN)/python -m tests.replication.fuzzing $(ARGS)

screenshots: setup ## every page in both colours and two widths, as pictures in build/screenshots
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)

mutants: setup ## break authority in every small way, one at a time, and see which tests notice
	@$(BIN)/python -m tests.mutants $(ARGS)

lock: ## resolve the dependencies again (needs uv; upgrade with LOCKARGS=--upgrade)
	@$(LOCK) $(LOCKARGS) -o requirements/run.txt pyproject.toml
	@$(LOCK) $(LOCKARGS) -c requirements/run.txt -o requirements/dev.txt pyproject.toml requirements/dev.in
	@$(LOCK) -c requirements/dev.txt -o requirements/build.txt requirements/build.in

clean: ## forget .venv and every cache
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
