# Each target does its own set-up, in .venv; `make help` lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help book test lab serve sync lint audit bench clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) is not installed; name another with: make PYTHON=python3.12"; exit 1; }
	@echo "Setting up $(VENV) (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

book: $(STAMP) ## build the site; CHAPTER=03 runs only that chapter
	@$(BIN)/python book/tools/build.py $(CHAPTER)

test: lint book ## lint, then every test, the paired notebooks and the site's pages included
	@$(BIN)/python -m pytest tests src book/notebooks --doctest-modules --nbval --nbval-current-env --nbval-cell-timeout=300 -n auto --maxprocesses=4 --dist loadscope

lab: $(STAMP) ## open the chapters as notebooks in JupyterLab
	@cd book/notebooks && "$(abspath $(BIN))/jupyter" lab

serve: book ## build, then serve the site on this machine alone
	@echo "http://127.0.0.1:8000 (stop with Ctrl-C)"
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

sync: $(STAMP) ## bring the paired notebooks into step with the chapters
	@$(BIN)/python book/tools/sync.py

lint: $(STAMP) ## ruff and mypy
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

audit: book ## Lighthouse on the landing page and each chapter (needs Node and Chromium)
	@$(BIN)/python book/tools/audit.py

bench: $(STAMP) ## measure speed against peers; each script's --help says what it records
	@for each in benchmarks/[a-z]*.py; do $(BIN)/python $$each || exit 1; done

clean: ## remove what was built; the environment stays
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
