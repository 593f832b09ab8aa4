# The two commands of the README are `make day` and `make test`; both set up everything first.
VENV ?= .venv
PYTHON ?=
READY := $(VENV)/.ready
RUN := $(VENV)/bin/python

# Threads that spin while they wait collapse on a busy machine.
export OMP_WAIT_POLICY ?= PASSIVE
export PYTHON VENV

.PHONY: help day test setup check clean
.DEFAULT_GOAL := help

help:  ## show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1|\2/' | \
		awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

day: $(READY)  ## set up, then a school day of the default model: nightschool day sorting
	@$(VENV)/bin/nightschool day sorting

test: $(READY)  ## set up, then all tests: quick ones two at a time, then those that need a real model
	@scripts/setup browser
	@$(RUN) -m pytest -m "not slow" -n 2; quick=$$?; $(RUN) -m pytest -m slow && exit $$quick

setup: $(READY)  ## set up .venv, system packages and the default model

check: $(READY)  ## set up, then all checks but the tests that need a model
	@./check

clean:  ## remove .venv, caches and reports of this checkout; models and nights stay
	rm -rf $(VENV) .setup.log .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist report
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): pyproject.toml constraints.txt scripts/setup
	@scripts/setup
	@touch $@
