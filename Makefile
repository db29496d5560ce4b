# The commands of this project. Everything is installed into .venv beside this file and nowhere else.
#
#   make demo    run the deal aggregator offline and show its result
#   make test    run the tests
#   make check   what must hold before a change lands: format, lint, types, imports, tests
#
# `make PYTHON=/path/to/python3.12 …` chooses the interpreter of a new .venv.

SHELL := /bin/sh
PYTHON ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input install --no-compile --root-user-action=ignore
CODE := src tests benchmarks conformance examples
WORKERS ?= auto
KILLS ?= 200

.PHONY: help demo test check format format-check lint types imports bench conformance soak lock clean

help:
	@sed -n 's/^#   make/make/p' Makefile

demo: .venv/.run
	PINNACE_HOME="$(CURDIR)/.demo" $(BIN)/python -m pinnace run --world -p count=12 \
	  examples/deal-aggregator/workflow.yaml examples/deal-aggregator/namespace.yaml examples/deal-aggregator/world.yaml

test: .venv/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 $(ARGS)

check: format-check lint types imports test

format: .venv/.dev
	$(BIN)/ruff format $(wildcard $(CODE))
	$(BIN)/ruff check --fix-only --quiet $(wildcard $(CODE))

format-check: .venv/.dev
	$(BIN)/ruff format --check --quiet $(wildcard $(CODE))

lint: .venv/.dev
	$(BIN)/ruff check --quiet $(wildcard $(CODE))
	$(BIN)/codespell $(wildcard $(CODE) *.md docs Makefile)

types: .venv/.dev
	$(BIN)/mypy --no-error-summary

imports: .venv/.dev
	$(BIN)/lint-imports --no-cache

bench: .venv/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# Needs Argo's manifests in ../shared/conformance; ARGS="--only PATTERN --class CLASS" runs some of them.
conformance: .venv/.dev
	$(BIN)/python -m conformance $(ARGS)

# The same tests that `make test` runs with a few kills, with many.
soak: .venv/.dev
	PINNACE_TEST_KILLS=$(KILLS) $(BIN)/python -m pytest -n 0 tests/crashes $(ARGS)
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 tests/properties

# Needs uv. Hashes stand for the files; no address is recorded, so any registry or mirror can serve them.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-header --quiet --extra world

lock:
	$(LOCK) $(ARGS) --group dev --output-file requirements/dev.txt
	$(LOCK) --group build --constraint requirements/dev.txt --no-annotate --output-file requirements/run.txt

clean:
	rm -rf .venv .demo build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# Stamps: they are newer than what they were made from, so that a second call installs nothing.
.venv/.run: .venv/.made requirements/run.txt pyproject.toml
	@echo "Installing what Pinnace needs into .venv"
	@$(PIP) --require-hashes --requirement requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: .venv/.made requirements/dev.txt pyproject.toml
	@echo "Installing what the tests need into .venv"
	@$(PIP) --require-hashes --requirement requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# The newest Python that has what a virtual environment needs; version managers leave names that do not run.
# A .venv that works already is kept: somebody made it, and may be using it.
.venv/.made:
	@if .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  touch $@; exit; \
	fi; \
	for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
	  if "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$("$$python" --version)"; \
	    "$$python" -m venv --clear .venv && touch $@; exit; \
	  fi; \
	done; \
	echo "Pinnace needs Python 3.11 or newer with its venv and ensurepip modules, and found none." >&2; \
	echo "  Install one (on Debian and Ubuntu: python3 and python3-venv), or name one: make PYTHON=/path/to/python3.12" >&2; \
	exit 1
