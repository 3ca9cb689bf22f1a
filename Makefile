# make run · make test · make test-slow · make lint · make plan · make docs · make site · make readme · make same · make bench
# make lock
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
# everything of a run lies in results/RUN; the name comes from the config
NAMED      = PYTHONPATH=workflow $(BIN)/python -m diffmem.settings.run

# where two versions are compared, and on which config
SAME        := .same
SAME_CONFIG := $(or $(CONFIG),config/test.yaml)
# files of tests that take longest, begun first so that all cores stay busy to the end
LONG         := $(addprefix tests/,test_workflow.py test_outside.py report/test_outliers.py auditing)
LONGEST      := $(addprefix tests/,cluster test_workflow.py test_science.py auditing test_reruns.py test_kills.py)
QUIETLY      = --cores $(CORES) --quiet progress rules host reason

.PHONY: run plan test test-slow lint format docs site readme same bench lock clean
.DELETE_ON_ERROR:

# report.html is part of the run; Snakemake's own report (rules, parameters, code) is made anew only where a figure is newer
run: .venv/installed
	@$(NAMED) $(CONFIG) > /dev/null
	$(BIN)/snakemake $(ARGS) $(OPTIONS)
	@case " $(ARGS) " in *" -n "*|*" --dry-run "*) exit 0;; esac; \
	named=$$(echo " $(ARGS)" | sed -n 's/.* run=\([^ ]*\).*/\1/p'); \
	run=results/$${named:-$$($(NAMED) $(CONFIG))}; provenance=$$run/provenance.html; \
	if [ ! -e $$provenance ] || [ -n "$$(find $$run -path '*/figures/*' -newer $$provenance -print -quit)" ]; then \
	  $(BIN)/snakemake $(ARGS) --report $$provenance $(OPTIONS); fi && \
	report=$$(ls -t $$run/report.html $$run/*/report.html 2>/dev/null | head -1) && \
	echo "Report: $$report   Claims: $$run/claims.csv   Figures: $$run/*/figures/   Provenance: $$provenance"

# only the table; where the plan fails, once more with what Snakemake says about it
plan: .venv/installed
	@$(NAMED) $(CONFIG) > /dev/null
	@table=$$($(BIN)/snakemake plan --quiet all $(OPTIONS)) && echo "$$table" || \
	$(BIN)/snakemake plan --quiet progress host reason $(OPTIONS)

test: .venv/installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist loadfile --no-loadscope-reorder $(LONG) tests

test-slow: .venv/installed .venv/site-installed
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow --numprocesses auto --dist loadfile --no-loadscope-reorder $(LONGEST) tests

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint --configfile config/test.yaml

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

# config/README.md and config/schema.json are made from the records
docs: .venv/installed
	PYTHONPATH=workflow $(BIN)/python -m diffmem.settings.docs config

# the handbook, docs/ as a site: site/index.html
site: .venv/site-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Site: site/index.html"

# the numbers of README.md are those of the quick run
readme: .venv/installed
	$(BIN)/python tools/readme.py --results results/quick

# do the tables of BASE and of this version hold the same numbers? tools/renamed.yaml maps old names to new ones
same: .venv/installed
	@test -n "$(BASE)" || { echo "make same BASE=REVISION [CONFIG=config/test.yaml]: name the revision to compare with"; exit 2; }
	rm -rf $(SAME) && mkdir -p $(SAME)/base
	git archive $(BASE) | tar -x -C $(SAME)/base
	$(BIN)/snakemake $(QUIETLY) --directory $(SAME)/old -s "$$(ls $(SAME)/base/Snakefile $(SAME)/base/workflow/Snakefile 2>/dev/null | head -1)" \
	  --configfile $(SAME)/base/$(SAME_CONFIG)
	$(BIN)/snakemake $(QUIETLY) --directory $(SAME)/new --configfile $(SAME_CONFIG)
	run=$$($(NAMED) $(SAME_CONFIG)); \
	old=$(SAME)/old/results; if [ -d $$old/$$run ]; then old=$$old/$$run; fi; \
	$(BIN)/python tools/same.py $$old $(SAME)/new/results/$$run --renamed tools/renamed.yaml

bench: .venv/installed
	PYTHONPATH=workflow $(BIN)/python tests/benchmarks/stages.py results/bench
	PYTHONPATH=workflow OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/neighbours.py
	PYTHONPATH=workflow OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/audits.py --all
	PYTHONPATH=workflow OMP_NUM_THREADS=1 $(BIN)/python tests/benchmarks/runs.py

# exact versions, no hashes: the CPU and the CUDA build of torch share a version and differ in their hash
lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet torch==2.13.0
	.venv-lock/bin/pip install --quiet -e ".[dev,pipeline,slurm]"
	.venv-lock/bin/pip freeze --exclude-editable | grep -v -e ^nvidia- -e ^triton= -e ^cuda- | sed 's/+cpu//' > requirements.lock
	.venv-lock/bin/pip install --quiet -e ".[docs]"
	.venv-lock/bin/pip freeze --exclude-editable | grep -v -e ^nvidia- -e ^triton= -e ^cuda- -e ^torch= \
	  | grep -vxF --file=requirements.lock > requirements-site.lock
	rm -rf .venv-lock

.venv/installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diffmem needs Python 3.11 or newer: PYTHON=python3.12 make ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@

# what the site needs beyond requirements.lock
.venv/site-installed: requirements-site.lock .venv/installed
	$(BIN)/python -m pip install --quiet --requirement requirements.lock --requirement requirements-site.lock
	touch $@

clean:
	rm -rf .venv site
