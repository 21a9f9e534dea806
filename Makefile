# make demo, make test: on a fresh machine these two do everything. Needs Python 3.11+, make, git.
.DEFAULT_GOAL := help
.PHONY: help demo dev check test test-fast lint types clean lock docs benchmark benchmark-satisfaction benchmark-effects benchmark-policy benchmark-rules benchmark-recommend benchmark-kills fuzz

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

export CX_HOME ?= $(CURDIR)/.cx
# The sample data is a finished history of 18 months; `make dev` looks at the same one.
demo dev: export CX_LAST_PERIOD ?= 2025-06-01

# DuckDB and SQLite wait for the disk at every commit. Tests kill processes, not machines, so memory
# will do where there is enough of it.
MEMORY := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 {print "/dev/shm"}')
test test-fast: export TMPDIR ?= $(or $(MEMORY),/tmp)

# One more than there are processors: the tests of real processes wait half of their time.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): requirements.lock pyproject.toml
	@echo "Installing the pinned packages into .venv (about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q cx_assets
	@touch $@

demo: $(INSTALLED) ## sample data, every table of 18 months, six of them in a closed loop
	@$(BIN)/cx demo

dev: $(INSTALLED) ## the Dagster UI on the same data
	@umask 077; DAGSTER_HOME=$$($(BIN)/cx home) $(BIN)/dg dev

check: lint types test ## everything that must pass before a commit

lint: $(INSTALLED) ## ruff: format and lint
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: $(INSTALLED) ## mypy
	@$(BIN)/mypy

test: $(INSTALLED) ## all tests
	@$(BIN)/pytest -n $(WORKERS) --dist load --maxschedchunk 1
	@echo "All tests passed. Next: make demo, then make dev."

test-fast: $(INSTALLED) ## the tests that take no more than a moment each
	@$(BIN)/pytest -n auto --dist load --maxschedchunk 1 -m "not slow"
	@echo "The fast tests passed. Next: make check."

benchmark: $(INSTALLED) ## lifetime value of 1,000,000 customers, against lifetimes and pymc-marketing
	@$(BIN)/python -m benchmarks.clv

benchmark-satisfaction: $(INSTALLED) ## the correction for who answers, in 440 worlds with known truth
	@$(BIN)/python -m benchmarks.satisfaction

benchmark-effects: $(INSTALLED) ## measured effects of actions, in 200 worlds with known truth
	@$(BIN)/python -m benchmarks.effects

benchmark-policy: $(INSTALLED) ## what the policy loses while it learns, against random choices
	@$(BIN)/python -m benchmarks.policy

benchmark-rules: $(INSTALLED) ## what is bought together in 1,000,000 baskets, against mlxtend and PyFIM
	@$(BIN)/python -m benchmarks.rules

benchmark-recommend: $(INSTALLED) ## offers against what was bought next, against implicit's ALS and BM25
	@$(BIN)/python -m benchmarks.recommend

benchmark-kills: $(INSTALLED) ## 200 kills over every kind of step: nothing may be lost, doubled or torn
	@$(BIN)/python -m benchmarks.kills

fuzz: $(INSTALLED) ## 10,000 damaged landing files: no run may stop, no row be lost
	@$(BIN)/python -m benchmarks.fuzz

docs: $(INSTALLED) ## the generated pages
	@$(BIN)/cx docs

lock: ## pin the newest allowed releases; DuckDB 2.0 waits for its first patch release
	@$(BIN)/pip install --quiet uv
	@printf 'duckdb<2\n' > .venv/constraints.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --extra dev --constraint .venv/constraints.txt --upgrade \
		--output-file requirements.lock pyproject.toml

clean: ## remove what was built: $(CX_HOME) and the caches, not .venv
	@rm -rf "$(CX_HOME)" .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
