# Everything runs inside this folder: environment in .venv, caches in .cache, results in outputs.
# Paths stay relative, so the folder may have spaces or any letters in its name.
unexport PYTHONDONTWRITEBYTECODE
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export IPYTHONDIR := $(CURDIR)/.cache/ipython
export JUPYTER_CONFIG_DIR := $(CURDIR)/.cache/jupyter/config
export JUPYTER_DATA_DIR := $(CURDIR)/.cache/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CURDIR)/.cache/jupyter/runtime
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready
TESTS ?= tests

.DEFAULT_GOAL := help

.PHONY: help  ## Show this list
help:
	@sed -n 's/^\.PHONY: \([a-z-]*\)  ## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done

.PHONY: setup  ## Install everything into .venv (the other targets do this by themselves)
setup: $(READY)

$(READY): requirements.lock pyproject.toml
	sh scripts/install "$(PYTHON)"
	touch $(READY)

.PHONY: run  ## Boot the sandbox with a rotated token, run incident 1, print the verdict and the report's path
run: $(READY)
	$(PY) -m oncall.demo

.PHONY: test  ## Run the tests
test: $(READY)
	$(PY) -m pytest $(TESTS)

.PHONY: notebooks  ## Regenerate the Russian notebooks and open JupyterLab
notebooks: translations
	$(PY) -m jupyterlab notebooks

.PHONY: translations  ## Regenerate the catalogue and the Russian notebooks
translations: $(READY)
	sh scripts/translations
	$(PY) -m diagnostics.notebook_translation

.PHONY: coverage  ## Write docs/coverage.md: every line of the runbook, where it is executed, and its test
coverage: $(READY)
	$(PY) -m oncall.coverage

.PHONY: lint  ## Check style, types and the direction of imports
lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-cache

.PHONY: faults  ## Boot every fault and control in turn and print what triage said
faults: $(READY)
	$(PY) -m oncall.proving $(FAULTS)

.PHONY: bench  ## Every promise in numbers beside what was measured (15 minutes; BENCH=queue for a part)
bench: $(READY)
	$(PY) -m tests.bench $(BENCH)

.PHONY: prove  ## The proofs that take too long for every day (an hour and more; PROVE="jobs day disk sight live faults" for some)
prove: $(READY)
	$(PY) -m tests.prove $(PROVE)

.PHONY: drains  ## Forecast the drain of live backlogs and compare with the real end (20 minutes)
drains: $(READY)
	$(PY) -m tests.bench.drains

.PHONY: contract  ## Validate clients and stand-ins against published API descriptions: make contract SPECS=DIR
contract: $(READY)
	$(PY) tests/contracts/vendors/contract.py "$(SPECS)"

.PHONY: pictures  ## Take the documentation's pictures anew (needs chromium; ten minutes)
pictures: $(READY)
	$(PY) -m tests.browser.pictures

.PHONY: lock  ## Resolve requirements.lock again (needs uv)
lock:
	uv pip compile -q --generate-hashes --universal --no-header --no-annotate --python-version 3.11 --all-extras pyproject.toml -o requirements.lock

.PHONY: clean  ## Remove environment, caches and sandbox state; outputs stay
clean:
	rm -rf .venv .cache .sandbox .mypy_cache .ruff_cache .pytest_cache
