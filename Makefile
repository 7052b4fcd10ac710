# The commands of this project; `make` alone lists them.
SHELL := bash
.DEFAULT_GOAL := help

.PHONY: help demo web test test-web test-api test-crash test-fault restore-drill test-infra infra-pictures lint fmt fuzz bench bench-http bench-bulk bench-load bench-soak bench-start openapi deny advisories sbom clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

web: ## Build the web application, which is embedded in the binary
	scripts/build-web.sh

demo: ## Build, start on the embedded database, and show a scored sample portfolio
	scripts/build-web.sh & web=$$!; cargo build --locked -p accunode && wait $$web
	node scripts/demo.mjs

test: ## Install what is missing, start private services, run every check and test
	scripts/test.sh

test-web: ## Test the web application in a browser, screen by screen and journey by journey (installs Chromium)
	scripts/test-web.sh

test-api: ## Send generated and rough requests to every operation as each role (installs Schemathesis)
	scripts/test-api.sh

test-crash: ## Twenty rounds of random crashes under load, and one drill of each fault (needs PostgreSQL and Redis; root for the full disk)
	ACCUNODE_REQUIRE_SERVICES=1 ACCUNODE_DRILL_ROUNDS=$${ACCUNODE_DRILL_ROUNDS:-20} cargo nextest run --locked --workspace -E 'binary(drills)' --no-capture

test-fault: ## Let faults of the database, Redis, the disk, the clock and clients happen, and print what they did (10 minutes)
	scripts/test-fault.sh

restore-drill: ## Destroy a PostgreSQL of ROWS (20,000) predictions and restore it to a point in time; prints RTO and RPO
	scripts/restore-drill.sh --rows $${ROWS:-20000}

test-infra: ## Check everything under deploy/ (Terraform and a mirror of its provider; half an hour; installs moto and checkov)
	scripts/test-infra.sh

infra-pictures: ## Draw the pictures of both stacks in docs/operations.md
	bash deploy/tests/terraform.sh --pictures

lint: ## Formatting, lints and types of the whole workspace and of the web application
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	scripts/build-web.sh --check

fmt: ## Format everything
	cargo fmt --all

fuzz: ## Fuzz each parser of what comes from outside for a minute (needs a nightly toolchain; installs cargo-fuzz)
	fuzz/run.sh

bench: ## Compare the scoring engine with LightGBM's own predictor and lleaves
	bench/run.sh

bench-http: ## Measure the server with a million predictions beside one that says hello (installs wrk; 8 minutes)
	bench/http/run.sh

bench-bulk: ## Measure uploads of up to a million rows beside plain inserts (installs PostgreSQL and Redis; 20 minutes)
	bench/bulk/run.sh

bench-load: ## Measure 500 to 2,000 people at screens on one server and one worker, then ever busier ones (an hour)
	bench/load/run.sh

bench-soak: ## Twenty minutes of a thousand people: memory, file handles and connections must stay level
	bench/load/run.sh --soak

bench-start: ## Measure the start on a filled database, memory at rest and the size of the program
	bench/start/run.sh

openapi: ## Write the API document that the tests compare with
	cargo run --locked -q -p accunode -- openapi > docs/openapi.json

deny: ## Licences, duplicates and banned crates (needs cargo-deny)
	cargo deny check licenses bans sources

advisories: ## Known weaknesses of crates and packages (needs cargo-deny and the network; says so where it cannot)
	scripts/advisories.sh

sbom: ## Write what the program and the web application are made of to target/sbom (CycloneDX)
	scripts/sbom.sh

clean: ## Remove what building and running made
	cargo clean
	rm -rf .demo bench/.venv bench/made web/node_modules web/dist/* web/src/lib/api/made
