# Every command works in a fresh clone on Linux or macOS with git, make and Python >= 3.11 (pip, venv).
# `make help` lists them.

PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13
BIN := .venv/bin
LAWS ?= 10
# one more than there are cores, since some tests wait
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
.DEFAULT_GOAL := help
# the suite starts hundreds of processes, which would compile everything anew where the environment forbids to keep bytecode
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help demo test laws test-npm test-ray fuzz test-lowest test-newest check format docs changelog dist record bench bench-check bench-page compare lock prices-refresh clean

# test-lowest and test-newest have a separate environment for each Python
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
LOWEST = .venv/lowest-$(VERSION)
NEWEST = .venv/newest-$(VERSION)

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | expand -t 16

pinned = --constraint constraints/$(1).txt --build-constraint constraints/$(1).txt

.venv/pip: ## (internal) the environment, with a pip that knows dependency groups
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llm-pure needs Python >= 3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.3" --constraint constraints/run.txt
	@touch $@

.venv/run: .venv/pip pyproject.toml constraints/run.txt
	$(BIN)/python -m pip install --quiet --editable ".[cli]" $(call pinned,run)
	@touch $@

.venv/test: .venv/run constraints/test.txt
	$(BIN)/python -m pip install --quiet --editable ".[cli]" --group test $(call pinned,test)
	@touch $@

.venv/check: .venv/test constraints/check.txt
	$(BIN)/python -m pip install --quiet --editable ".[cli]" --group test --group check $(call pinned,check)
	@touch $@

demo: .venv/run ## the whole chain on a shipped cassette, offline
	@$(BIN)/python -m llm_pure demo

test: .venv/test ## the test suite, offline
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

laws: .venv/test ## every Hypothesis test with ten times the examples, others each time; LAWS=50 ARGS="tests/server"
	LAWS=$(LAWS) $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m hypothesis --hypothesis-profile=laws $(ARGS)

test-npm: .venv/test ## the vendors' npm packages and the AI SDK as clients; installs them outside the repository, needs node >= 20
	$(BIN)/python -m tests.clients.npm_packages
	$(BIN)/python -m pytest -n 0 tests/clients/test_npm_clients.py

.venv/ray/installed: .venv/pip pyproject.toml constraints/ray.txt
	$(PYTHON) -m venv .venv/ray
	.venv/ray/bin/python -m pip install --quiet --upgrade "pip>=25.3" --constraint constraints/ray.txt
	.venv/ray/bin/python -m pip install --quiet --editable ".[cli,aiohttp,ray]" --group ray $(call pinned,ray)
	@touch $@

test-ray: .venv/ray/installed ## the tests of bulk runs on Ray and Dask, in an environment of its own (600 MB), which `make test` leaves out
	.venv/ray/bin/python -m pytest -p no:xdist tests/ray $(ARGS)

fuzz: .venv/test ## 200,000 mutants of recorded responses, to every parser, and odd requests to both servers, in a quarter of an hour; ARGS="--seed 1 --cases 5000"
	$(BIN)/python -m tests.support.fuzz $(ARGS)
	$(BIN)/python -m tests.support.server_fuzz
	$(BIN)/python -m tests.support.gateway_fuzz

test-lowest: ## the test suite with the lowest versions that pyproject.toml declares; PYTHON=python3.12
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --upgrade "pip>=25.3"
	$(LOWEST)/bin/python tests/support/constraints.py lowest > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --editable ".[cli]" --group test --requirement $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal

test-newest: ## the test suite with the newest versions of today, not the pinned ones; PYTHON=python3.12
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --upgrade "pip>=25.3"
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable ".[cli]" --group test
	$(NEWEST)/bin/python -m pytest -n $(WORKERS) --dist worksteal

check: .venv/check ## what CI checks beyond tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

format: .venv/check ## rewrite the source as `make check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/docs: .venv/run constraints/docs.txt
	$(BIN)/python -m pip install --quiet --editable ".[cli]" --group docs $(call pinned,docs)
	@touch $@

docs: .venv/docs ## build the site in .site/html, without warnings; ARGS=--serve shows it at localhost:8000
	@$(BIN)/python -m tests.support.site $(ARGS)

changelog: .venv/docs ## write CHANGELOG.md from docs/changes/; VERSION=0.2.0 for a release, which removes the fragments
	$(BIN)/python -m tests.support.changelog $(VERSION)

.venv/release: .venv/pip pyproject.toml constraints/release.txt
	$(PYTHON) -m venv .venv/release
	.venv/release/bin/python -m pip install --quiet --upgrade "pip>=25.3" --constraint constraints/release.txt
	.venv/release/bin/python -m pip install --quiet --group release $(call pinned,release)
	@touch $@

dist: .venv/release ## build sdist and wheel in dist/, check both, try the wheel in an environment of its own, write its SBOM
	rm -rf dist .venv/wheel
	.venv/release/bin/python -m build --outdir dist .
	.venv/release/bin/twine check --strict dist/*
	$(PYTHON) -m venv .venv/wheel
	.venv/wheel/bin/python -m pip install --quiet dist/*.whl --constraint constraints/run.txt
	cd dist && ../.venv/wheel/bin/llm-pure demo > /dev/null
	.venv/release/bin/cyclonedx-py environment .venv/wheel --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json

clean: ## forget the environment and every cache
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .site dist

record: .venv/test ## record the cassettes anew, from servers on loopback (needs Node); ONLY="name ..."
	$(BIN)/python -m tests.support.record $(ONLY)

lock: .venv/pip ## pin the newest versions in constraints/, for each Python of PYTHONS
	$(BIN)/python tests/support/constraints.py lock $(PYTHONS)

prices-refresh: .venv/test ## make the shipped prices anew, from the newest genai-prices (needs the package index)
	$(BIN)/python -m pip install --quiet --upgrade genai-prices
	$(BIN)/python -m tests.support.prices_refresh

.venv/bench: .venv/pip pyproject.toml constraints/bench.txt
	$(PYTHON) -m venv .venv/bench
	.venv/bench/bin/python -m pip install --quiet --upgrade "pip>=25.3" --constraint constraints/bench.txt
	.venv/bench/bin/python -m pip install --quiet --editable ".[cli]" --group bench $(call pinned,bench)
	@touch $@

.venv/compare: .venv/pip pyproject.toml
	$(PYTHON) -m venv .venv/compare
	.venv/compare/bin/python -m pip install --quiet --upgrade "pip>=25.3"
	.venv/compare/bin/python -m pip install --quiet --editable . litellm lm15 "pydantic-ai-slim[openai]" vcrpy packaging
	@touch $@

compare: .venv/compare ## the README's table beside litellm, lm15, pydantic-ai and vcrpy, with their newest versions of today
	@.venv/compare/bin/python -m bench.compare

bench: .venv/bench ## speed beside a bare decode and other libraries; ARGS="--quick --only stream"
	@.venv/bench/bin/python -m bench.run $(ARGS)

bench-check: .venv/run ## compare the ratios with bench/baseline.json; fails if one is 25 % worse, twice (minutes, a quiet machine)
	@$(BIN)/python -m bench.baseline check $(ARGS)

bench-page: .venv/bench ## measure anew, with peers: bench/baseline.json, docs/benchmarks.md and its plot
	@.venv/bench/bin/python -m bench.baseline write $(ARGS)
