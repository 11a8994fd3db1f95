# `make` prints what there is. Every target sets up what it needs.

PYTHON ?= python3

VENV   := .venv
BIN    := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --quiet

# These packages decide what is an alert: no line and no branch of them goes untested.
FULLY_COVERED := fields language ruleset engine

export PIP_DISABLE_PIP_VERSION_CHECK := 1

empty :=
comma := ,
space := $(empty) $(empty)

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(READY) ## set up .venv (the targets below do so by themselves)

.PHONY: run
run: $(READY) ## scan a recorded incident and print its alerts
	@$(BIN)/lanner scan --summary tests/events/incident.jsonl

.PHONY: test
test: $(READY) ## run the tests with coverage
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage report
	@echo "100 % of $(FULLY_COVERED):"
	@$(BIN)/coverage report --fail-under=100 \
	  --include='$(subst $(space),$(comma),$(FULLY_COVERED:%=shared/lanner/%/*))'

.PHONY: lint
lint: $(READY) ## check style, types, layers and generated docs
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --output-format concise
	@$(BIN)/mypy
	@$(call quietly,$(BIN)/lint-imports --no-logo)
	@$(MAKE) --no-print-directory docs-check

.PHONY: format
format: $(READY) ## format the code and mend what can be mended
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

.PHONY: bench
bench: $(READY) ## measure what an event costs; takes a while (OPTIONS=--quick, OPTIONS=--help)
	@PYTHONPATH=tests $(BIN)/python -m bench $(OPTIONS)

.PHONY: docs
docs: $(READY) ## regenerate docs/fields.md
	@mkdir -p docs
	@$(BIN)/lanner fields --format markdown > $(VENV)/fields.md
	@mv $(VENV)/fields.md docs/fields.md

.PHONY: docs-check
docs-check: $(READY)
	@$(BIN)/lanner fields --format markdown | diff -u docs/fields.md - \
	  || { echo "docs/fields.md is out of date: run 'make docs'"; exit 1; }

.PHONY: lock
lock: .venv-lock/.ready ## re-lock all requirements (UPGRADE=1 lifts every pin)
	@$(call locked,3.11,requirements/run)
	@$(call locked,3.11,requirements/dev)
	@for function in functions/*/requirements.in; do $(call locked,3.13,$${function%.in}); done

.PHONY: clean
clean: ## remove everything that make made
	@rm -rf .venv .venv-lock .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What a command prints is of interest only when it fails.
quietly = out=$$($(1) 2>&1) || { echo "$$out"; exit 1; }

define check_python
command -v "$(PYTHON)" >/dev/null \
  || { echo "'$(PYTHON)' not found: install Python 3.11 or newer, or say 'make PYTHON=/path/to/python3'" >&2; exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo "Lanner needs Python 3.11 or newer and '$(PYTHON)' is $$("$(PYTHON)" --version 2>&1):" \
            "say 'make PYTHON=/path/to/python3'" >&2; exit 1; }; \
"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
  || { echo "'$(PYTHON)' has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
endef

# Two stamps: a change of the lock starts from an empty environment, so that nothing unlocked lingers; a change of
# pyproject.toml only reinstalls the package, which needs no network.
$(LOCKED): requirements/dev.txt
	@$(check_python)
	@echo "setting up $(VENV) (once)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(call quietly,$(BIN)/python -m pip check)
	@touch $@

# One lock for all systems and processors, with hashes and without the name of any registry.
locked = .venv-lock/bin/uv pip compile --quiet --universal --python-version $(1) --generate-hashes --no-annotate \
  --custom-compile-command "make lock" --no-emit-index-url $(if $(UPGRADE),--upgrade) $(2).in --output-file $(2).txt

.venv-lock/.ready:
	@$(check_python)
	@echo "setting up .venv-lock (once)"
	@"$(PYTHON)" -m venv --clear .venv-lock
	@.venv-lock/bin/python -m pip --quiet install 'uv>=0.11,<1'
	@touch $@
