# Everything a developer of machgen types. `make demo` needs Python 3.11+, make and git; CONTRIBUTING.md says what `make test` can use besides.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# an empty value is no value: the suites start hundreds of interpreters, and compiling each time costs minutes
export PYTHONDONTWRITEBYTECODE :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1

lock_hash = $(shell cat $(1) 2>/dev/null | $(PYTHON) -c 'import hashlib,sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest()[:16])')
SETUP := $(VENV)/.installed-$(call lock_hash,requirements/dev.txt pyproject.toml)

.PHONY: help setup tools validators services demo test lint format types unit e2e templates bench soak lock docs clean

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(SETUP) ## make the environment

$(SETUP): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("machgen needs Python 3.11 or newer; say PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	sed '/^uv==/,/[^\\]$$/!d' requirements/dev.txt > $(VENV)/uv.txt
	$(BIN)/pip install -qq --require-hashes -r $(VENV)/uv.txt
	sh tools/install.sh $(BIN)/python requirements/dev.txt
	$(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	rm -f $(VENV)/.installed-* && touch $@

demo: setup ## generate a catalog, a portal and a shop, start them, and play one story of buying
	@$(BIN)/python -m tools.demo

lint: setup ## ruff and mypy, for the tool and for the template code where it stands
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/ruff check --config tools/template-ruff.toml templates
	$(BIN)/ruff format --check --config tools/template-ruff.toml templates
	$(BIN)/mypy

tools: validators services ## install the independent validators and the generated services' environment

validators: setup
	MACHGEN_PYTHON="$(abspath $(BIN))/python" sh tests/templates/validators/install.sh

services: setup
	sh tests/templates/environment.sh "$(abspath $(BIN))/python"

# three processes on two cores: a third of what they do is to wait, for a database, a limit or an answer
test: ## everything: lint, types, unit, end to end, generated services, validators
	$(MAKE) --no-print-directory --jobs=3 lint tools
	$(BIN)/python -m pytest -n 3 --dist loadgroup

unit: setup ## the quick tests only
	$(BIN)/python -m pytest -n 2 tests/unit tests/semantics

e2e: setup ## real processes: crashes, races, disks, terminals
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests/e2e

templates: tools ## the built-in templates: parity, validators, the generated projects' own tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests/templates

soak: tools ## the long runs: more examples, more rounds
	MACHGEN_PYTHON="$(abspath $(BIN))/python" sh tests/templates/validators/install.sh --soak
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest --soak

bench: setup ## measure machgen and the services it makes beside their peers, alternating in one run
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.reads
	$(BIN)/python -m tests.benchmarks.overview
	$(BIN)/python -m tests.benchmarks.imports
	$(BIN)/python -m tests.benchmarks.buying

lock: setup ## pin what the .in files and pyproject.toml ask for; UPGRADE=1 takes the newest
	$(BIN)/python tools/lock.py $(if $(UPGRADE),--upgrade)

docs: setup ## write the generated reference pages again
	$(BIN)/python tools/reference.py
	$(BIN)/python tools/consoles.py --write

clean: ## remove the environments and everything that was built
	rm -rf $(VENV) .tools build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
