# `make` or `make help` lists the targets. Needs Python >= 3.11 and nothing else: no Docker, Java or Maven.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The archives that some tests read are not part of the project; without the folder those tests are skipped.
export SANDIK_TEST_DATA ?= $(abspath ../shared/data)

.PHONY: help
help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (about half a minute, once)" >&2
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("sandik needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: init
init: $(VENV)/.ready  ## Set up .venv with everything, at the pinned versions

.PHONY: demo
demo: $(VENV)/.ready  ## Posts in, counts out, on a real Kafka, in a minute
	@$(BIN)/python deploy/demo/demo.py

.PHONY: test
test: $(VENV)/.ready  ## All tests, those on a real Kafka included
	$(BIN)/python -m pytest -m "not long"

.PHONY: test-quick
test-quick: $(VENV)/.ready  ## The tests that need no Kafka
	$(BIN)/python -m pytest -m "not broker and not long"

.PHONY: test-long
test-long: $(VENV)/.ready  ## The long soak and chaos runs
	$(BIN)/python -m pytest -m long

.PHONY: lint
lint: $(VENV)/.ready  ## Style, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.PHONY: typing
typing: $(VENV)/.ready  ## mypy --strict over everything
	$(BIN)/mypy

.PHONY: check
check: lint typing test-quick  ## Everything that takes less than a minute

.PHONY: forms
forms: $(VENV)/.ready  ## Write the lexicon's inflected forms again
	$(BIN)/python -m streams.lexicon.generate

.PHONY: lock
lock: $(VENV)/.ready  ## Resolve the pinned versions again (needs uv)
	uv pip compile pyproject.toml --extra broker --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet --output-file requirements.lock

.PHONY: clean
clean:  ## Remove what the other targets made
	rm -rf $(VENV) .sandik .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
