# What a person does with this checkout. `make` alone lists it.
# ARGS passes options on: `make up ARGS="--port 9000"`, `make test ARGS="-k ledger"`.

SHELL := /bin/sh
.DEFAULT_GOAL := help
ARGS ?=
MINUTES ?= 10
FUZZ_SECONDS ?= 60
export UV_PYTHON_DOWNLOADS ?= never
export UV_PROJECT_ENVIRONMENT := .venv
# Bytecode is kept, even where a machine's settings say not to: without it every command compiles
# eight hundred modules before it begins.
export UV_COMPILE_BYTECODE := 1
unexport PYTHONDONTWRITEBYTECODE
# Trust whom the machine trusts: a house with its own registry has its own authority.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

BIN := .venv/bin
CODE := $(wildcard src tests bench training fuzz)
# Cheap and telling first: house rules, pure parts, law; then what touches the world.
TESTS := $(patsubst %/,%,$(dir $(firstword $(wildcard tests/tidy/test_*.py)) \
	$(foreach part,core law store flow http,$(firstword $(wildcard tests/$(part)/test_*.py)))))

PLAIN := $(shell grep -lE 'licet\.(guard|gateway)|kit\.(guards|dialects|playbook|speech)' tests/core/test_*.py)

# Hot modules run compiled where there is a C compiler (ADR-0011); this costs nothing when done.
COMPILE := $(BIN)/python scripts/compile.py

# An environment is made once for each state of the lock file. --inexact: `make up` after
# `make test` must not take the test tools away again.
RUN_READY := .venv/.ready-run
TEST_READY := .venv/.ready-test

.PHONY: help up extras test journeys plain compile check format lint types layers tidy fragments fix bench bench-guard bench-scan eval-guard fuzz properties minors-year demo-picture assess-demo loop-demo slurm-demo clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

up: $(RUN_READY) ## start the gateway with everything a newcomer needs
	@$(COMPILE)
	$(BIN)/licet up $(ARGS)

extras: $(RUN_READY) ## add what a command lacks (ARGS="postgres redis")
	@test -n "$(ARGS)" || { echo 'name them: make extras ARGS="postgres redis"'; exit 2; }
	@uv="$$(scripts/bootstrap)" && "$$uv" sync --locked --no-dev --group compile --inexact \
		$(addprefix --extra ,$(ARGS))

test: $(TEST_READY) ## run every test
	@$(COMPILE)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal $(TESTS) $(ARGS)

plain: $(TEST_READY) ## the pure parts of what is compiled once more, uncompiled
	LICET_PLAIN=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal $(PLAIN) $(ARGS)

compile: $(RUN_READY) ## compile the hot modules (ARGS=--strict: fail where that cannot be)
	@$(COMPILE) $(ARGS)

check: format lint types layers tidy fragments ## everything a reviewer's machine can say
	@echo "check: all held"

format: $(TEST_READY) ## is every file formatted?
	$(BIN)/ruff format --check $(CODE)

lint: $(TEST_READY) ## ruff
	$(BIN)/ruff check $(CODE)

types: $(TEST_READY) ## mypy --strict
	$(BIN)/mypy

layers: $(TEST_READY) ## who may import whom
	$(BIN)/lint-imports

tidy: $(TEST_READY) ## house rules: sizes, words, links, fragments
	$(BIN)/python -m pytest -q tests/tidy

fragments: $(TEST_READY) ## do the changelog fragments build?
	@said="$$($(BIN)/towncrier build --draft --version next 2>&1)" || { echo "$$said"; exit 1; }
	@echo "fragments: they build"

fix: $(TEST_READY) ## format, and mend what ruff can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

journeys: $(TEST_READY) ## what people do in a browser, in both languages (needs chromium)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/journeys $(ARGS)

bench: $(TEST_READY) ## ours beside nginx and LiteLLM, one table
	@$(COMPILE)
	$(BIN)/python bench/run.py $(ARGS)

bench-guard: $(TEST_READY) ## what the guard costs on one thread, beside what we aim at
	@$(COMPILE)
	$(BIN)/python bench/guard.py $(ARGS)

bench-scan: $(TEST_READY) ## what a scan of training data costs on one thread, beside what we aim at
	@$(COMPILE)
	$(BIN)/python bench/scan.py $(ARGS)

eval-guard: $(TEST_READY) ## the guard as it ships: quality, false stops, disguises, late halts (LICET_DATA)
	$(BIN)/python training/eval_guard.py $(ARGS)

fuzz: $(TEST_READY) ## hostile input for every parser, for FUZZ_SECONDS=60 (ARGS="stream")
	@$(COMPILE)
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) $(ARGS)

properties: $(TEST_READY) ## every property test with new chance, for MINUTES=10 (ARGS="-k sse")
	scripts/fuzz $(MINUTES) $(ARGS)

minors-year: $(TEST_READY) ## a year of 10,000 minors against a slow second opinion (ARGS="--minors 500")
	PYTHONPATH=tests $(BIN)/python -m kit.minors_year $(ARGS)

loop-demo: $(TEST_READY) ## the whole loop in one run: halt, report, correct, prove, serve
	@$(COMPILE)
	$(BIN)/python scripts/loop_demo.py

slurm-demo: $(TEST_READY) ## share computing power on a real Slurm: a node dies, a pool leaves, a supplier lies
	PYTHONPATH=tests $(BIN)/python -m kit.slurm_demo $(ARGS)

assess-demo: $(TEST_READY) ## assess two made-up services, one careful, one careless: two signed reports
	@$(COMPILE)
	$(BIN)/python scripts/assess_demo.py $(ARGS)

demo-picture: $(TEST_READY) ## draw the halted stream that README shows
	$(BIN)/python scripts/demo_picture.py $(ARGS)

clean: ## remove what can be made again
	rm -rf .venv .uv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist
	rm -rf bench/results bench/.peers src/licet/_compiled
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_READY): pyproject.toml uv.lock
	@uv="$$(scripts/bootstrap)" && "$$uv" sync --locked --no-dev --group compile --inexact \
		--extra assess --extra compute --extra corpus --extra labels
	@touch $@

$(TEST_READY): pyproject.toml uv.lock
	@uv="$$(scripts/bootstrap)" && \
		"$$uv" sync --locked --all-extras --no-extra training --no-extra ray --inexact
	@touch $@ $(RUN_READY)
