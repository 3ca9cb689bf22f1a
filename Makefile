# make run · make test · make test-slow · make lint · make plan · make docs · make same · make bench · make lock
# Each builds .venv from requirements.lock first if it is missing or older.
#
#   make run CONFIG=config/paper.yaml ARGS="figure4"      another config; anything else for snakemake
#   PYTHON=python3.12 make run                            another Python (3.11 or newer) for .venv

PYTHON ?= python3
CONFIG ?=
CORES  ?= all
ARGS   ?=

BIN       := .venv/bin
# a target goes first: --configfile takes all that follows
OPTIONS    = --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))
REPORT    := results/snakemake-report.html

# where two versions are compared, and on which config
SAME        := .same
SAME_CONFIG := $(or $(CONFIG),config/test.yaml)
QUIETLY      = --cores $(CORES) --quiet progress rules host reason

.PHONY: run plan test test-slow lint format docs same bench lock clean
.DELETE_ON_ERROR:

# the report is made anew only where a figure is newer than it
run: .venv/installed
	$(BIN)/snakemake $(ARGS) $(OPTIONS)
	@if [ ! -e $(REPORT) ] || [ -n "$$(find results -path '*/figures/*' -newer $(REPORT) -print -quit)" ]; then \
	  $(BIN)/snakemake $(ARGS) --report $(REPORT) $(OPTIONS); fi
	@echo "Figures: results/*/figures/   Report: $(REPORT)"

plan: .venv/installed
	@$(BIN)/snakemake plan --quiet all $(OPTIONS)

test: .venv/installed
	$(BIN)/python -m pytest -m "not slow"

test-slow: .venv/installed
	$(BIN)/python -m pytest -m slow

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile config/test.yaml

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# config/README.md is made from the schema
docs: .venv/installed
	PYTHONPATH=workflow $(BIN)/python -m diffmem.settings.docs > config/README.md

# do the tables of BASE and of this version hold the same numbers? tools/renamed.yaml maps old names to new ones
same: .venv/installed
	@test -n "$(BASE)" || { echo "make same BASE=REVISION [CONFIG=config/test.yaml]: name the revision to compare with"; exit 2; }
	rm -rf $(SAME) && mkdir -p $(SAME)/base
	git archive $(BASE) | tar -x -C $(SAME)/base
	$(BIN)/snakemake $(QUIETLY) --directory $(SAME)/old -s $(SAME)/base/Snakefile --configfile $(SAME)/base/$(SAME_CONFIG)
	$(BIN)/snakemake $(QUIETLY) --directory $(SAME)/new --configfile $(SAME_CONFIG)
	$(BIN)/python tools/same.py $(SAME)/old/results $(SAME)/new/results --renamed tools/renamed.yaml

bench: .venv/installed
	PYTHONPATH=workflow $(BIN)/python tests/benchmarks/stages.py results/bench
	PYTHONPATH=workflow OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/neighbours.py
	PYTHONPATH=workflow OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/runs.py

# exact versions, no hashes: the CPU and the CUDA build of torch share a version and differ in their hash
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet torch==2.13.0
	.venv-lock/bin/pip install --quiet -e ".[dev,slurm]"
	.venv-lock/bin/pip freeze --exclude-editable | grep -v -e ^nvidia- -e ^triton= -e ^cuda- | sed 's/+cpu//' > requirements.lock
	rm -rf .venv-lock

.venv/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diffmem needs Python 3.11 or newer: PYTHON=python3.12 make ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	touch $@

clean:
	rm -rf .venv .snakemake
