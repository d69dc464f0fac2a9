# Two commands do all the set-up: `make demo` and `make test`. Both bring their own virtual environment.
# Assumed: Python 3.11 or newer, make, a JDK 17 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-annotate --no-header \
           --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe
PARALLEL := --numprocesses auto --dist loadfile --no-loadscope-reorder
NODES ?= 1
PARTS ?= suite browser proxy cluster es9
CODE := mappings queries indexer linernotes tests benchmarks compose docs

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-suite test-browser test-proxy test-cluster test-es9 test-compose lint format docs translations \
        pictures site dist compose-env compose-certificates clean requirements

help: ## Show these targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.run ## Fetch and start a local Elasticsearch, load sample rows, show searches
	@$(BIN)/linernotes demo

test: lint ## Lint, type-check, and run the tests against real Elasticsearches, one for each process
	@$(BIN)/python -m pytest $(PARALLEL) -m "not slow"

test-all: $(addprefix test-,$(PARTS)) ## Everything: slow tests, browser, clusters, Elasticsearch 9; PARTS="suite browser" for some of it

test-suite: lint ## The tests of `make test` and the slow ones: processes killed at each step, crashes, programs that measure
	@$(BIN)/python -m pytest $(PARALLEL)

test-browser: $(VENV)/.dev ## Try the page in Chromium, on the demo's rows; installs it where it may
	@sh tests/browser/chromium.sh
	@LINERNOTES_TEST_BROWSER=1 $(BIN)/python -m pytest tests/browser

test-proxy: $(VENV)/.dev ## Try the server behind a real nginx, with the example of compose/, in Chromium too
	@sh tests/browser/chromium.sh
	@LINERNOTES_TEST_PROXY=1 LINERNOTES_TEST_BROWSER=1 $(BIN)/python -m pytest tests/proxy tests/browser

test-cluster: $(VENV)/.dev ## Start clusters of three nodes, kill and restart their nodes
	@LINERNOTES_TEST_CLUSTER=1 $(BIN)/python -m pytest tests/cluster

test-es9: $(VENV)/.dev ## Run the tests against Elasticsearch 9 (needs Java 21 or newer)
	@LINERNOTES_TEST_VERSION=9 $(BIN)/python -m pytest $(PARALLEL)

test-compose: $(VENV)/.dev ## Run docker-compose.yml for real: load, kill, restart, renew; needs Docker, or root on Debian
	@LINERNOTES_TEST_COMPOSE=1 $(BIN)/python -m pytest tests/compose -x

lint: $(VENV)/.dev ## Check formatting, lint, types and import directions
	@$(BIN)/ruff format --check --quiet $(CODE)
	@$(BIN)/ruff check --quiet $(CODE)
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

docs: $(VENV)/.run ## Write what is made from the code: tables, plots, Kibana's objects, roles for compose
	@$(BIN)/python -m linernotes.cli.docs
	@$(BIN)/python -m benchmarks.plots
	@$(BIN)/python -m linernotes.kibana
	@$(BIN)/python compose/make_roles.py

pictures: $(VENV)/.dev ## Take the pictures of the documentation again, in Chromium, on the local node
	@$(BIN)/linernotes node start
	@$(BIN)/python -m tests.browser.pictures

site: $(VENV)/.dev ## Build the documentation site; a warning is an error
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -c docs . build/site
	@echo "Open build/site/index.html"

dist: $(VENV)/.dev ## Build wheel and source distribution into dist/
	@$(BIN)/python -m build --no-isolation

compose-env: ## Write .env and new passwords for docker compose, what is missing of them; NODES=3 for a cluster
	@$(PYTHON) compose/make_env.py --nodes $(NODES)

compose-certificates: ## Make new certificates for docker compose, and restart the services that have one
	@bash compose/renew.sh

clean: ## Stop the local node and remove the virtual environment and caches; downloads and data stay
	@if [ -x $(BIN)/linernotes ]; then $(BIN)/linernotes node stop || true; fi
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	@find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

translations: $(VENV)/.dev ## Extract texts, merge them into each language, compile
	@$(BIN)/python -m linernotes.i18n.update

requirements: $(VENV)/.dev ## Pin the newest versions again
	@$(PIP) pip-tools
	@$(COMPILE) --upgrade --extra build -o requirements.txt pyproject.toml
	@$(COMPILE) --upgrade --extra build --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

$(VENV)/.run: requirements.txt pyproject.toml
	@echo "Setting up $(VENV) ..." >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@
