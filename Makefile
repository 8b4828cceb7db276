# `make` or `make help` lists the targets. Needs Python >= 3.11 and nothing else: no Docker, Java or Maven.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The archives that some tests read are not part of the project; without the folder those tests are skipped.
export SANDIK_TEST_DATA ?= $(abspath ../shared/data)
# Python and pytest keep what they have compiled, also where the environment says not to: starting again costs half.
unexport PYTHONDONTWRITEBYTECODE
# Nor are the operators' definitions of their custom resources (tests/deploy/crds.py).
export SANDIK_TEST_CRDS ?= $(abspath ../shared/platform/crds)

.PHONY: help
help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements.lock pyproject.toml
	@echo "Setting up $(VENV) (about half a minute, once)" >&2
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("sandik needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@echo "Adding what the tests need to $(VENV)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

.PHONY: init
init: $(VENV)/.ready-dev  ## Set up .venv with everything, at the pinned versions

.PHONY: native
native: $(VENV)/.ready  ## Build the compiled part, with which terms take less than half the time: needs Rust
	@$(BIN)/python hatch_build.py

.PHONY: test-native
test-native: $(VENV)/.ready-dev  ## The tests of languages and terms once more, with the compiled part that `make native` adds
	$(BIN)/python -m pytest tests/counting tests/laws tests/cost tests/quality -n 3

.PHONY: demo
demo: $(VENV)/.ready  ## Posts in, counts out, on a real Kafka, in a minute
	@$(BIN)/python deploy/demo/demo.py

# Where it cannot be installed, the tests of the page are skipped, and say so. The tests open pages in the headless shell,
# which is the same engine for less than half of the work; `sandik report --pdf` prints with the whole browser.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null && command -v chromium-headless-shell >/dev/null \
		|| [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { \
		echo "Installing Chromium for the tests of the page" >&2; \
		apt-get update -q && apt-get install -yq --no-install-recommends chromium fonts-dejavu-core \
		&& apt-get install -yq --no-install-recommends chromium-headless-shell; } >&2 || true

# As above, for the tests of what is deployed: promtool, kustomize and helm.
.PHONY: tools
tools: $(VENV)/.ready-dev
	@timeout 900 $(BIN)/python -m tests.deploy.tools || true

# What Java learns of Kafka while it starts once. Without it every broker of a test costs three times the work.
$(VENV)/kafka.aot: $(VENV)/.ready-dev streams/sandik/broker/jars.lock
	@$(BIN)/python -m tests.support.quick_java || echo "Java will start slowly" >&2

.PHONY: test
test: $(VENV)/.ready-dev $(VENV)/kafka.aot chromium tools  ## All tests, those on a real Kafka included, four at a time: many wait for Kafka
	$(BIN)/python -m pytest -m "not long and not deploy" -n 4

.PHONY: test-quick
test-quick: $(VENV)/.ready-dev  ## The tests that need no Kafka
	$(BIN)/python -m pytest -m "not broker and not long and not deploy" -n 2

# A profile of Hypothesis (tests/conftest.py).
EXAMPLES := sandik

.PHONY: test-pure
test-pure: $(VENV)/.ready-dev  ## The tests of counting and of its laws: no Kafka, and hardly a process
	$(BIN)/python -m pytest -m "not broker and not long and not deploy" -n 2 --hypothesis-profile=$(EXAMPLES) \
		tests/counting tests/figures tests/laws

PYTHONS ?= 3.11 3.12 3.13 3.14

.PHONY: test-pythons
test-pythons:  ## The same on every Python that is on this machine; says which are missing
	@.ci/pythons $(PYTHONS)

.PHONY: test-long
test-long: $(VENV)/.ready-dev  ## The long soak and chaos runs, and of each law 500 examples
	$(BIN)/python -m pytest -m long
	@$(MAKE) --no-print-directory test-laws EXAMPLES=long

.PHONY: test-laws
test-laws: $(VENV)/.ready-dev  ## All tests of laws (EXAMPLES=long: 500 examples of each)
	$(BIN)/python -m pytest -m "not broker and not long and not deploy" -n 2 --hypothesis-profile=$(EXAMPLES) \
		$$(grep -rl --include='test_*.py' '^from hypothesis' tests)

.PHONY: deploy-test
deploy-test: $(VENV)/.ready-dev  ## The stack for real: image, compose, Kubernetes' API, Prometheus (needs root, or Docker; long)
	$(BIN)/python -m pytest -m deploy --capture=sys tests/deploy/live

# What of it is quick and depends on nothing but its input: for every change. What the machine lacks is said, and left
# out. The API server is built once, and then in the cache; where that takes too long, it is left out, too.
.PHONY: deploy-check
deploy-check: $(VENV)/.ready-dev  ## The image, and both overlays on Kubernetes' API: what of deploy-test is quick
	@[ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || { \
		command -v podman && command -v runc && command -v debootstrap; } >/dev/null || { \
		echo "Installing podman, runc and debootstrap for the image" >&2; apt-get update -q && \
		DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends podman runc debootstrap; } >&2 || true
	@timeout 900 $(BIN)/python -m tests.deploy.tools etcd kustomize kube-apiserver helm || echo "No API server in 15 minutes" >&2
	SANDIK_DEPLOY_LENIENT=1 timeout 1200 $(BIN)/python -m pytest -m deploy --capture=sys \
		tests/deploy/live/test_cluster.py tests/deploy/live/test_image.py \
		|| { [ $$? = 124 ] && echo "Not all of it could be checked within 20 minutes" >&2; }

CHART ?= .chart/sandik

.PHONY: chart
chart: $(VENV)/.ready-dev tools  ## Write the Helm chart into .chart, as deploy/kubernetes has it
	$(BIN)/python -m tests.deploy.helm $(CHART)

.PHONY: lint
lint: $(VENV)/.ready-dev  ## Style, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

.PHONY: typing
typing: $(VENV)/.ready-dev  ## mypy --strict over everything
	$(BIN)/mypy

.PHONY: check
check: EXAMPLES := check
check: lint typing test-pure  ## Everything that takes less than a minute; of each law fewer examples

.PHONY: settings
settings: $(VENV)/.ready-dev  ## Write docs/settings.md again
	$(BIN)/python -m tests.docs.settings_page > docs/settings.md

.PHONY: metrics
metrics: $(VENV)/.ready-dev  ## Write docs/metrics.md again
	$(BIN)/python -m tests.docs.metrics_page > docs/metrics.md

.PHONY: formats
formats: $(VENV)/.ready-dev  ## Write the list of formats in docs/ingest.md again
	$(BIN)/python -m tests.docs.formats_page

.PHONY: schemas
schemas: $(VENV)/.ready-dev  ## Write schemas/README.md and schemas/sandik_schemas/asyncapi.yaml again
	$(BIN)/python -m sandik_schemas.generate $$($(BIN)/python -c 'from sandik import __version__; print(__version__)')

.PHONY: notebook
notebook: $(VENV)/.ready-dev  ## Run docs/analyst.ipynb and write its outputs again
	$(BIN)/python -m tests.replay.notebook

.PHONY: coded
coded: $(VENV)/.ready-dev  ## Count the coded posts again by this lexicon: docs/hand-coded (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.hand_coding.telegram

.PHONY: answers
answers: $(VENV)/.ready-dev  ## Run the commands of docs on archives and write their outputs again (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.docs.archives

.PHONY: forms
forms: $(VENV)/.ready-dev  ## Write the lexicon's inflected forms again
	$(BIN)/python -m sandik.lexicon_tools.generate

.PHONY: pictures
pictures: $(VENV)/.ready-dev chromium  ## Take docs/dashboard.png and docs/report.png, write docs/example-report.html
	$(BIN)/python -m tests.page.screenshot
	$(BIN)/python -m tests.page.report_screenshot

SCREENSHOTS ?= .screenshots

.PHONY: screenshots
screenshots: $(VENV)/.ready-dev chromium  ## Take every state of the page at three widths, light and dark, into .screenshots
	$(BIN)/python -m tests.page.gallery $(SCREENSHOTS)

.PHONY: jars
jars: $(VENV)/.ready-dev  ## Write the checksums of Kafka's jars again, from Maven Central
	$(BIN)/python -m tests.support.pin_jars

.PHONY: lock
lock:  ## Resolve the pinned versions again (needs uv)
	uv pip compile pyproject.toml --extra broker --group build --universal \
		--python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra authors --extra broker --extra car --extra coding --extra copies --extra otel \
		--extra parquet --extra report --group dev --universal \
		--constraint requirements.lock --python-version 3.11 --generate-hashes --no-header --quiet \
		--output-file requirements-dev.lock

.PHONY: clean
clean:  ## Remove what the other targets made
	rm -rf $(VENV) .venvs .chart .sandik .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

ROUNDS ?= 3
POSTS ?= 2000000

.PHONY: bench
bench: $(VENV)/.ready-dev  ## Measure sandik and its peers (an hour; ROUNDS=1 POSTS=200000 for a look)
	$(BIN)/python -m bench all --rounds $(ROUNDS) --posts $(POSTS)

.PHONY: eval-terms
eval-terms: $(VENV)/.ready-dev  ## Measure the lexicon: docs/terms.md and docs/terms.json (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.quality.terms

.PHONY: fit-models
fit-models: $(VENV)/.ready-dev  ## Fit what words weigh in the lexicon's *.model.toml to judged posts (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.quality.fit_models

.PHONY: eval-language
eval-language: $(VENV)/.ready-dev  ## Measure the detectors: docs/language.md and docs/language.json (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.quality.language

.PHONY: fit-language
fit-language: $(VENV)/.ready-dev  ## Fit the weights of the language detector to half of the labelled texts (needs SANDIK_TEST_DATA)
	$(BIN)/python -m tests.quality.fit_language
