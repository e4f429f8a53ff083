# What one can do here. Everything is also described in README.md.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

SEEDS ?= 200
SOAK_SECONDS ?= 1800
RUNS ?= 20000
STATES ?= 20000000
DEMO ?=
KILL_POINTS := server/kill-points
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help setup run site test check fix release bench sim mutants models soak walk fuzz

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## install what building and testing need
	@scripts/setup.sh test

site: ## the browser half of the dashboard, into target/site
	@scripts/setup.sh run
	@scripts/build-web.sh

run: site ## three nodes on this machine (DEMO="--nodes 5" for other options)
	cargo build -p server
	$(TARGET)/debug/swish-cluster demo $(DEMO)

test: ## all tests, with the fixed seeds
	@scripts/setup.sh test
	@scripts/build-web.sh
	@# With the points at which tests/kills.rs kills it: armed by the environment only, and compiled
	@# once for all tests. The whole workspace: one package alone has other features.
	cargo build --workspace --bins --features $(KILL_POINTS)
	cp $(TARGET)/debug/swish-cluster $(TARGET)/debug/swish-cluster-kill-points
	cargo nextest run --workspace --features $(KILL_POINTS) --no-fail-fast
	cargo test --workspace --features $(KILL_POINTS) --doc --quiet

check: ## format, lints, documentation and dependency arrows; changes nothing
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy -p app --no-default-features --features hydrate -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet
	cargo test --workspace --test all --quiet -- architecture

fix: ## format, and let clippy repair what it can
	cargo fmt --all
	cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
	cargo fmt --all

release: site ## the program, with the dashboard inside
	cargo build --release -p server
	@ls -l $(TARGET)/release/swish-cluster

bench: site ## how fast saves, stores, gateway and chat are on this machine
	@# A page of the benchmark says more than a person may; the others measure what is installed.
	cargo build --release -p server --features unlimited
	cp $(TARGET)/release/swish-cluster $(TARGET)/release/swish-cluster-unlimited
	cargo build --release -p server
	cargo run --release -p tests --bin bench

sim: ## the simulator (SEEDS=1000 for more worlds)
	cargo run --release -p sim -- run --seeds $(SEEDS)

mutants: ## each rule of the protocol broken on purpose, and the promise that breaks with it
	cargo run --release -p sim -- mutants

soak: ## five real nodes in bad weather (SOAK_SECONDS=1800), held against their disks
	@scripts/setup.sh test
	cargo build --workspace --bins
	SWISH_CLUSTER_SOAK_SECONDS=$(SOAK_SECONDS) SWISH_CLUSTER_KILL_SEED=$$RANDOM \
	  cargo test --workspace --test all -- --nocapture namespaces

walk: ## two people on two real SWISHes in browsers (SWISH_HOME=…); pictures into docs/walk
	@scripts/setup.sh test
	cargo build --workspace --bins
	SWISH_CLUSTER_WALK=$(CURDIR)/docs/walk cargo test --workspace --test beside_swish -- --nocapture

models: ## every order of events of small stories (STATES=200000000 for deeper searches)
	cargo run --release -p models -- run --states $(STATES)
	cargo run --release -p models -- hunt --states $(STATES)

fuzz: ## the readers of terms, journals and packs on any bytes (RUNS=2000000 for more)
	@command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
	@# Without a sanitizer it needs no nightly toolchain, and there is no unsafe code. What is found
	@# goes to the target folder; the corpora change only by hand.
	@for target in terms journal packs; do \
	  found=$(abspath $(TARGET))/fuzz/$$target; mkdir -p $$found; \
	  (cd server/gitty && cargo fuzz run --sanitizer none $$target $$found fuzz/corpus/$$target -- \
	    -runs=$(RUNS) -max_len=4096 -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1); \
	done
