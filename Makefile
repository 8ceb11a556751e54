# `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV := .venv/bin

.PHONY: api-fuzz delivery help setup demo drill test test-long test-fast model transcript skill noise rain mutants speed latency bench chaos adversary away receipts flood registry fuzz storage bench-api up down lint lock

help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: .venv/.ready ## create the virtual environment from the hash-locked requirements
.venv/.ready: requirements/dev.txt requirements/setup.sh
	@bash requirements/setup.sh

demo: setup ## replay twelve recorded floods through all services and write a report
	@$(VENV)/rencheng demo $(ARGS)

drill: setup ## play a storm over simulated people and devices; fails if a step from warning to reopening was lost
	@$(VENV)/rencheng drill $(ARGS)

test: setup ## run all tests on real servers; fails if they take more than ten minutes
	@RENCHENG_TEST_BUDGET_S=$${RENCHENG_TEST_BUDGET_S:-600} \
	  $(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=1 -m "not long" $(ARGS)

test-long: setup ## run the tests that wait for real time or flood real servers (some minutes)
	@$(VENV)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m long $(ARGS)

test-fast: setup ## run the tests that need no server, in under a minute
	@RENCHENG_TEST_BUDGET_S=$${RENCHENG_TEST_BUDGET_S:-60} $(VENV)/pytest -q -n 2 --dist worksteal -m pure $(ARGS)

model: setup ## train the shipped forecast model again from all recorded streets
	@$(VENV)/python -m benchmarks.skill.training

transcript: setup ## write the golden transcripts of the engine again, after an intended change
	@$(VENV)/python -m benchmarks.transcript

skill: setup ## measure lead times, hits and false alarms on recorded floods, beside baselines
	@$(VENV)/python -m benchmarks.skill

rain: setup ## measure rain alone beside a plain rule, at a creek and in a made city, and nowcasts (ARGS="--seeds 1")
	@$(VENV)/python -m benchmarks.rain $(ARGS)

noise: setup ## count false alarms in a hundred dry sensor-years of each artefact (quick: ARGS="--sensors 5")
	@$(VENV)/python -m benchmarks.noise $(ARGS)

mutants: setup ## mutation test of the engine (quick: ARGS="--share 0.1")
	@$(VENV)/python -m benchmarks.mutants $(ARGS)

speed: setup ## measure how many readings per second the engine evaluates on one core
	@$(VENV)/python -m benchmarks.engine_speed $(ARGS)

latency: setup ## measure publish-to-warning latency at 15,000 messages/s (lighter: ARGS="--share 0.2")
	@$(VENV)/python -m benchmarks.warning_latency $(ARGS)

delivery: setup ## measure deliveries in a storm, a third of the subscribers failing for half an hour (ARGS="--minutes 2")
	@$(VENV)/python -m benchmarks.delivery $(ARGS)

chaos: setup ## kill and restart processes under load, then audit by key (half an hour)
	@$(VENV)/python -m benchmarks.chaos $(ARGS)

adversary: setup ## attack broker, API and services under memory limits while a city floods (ARGS="--seconds 60")
	@$(VENV)/python -m benchmarks.adversary $(ARGS)

bench: setup ## measure the throughput of ingest beside its peers (under a minute: QUICK=1)
	@QUICK=$(QUICK) $(VENV)/python -m benchmarks.throughput

registry: setup ## measure import, cache refresh and replay with a registry of 75,000 devices
	@$(VENV)/python -m benchmarks.registry

flood: setup ## measure the effect of a flooding device on the others, with a quota and without
	@$(VENV)/python -m benchmarks.flooding_device

receipts: setup ## kill broker, ingest and database under devices that wait for receipts (ROUNDS=30)
	@RENCHENG_RECEIPTS_ROUNDS=$${ROUNDS:-30} $(VENV)/pytest --timeout 7200 tests/device_sims/test_store_and_forward.py

fuzz: setup ## send a million malformed messages beside good traffic (MESSAGES=1000000 SEED=1)
	@MESSAGES=$(or $(MESSAGES),1000000) SEED=$(or $(SEED),1) $(VENV)/python -m benchmarks.fuzz

bench-api: setup ## measure the API beside the same SQL (READINGS=5000000 REPORTING=500 DEVICES=5000)
	@READINGS=$(READINGS) REPORTING=$(REPORTING) DEVICES=$(DEVICES) $(VENV)/python -m benchmarks.api

storage: setup ## measure the cost of rollups for writes and their gain for queries
	@$(VENV)/python -m benchmarks.storage

away: setup ## stop the database for five minutes at 5,000 readings/s; check memory and data (SECONDS=300)
	@SECONDS=$(SECONDS) $(VENV)/python -m benchmarks.throughput.database_outage

up: setup ## start the TimescaleDB and Mosquitto of this checkout
	@$(VENV)/rencheng stack up

down: setup ## stop them (data stays)
	@$(VENV)/rencheng stack down

lint: setup ## check style, types, import rules and generated documents
	@$(VENV)/ruff check . && $(VENV)/ruff format --check . && $(VENV)/mypy && $(VENV)/lint-imports && $(VENV)/rencheng reference --check

api-fuzz: setup ## generated requests to every route of the API, with and without a key (some minutes)
	@API_FUZZ_EXAMPLES=$${API_FUZZ_EXAMPLES:-100} $(VENV)/pytest -q tests/api/test_schema.py

lock: setup ## lock requirements/*.in to requirements/*.txt
	@bash requirements/lock.sh
