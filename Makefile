PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := demo-site

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types imports docs format reference peers fuzz oracles simulation benchmark benchmark-stats browser clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=python3.12 chooses the interpreter (now: $(PYTHON))"

demo: $(VENV)/.installed ## Build the report of the example runs into demo-site/
	$(BIN)/runreport demo --out $(DEMO)

test: $(VENV)/.installed-dev browser peers ## Run all tests, in real browsers too
	$(BIN)/python -m pytest -n auto --dist worksteal

check: lint types imports docs ## Lint, types, import contracts, docs build

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy
	$(BIN)/mypy docs/*.py benchmarks/*.py example_runs/*.py

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

docs: $(VENV)/.installed-dev ## Build the documentation into docs-site/
	$(BIN)/python docs/generate.py --check
	NO_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict --site-dir docs-site

format: $(VENV)/.installed-dev ## Format the code and sort its imports
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

reference: $(VENV)/.installed-dev ## Write the generated pages of the documentation anew
	$(BIN)/python docs/generate.py

# Browser tests use the system's Chromium; without it they are skipped and say so.
browser:
	@if [ "$$(id -u)" = 0 ] && ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests"; \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null || \
	    echo "Chromium could not be installed: the browser tests will be skipped."; \
	fi

# Server tests need MLflow, in an environment of its own; without it they are skipped and say so.
peers:
	@$(MAKE) --no-print-directory .venv-peers/.installed || \
	  echo "MLflow could not be installed: the tests with its server will be skipped."

fuzz: $(VENV)/.installed-dev ## Damage the readers' logs ten thousand times each (an hour)
	$(BIN)/python tests/support/log_fuzzing.py

oracles: $(VENV)/.installed-dev ## Test the statistics beside statsmodels, scikit-posthocs, pingouin and baycomp
	$(BIN)/python -m pip install --quiet --editable '.[oracles]'
	$(BIN)/python -m pytest -q tests/unit/stats

simulation: $(VENV)/.installed ## Simulate anew how often a verdict is wrong (half an hour)
	$(BIN)/python docs/error_rates.py

clean: ## Remove what the other targets made
	rm -rf $(VENV) .venv-peers .venv-stats-peers $(DEMO) docs-site build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# A half-made environment is removed, so that the next call does not take it for a whole one.
$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here; choose another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11; choose another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev,docs]'
	@touch $@ $(VENV)/.installed

benchmark: $(VENV)/.installed .venv-peers/.installed ## Measure the readers beside the trackers' own clients
	$(BIN)/python benchmarks/readers.py --peer-python $(CURDIR)/.venv-peers/bin/python

.venv-peers/.installed:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet mlflow "psycopg[binary]" numpy polars tensorboard wandb
	@touch $@

benchmark-stats: $(VENV)/.installed .venv-stats-peers/.installed ## Measure the statistics beside rliable
	$(BIN)/python benchmarks/stats.py --peer-python $(CURDIR)/.venv-stats-peers/bin/python

# rliable 1.2 needs arch below 8, which does not import with pandas 3.
.venv-stats-peers/.installed:
	$(PYTHON) -m venv .venv-stats-peers
	.venv-stats-peers/bin/python -m pip install --quiet "rliable==1.2.0" "arch==7.2.0" "pandas==2.3.3" "numpy==2.4.6" "scipy==1.17.1"
	@touch $@
