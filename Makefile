# `make` prints what there is. Every target sets up what it needs.

PYTHON ?= python3

VENV   := .venv
BIN    := $(VENV)/bin
LOCKED := $(VENV)/.locked
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --quiet

# What runs beside the project has an environment of its own, with the Python of the Lambda runtime if there is one.
E2E       := .venv-e2e
E2E_READY := $(E2E)/.ready

# What packages are built with: rules files, and packs of the shipped rules; by default the pack `default`.
RULES ?=
PACKS ?=

# Each is checked by itself: two of them are called main.py.
ADAPTERS := $(filter-out functions/package/%,$(wildcard functions/*/*.py))
DEMO  := PYTHONPATH=tests:functions $(BIN)/python -m demo

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
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(READY) ## set up .venv (the targets below do so by themselves)

.PHONY: run
run: $(READY) ## scan a recorded incident and print its alerts
	@$(BIN)/lanner scan --summary tests/events/incident.jsonl

.PHONY: test
test: $(READY) ## run the tests with coverage
	@$(BIN)/coverage run -m pytest --ignore tests/conformance
	@$(BIN)/python -m pytest tests/conformance  # covers nothing more, and takes twice as long if that is measured
	@$(BIN)/coverage report
	@echo "100 % of $(FULLY_COVERED):"
	@$(BIN)/coverage report --fail-under=100 \
	  --include='$(subst $(space),$(comma),$(FULLY_COVERED:%=shared/lanner/%/*))'

.PHONY: test-terraform
test-terraform: $(READY) .venv-checkov/.ready ## run all tests of the Terraform modules and examples
	@$(BIN)/python -m pytest tests/terraform -m "e2e or not e2e"

.PHONY: checkov
checkov: .venv-checkov/.ready ## look for what is known to be unsafe in the Terraform modules
	@.venv-checkov/bin/checkov

.PHONY: e2e
e2e: $(READY) $(E2E_READY) .venv-lock/.ready ## run the end-to-end tests: built packages, emulators; takes a few minutes
	@$(BIN)/python -m pytest -m e2e --ignore tests/e2e/test_apiserver.py --ignore tests/e2e/test_terraform_aws.py \
	  --ignore tests/terraform

.PHONY: e2e-aws
e2e-aws: $(READY) $(E2E_READY) .venv-lock/.ready ## apply a Terraform example to an AWS emulator, with the real provider
	@$(BIN)/python -m pytest -m e2e tests/e2e/test_terraform_aws.py

.PHONY: e2e-apiserver
e2e-apiserver: $(READY) ## run the webhook behind a real API server (built once, with Go; needs etcd)
	@PYTHONPATH=tests $(BIN)/python -m emulators.kube_apiserver
	@$(BIN)/python -m pytest -m e2e tests/e2e/test_apiserver.py

.PHONY: demo-aws
demo-aws: $(READY) $(E2E_READY) .venv-lock/.ready ## show recorded events on their way through AWS, on an emulator
	@$(DEMO) aws

.PHONY: demo-gcp
demo-gcp: $(READY) ## show recorded events on their way through Google Cloud, on an emulator
	@$(DEMO) gcp

.PHONY: demo-webhook
demo-webhook: $(READY) ## show requests of an API server (IBM Cloud) on their way to an ingestion endpoint
	@$(DEMO) webhook

.PHONY: demo-ovh
demo-ovh: $(READY) ## show recorded events on their way through OVHcloud's stream and the container's tail
	@$(DEMO) ovh

.PHONY: package
package: $(READY) .venv-lock/.ready ## build what is deployed into dist/ (PACKS=..., RULES=..., PYTHON=/path/to/python3.13)
	@PYTHONPATH=functions $(BIN)/python -m package dist \
	  --python "$(PYTHON)" --uv .venv-lock/bin/uv $(PACKS:%=--pack %) $(if $(RULES),--rules $(RULES))

.PHONY: lint
lint: $(READY) ## check style, types, layers and generated docs
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --output-format concise
	@$(BIN)/mypy
	@for part in $(ADAPTERS) functions/package; do $(call quietly,$(BIN)/mypy $$part); done
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
docs: $(READY) ## regenerate docs/fields.md, docs/rules.md, docs/evasions.md, and the tables in the READMEs of Terraform modules
	@mkdir -p docs
	@PYTHONPATH=tests $(BIN)/python -m terraform.tables
	@PYTHONPATH=tests $(BIN)/python -m content
	@$(BIN)/lanner fields --format markdown > $(VENV)/fields.md
	@mv $(VENV)/fields.md docs/fields.md

.PHONY: docs-check
docs-check: $(READY)
	@$(BIN)/lanner fields --format markdown | diff -u docs/fields.md - \
	  || { echo "docs/fields.md is out of date: run 'make docs'"; exit 1; }
	@PYTHONPATH=tests $(BIN)/python -m terraform.tables --check
	@PYTHONPATH=tests $(BIN)/python -m content --check

.PHONY: lock
lock: .venv-lock/.ready ## re-lock all requirements (UPGRADE=1 lifts every pin)
	@$(call locked,3.11,requirements/run)
	@$(call locked,3.11,requirements/dev)
	@$(call locked,3.11,requirements/e2e)
	@$(call locked,3.11,requirements/checkov)
	@for function in functions/*/requirements.in; do $(call locked,3.13,$${function%.in}); done

.PHONY: clean
clean: ## remove everything that make made
	@rm -rf .venv .venv-checkov .venv-e2e .venv-lock .coverage* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
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

$(E2E_READY): requirements/e2e.txt | $(READY)
	@echo "setting up $(E2E) (once)"
	@python=$$(PYTHONPATH=functions $(BIN)/python -m package --find --python "$(PYTHON)" 2>/dev/null) \
	  || python="$(PYTHON)"; "$$python" -m venv --clear $(E2E)
	@$(E2E)/bin/python -m pip --quiet install --require-hashes -r requirements/e2e.txt
	@if command -v npm >/dev/null; then $(call quietly,npm install --no-audit --no-fund --prefix $(E2E) azurite@3.35.0); fi
	@touch $@

.venv-checkov/.ready: requirements/checkov.txt
	@$(check_python)
	@echo "setting up .venv-checkov (once)"
	@"$(PYTHON)" -m venv --clear .venv-checkov
	@.venv-checkov/bin/python -m pip --quiet install --require-hashes -r requirements/checkov.txt
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
