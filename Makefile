# Everything a person or a machine does with this tree. `make` alone says what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

BIN := .venv/bin
PAGE := .cache/web/page.js
PAGE_SOURCES := $(addprefix tests/support/web/,package.json package-lock.json .npmrc page.js)
DASHBOARD := build/dashboard/index.html
DASHBOARD_SOURCES := $(wildcard deploy/dashboard/src/*) deploy/dashboard/build.mjs
INSTALLER := requirements/install.sh requirements/build.txt pyproject.toml

.PHONY: help reference run test lint unit peers faults bench bench-fleet fuzz web dashboard fleet-demo pictures ha-check schema lock clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: .venv/.run  ## Install what a demonstration needs and start it: a phone, a registrar and far ends in this terminal
	@$(BIN)/intercom simulate

fleet-demo: .venv/.run $(DASHBOARD)  ## A broker, 50 units and their dashboard on this machine: the address is printed
	@$(BIN)/intercom fleet demo

test: lint unit peers  ## Install what is needed, then every check: style, types, contracts, tests (20 minutes at most)

lint: .venv/.test  ## Style, types, and which part may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

unit: .venv/.test  ## Tests of one part each, on every core; 2,000 mutations of what a peer may send for each entrance
	$(BIN)/pytest --quiet --numprocesses auto --dist loadfile $(AGAIN) -m 'not fuzz' $(UNIT)
	HYPOTHESIS_PROFILE=hostile $(BIN)/pytest --quiet --timeout 600 --numprocesses auto --dist loadfile -m fuzz $(UNIT)

peers: .venv/.test $(PAGE) $(DASHBOARD)  ## Tests of the whole, with real peers and in real time
	rm -rf .cache/witness
	$(BIN)/pytest --quiet --numprocesses 2 --dist loadfile $(AGAIN) --durations 10 -m 'not long' \
		$(filter-out $(UNIT),$(wildcard tests/flows tests/peers))
	$(BIN)/python -m tests.support.witness

faults: .venv/.test $(PAGE)  ## Calls in trouble for half a minute and longer; what each trouble costs in silence is printed
	$(BIN)/pytest --quiet --capture no -m long tests/flows tests/peers

bench: .venv/.test $(PAGE) $(DASHBOARD)  ## Measure everything that tests/bench/README.md keeps, on this machine and beside others
	$(BIN)/python -m tests.bench

bench-fleet: .venv/.test $(DASHBOARD)  ## Of that, a fleet of 1,000, 5,000 and 10,000 units on one broker
	$(BIN)/python -m tests.bench fleet

fuzz: .venv/.test  ## Search long (100,000 examples a test) for what a peer could send that breaks an entrance
	HYPOTHESIS_PROFILE=fuzz $(BIN)/pytest --numprocesses auto --timeout 0 -m fuzz tests/unit

web: $(PAGE)  ## The page with JsSIP that tests call through

dashboard: $(DASHBOARD)  ## The page of a fleet's manager, in build/dashboard: one file for the broker or any web server

lock: .cache/uv/bin/uv  ## Choose the newest versions that pyproject.toml allows, and write them down with their hashes
	$(LOCK) --output-file requirements/lock.txt requirements/lock.in
	$(LOCK) --output-file requirements/build.txt requirements/build.in
	$(LOCK) --extra sound --extra voice --output-file requirements/run.txt pyproject.toml
	$(LOCK) --extra hardware --output-file requirements/unit.txt pyproject.toml
	$(LOCK) --extra sound --extra voice --extra panel --extra dev --output-file requirements/dev.txt pyproject.toml
	cd tests/support/web && npm install --package-lock-only
	cd deploy/dashboard && npm install --package-lock-only

pictures: .venv/.test $(DASHBOARD)  ## Draw what the READMEs show: the display, and the dashboard with 600 simulated units
	mkdir -p hardware/pictures
	$(BIN)/intercom screens --out hardware/pictures/screens.png --in-call hardware/pictures/in-call.png
	$(BIN)/python -m tests.support.dashboard_pictures deploy/pictures

ha-check: .venv/.test  ## Home Assistant's own validators on what units announce to it, in a Debian 13 of its own (root, mmdebstrap)
	tests/home_assistant/run.sh

schema: .venv/.test  ## Write the schema and the samples of all MQTT messages anew, if they only grew
	$(BIN)/intercom schema --out deploy/schema
	$(BIN)/python -m tests.unit.mqtt.test_samples

reference: .venv/.test  ## Write the call API's reference, appliance/calls/README.md, from its code
	$(BIN)/python -m tests.support.reference

clean:  ## Remove everything that was made here, the virtual environment too
	rm -rf .venv .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .grimp_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Sound in real time on a shared machine: where the machine itself stalls, one run may say nothing. Three say something.
AGAIN := --reruns 2 --reruns-delay 1 -r fER
UNIT := $(wildcard tests/unit tests/contracts)
# Without the lines that name commands and addresses, a lock is the same wherever it is made.
LOCK := .cache/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-config

.venv/.run: $(INSTALLER) requirements/run.txt requirements/debian-run.txt
	requirements/install.sh run
	@touch $@

.venv/.test: $(INSTALLER) requirements/dev.txt requirements/run.txt requirements/debian-run.txt requirements/debian-test.txt
	requirements/install.sh test
	@touch .venv/.run $@

$(PAGE): $(PAGE_SOURCES)
	mkdir -p $(@D)
	cp $(filter-out %.js,$^) $(@D)
	cd $(@D) && npm ci --silent
	NODE_PATH=$(@D)/node_modules $(@D)/node_modules/.bin/esbuild tests/support/web/page.js --bundle --format=iife \
		--target=chrome100 --log-level=warning --outfile=$@

.cache/dashboard/.installed: deploy/dashboard/package.json deploy/dashboard/package-lock.json deploy/dashboard/.npmrc
	mkdir -p $(@D)
	cp $^ $(@D)
	cd $(@D) && npm ci --silent
	@touch $@

$(DASHBOARD): .cache/dashboard/.installed $(DASHBOARD_SOURCES)
	rm -rf .cache/dashboard/src
	cp -r deploy/dashboard/src deploy/dashboard/build.mjs .cache/dashboard
	node .cache/dashboard/build.mjs $(abspath $(@D))

.cache/uv/bin/uv: requirements/lock.txt
	python3 -m venv --clear .cache/uv
	.cache/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/lock.txt
	@touch $@
