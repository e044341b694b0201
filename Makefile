# Every command works in a fresh clone on Linux or macOS with git, make and Python >= 3.11 (pip, venv).
# `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test check format record bench prices-refresh clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | expand -t 16

.venv/pip: ## (internal) the environment, with a pip that knows dependency groups
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llm-pure needs Python >= 3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	@touch $@

.venv/run: .venv/pip pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[cli]"
	@touch $@

.venv/test: .venv/run
	$(BIN)/python -m pip install --quiet --group test
	@touch $@

.venv/check: .venv/test
	$(BIN)/python -m pip install --quiet --group check
	@touch $@

demo: .venv/run ## the whole chain on a shipped cassette, offline
	@$(BIN)/python -m llm_pure demo

test: .venv/test ## the test suite, offline
	$(BIN)/python -m pytest -n auto

check: .venv/check ## what CI checks beyond tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

format: .venv/check ## rewrite the source as `make check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## forget the environment and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

record: .venv/test ## record the cassettes anew, from servers on loopback (needs Node); ONLY="name ..."
	$(BIN)/python -m tests.support.record $(ONLY)

prices-refresh: .venv/test ## make the shipped prices anew, from the newest genai-prices (needs the package index)
	$(BIN)/python -m pip install --quiet --upgrade genai-prices
	$(BIN)/python -m tests.support.prices_refresh

.venv/bench: .venv/pip pyproject.toml
	$(PYTHON) -m venv .venv/bench
	.venv/bench/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	.venv/bench/bin/python -m pip install --quiet --editable . --group bench
	@touch $@

bench: .venv/bench ## speed beside a bare decode and other libraries; ARGS="--quick --only stream"
	@.venv/bench/bin/python -m bench.run $(ARGS)
