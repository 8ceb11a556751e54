# The front door. `make help` tells what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv/bin

.PHONY: help setup demo test test-fast model transcript skill noise mutants speed latency bench chaos away receipts flood registry fuzz storage up down lint lock

help: ## what there is
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/.ready ## the virtual environment, from the hash-locked requirements
.venv/.ready: requirements/dev.txt requirements/setup.sh
	@bash requirements/setup.sh

demo: setup ## everything: servers, city, real floods, warnings, a report
	@$(VENV)/rencheng demo $(ARGS)

test: setup ## the tests, on real servers, three files at a time; fails after ten minutes
	@RENCHENG_TEST_BUDGET_S=$${RENCHENG_TEST_BUDGET_S:-600} \
	  $(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=1 $(ARGS)

test-fast: setup ## the tests that need no server, in under a minute
	@RENCHENG_TEST_BUDGET_S=$${RENCHENG_TEST_BUDGET_S:-60} $(VENV)/pytest -q -n 2 --dist worksteal -m pure $(ARGS)

model: setup ## the street's model anew, taught by every recorded street
	@$(VENV)/python -m benchmarks.skill.training

transcript: setup ## what the engine says to recordings and made cities, written down anew where a change of it is meant
	@$(VENV)/python -m benchmarks.transcript

skill: setup ## how early and how rightly the engine warns, on real floods, beside baselines
	@$(VENV)/python -m benchmarks.skill

noise: setup ## a hundred sensor-years of each artefact and no water: how often the engine warns (ARGS="--sensors 5" is quick)
	@$(VENV)/python -m benchmarks.noise $(ARGS)

mutants: setup ## change each rule of the engine a little: does a level change, and does a test notice (ARGS="--share 0.1" is quick)
	@$(VENV)/python -m benchmarks.mutants $(ARGS)

speed: setup ## how many readings of a city the engine judges a second, on one core
	@$(VENV)/python -m benchmarks.engine_speed $(ARGS)

latency: setup ## from a gauge's publish to the warning, at 15,000 messages a second of city traffic (ARGS="--share 0.2" is mild)
	@$(VENV)/python -m benchmarks.warning_latency $(ARGS)

chaos: setup ## two hundred kills and forty restarts under load, and an audit by key; half an hour
	@$(VENV)/python -m benchmarks.chaos $(ARGS)

bench: setup ## how much ingest carries, beside its parts and the usual form; QUICK=1 takes under a minute
	@QUICK=$(QUICK) $(VENV)/python -m benchmarks.throughput

registry: setup ## a register of 75,000 devices: filled, followed, replayed into
	@$(VENV)/python -m benchmarks.registry

flood: setup ## what a device that floods costs the others, with its quota and without
	@$(VENV)/python -m benchmarks.flooding_device

receipts: setup ## kill broker, worker and database under devices that wait for receipts, many times (ROUNDS=100 is long)
	@RENCHENG_RECEIPTS_ROUNDS=$${ROUNDS:-30} $(VENV)/pytest --timeout 7200 tests/device_sims/test_store_and_forward.py

fuzz: setup ## a million messages that no device should send, beside good traffic; MESSAGES= and SEED= change them
	@MESSAGES=$(or $(MESSAGES),1000000) SEED=$(or $(SEED),1) $(VENV)/python -m benchmarks.fuzz

storage: setup ## what rollups cost the writing of readings, what the job takes, and what a question gains
	@$(VENV)/python -m benchmarks.storage

away: setup ## the database away for five minutes under 5,000 readings a second: memory, and is all there (SECONDS=300)
	@SECONDS=$(SECONDS) $(VENV)/python -m benchmarks.throughput.database_outage

up: setup ## start this checkout's TimescaleDB and Mosquitto
	@$(VENV)/rencheng stack up

down: setup ## stop them
	@$(VENV)/rencheng stack down

lint: setup ## ruff, types, import rules, generated documents
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy && $(VENV)/lint-imports && $(VENV)/rencheng reference --check

lock: setup ## write requirements/*.txt anew from requirements/*.in
	@bash requirements/lock.sh
