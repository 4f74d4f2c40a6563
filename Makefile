# Each target does its own set-up, in .venv; `make help` lists them.
PYTHONS := python3.11 python3.12 python3.13
SUITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
VENV := .venv
BIN := $(VENV)/bin
# PYTHON=python3.13 names the Python; else it is that of the environment, or the first that runs.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for each in $(BIN)/python $(PYTHONS); do \
	$$each -c '$(SUITS)' 2>/dev/null && echo $$each && break; done)
endif
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1
export TF_NUM_INTRAOP_THREADS ?= 1
export TF_NUM_INTEROP_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help environment book test notebooks portable lab serve sync lint audit bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

environment:
	@"$(or $(PYTHON),false)" -c '$(SUITS)' || { \
		echo "make: no Python 3.11, 3.12 or 3.13 (tried: $(or $(PYTHON),$(PYTHONS)))." \
		"Install one, or name it: make PYTHON=/path/to/python3.12 …"; exit 1; }
	@"$(PYTHON)" book/tools/set_up.py

book: environment ## build the site; CHAPTER=03 runs that chapter first
	@$(BIN)/python book/tools/build.py $(CHAPTER)

test: lint book ## lint, then every test, the site's pages included
	@$(BIN)/python -m pytest tests src --doctest-modules -n auto --maxprocesses=4 --dist loadscope

notebooks: environment ## run the paired notebooks as a reader does, and compare what they print
	@$(BIN)/python -m pytest book/notebooks --nbval --nbval-current-env --nbval-cell-timeout=300 -n auto --maxprocesses=4 --dist loadscope

portable: environment ## run the chapters and numerical tests as on an older processor (x86-64)
	@$(BIN)/python book/tools/portable.py

lab: environment ## open the chapters as notebooks in JupyterLab
	@$(BIN)/python -m jupyterlab book/notebooks

serve: book ## build, then serve the site on this machine alone
	@echo "http://127.0.0.1:8000 (stop with Ctrl-C)"
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

sync: environment ## bring the paired notebooks into step with the chapters
	@$(BIN)/python book/tools/sync.py

lint: environment ## ruff, mypy, and who imports whom
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check . && $(BIN)/python -m mypy
	@$(BIN)/python -c 'import sys; from importlinter.cli import lint_imports as check; sys.exit(check(no_cache=True, no_logo=True))'

audit: book ## Lighthouse on the landing page and each chapter (needs Node and Chromium)
	@$(BIN)/python book/tools/audit.py

bench: environment ## measure speed against peers; each script's --help says what it records
	@for each in benchmarks/[a-z]*.py; do $(BIN)/python $$each || exit 1; done

clean: ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
