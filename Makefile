# `make demo` and `make test` are all a newcomer needs; `make` alone lists the rest.
#
# Settings:
#   PYTHON     the interpreter that .venv is made from   make demo PYTHON=python3.12
#   PIP_FLAGS  passed to pip install, e.g. the small CPU build of torch on Linux:
#              make demo PIP_FLAGS='--extra-index-url https://download.pytorch.org/whl/cpu'
#   BENCH      passed to benchmarks/run.py                   make bench BENCH='plan map --repeats 5'
#   MONGE_DATA folder with MNIST and USPS, for test and bench; without it bench takes made-up points

PYTHON ?= python3
PIP_FLAGS ?=
BENCH ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
RECENT := import sys; sys.exit(sys.version_info < (3, 11))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all bench lint types docs wheel clean moved

help: ## list the targets
	@echo "make demo and make test are all you need; each installs what it needs into $(VENV)."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP) ## adapt a digit classifier by optimal transport and write the page
	@$(BIN)/monge demo

test: $(STAMP) ## run the tests (about a minute)
	@$(BIN)/python -m pytest

test-all: $(STAMP) ## run every test, the slow ones too
	@$(BIN)/python -m pytest -m ""

bench: $(STAMP) ## measure speed and memory beside the peers (most of an hour; BENCH=--quick: a minute)
	@$(BIN)/python benchmarks/run.py $(BENCH)

lint: $(STAMP) ## check style (ruff) and who may import whom (import-linter)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo --no-cache # its cache misses a module that is added later

types: $(STAMP) ## check the types (mypy, strict)
	@$(BIN)/mypy

docs: $(STAMP) ## build the pages into site/, without a network; a warning is an error
	@$(BIN)/python -m sphinx -W --keep-going -q -E docs site
	@echo "Built site/index.html."

wheel: $(STAMP) ## build the wheel and try it in an empty environment
	@$(BIN)/python tools/check_wheel.py

clean: ## remove .venv, caches and builds; results stay
	rm -rf $(VENV) dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. The stamp is written last, so an interrupted install is taken up again; it names
# the folder, because the scripts of an environment do not survive a move.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): moved
endif

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "monge needs Python 3.11 or newer, and there is no '$(PYTHON)' here;" \
	    "install it, or name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c '$(RECENT)' || { \
	  echo "monge needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) -V 2>&1);" \
	    "name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments;" \
	    "install its venv package (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@echo "Installing into $(VENV): a few minutes the first time, torch is large."
	@rm -f $(STAMP)
	@$(BIN)/python -c '$(RECENT)' 2>/dev/null \
	  && $(BIN)/python -m pip --version >/dev/null 2>&1 \
	  && head -n 2 $(BIN)/pip | grep -qF '$(CURDIR)/$(BIN)/' \
	  || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet \
	  --no-deps --no-build-isolation -e .
	@printf '%s\n' "$(CURDIR)" > $(STAMP)
	@echo "Installed."
