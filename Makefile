# make demo    install what is missing, build, read the samples, search them
# make test    install what is missing, run all tests
# make bench   pages per minute, by stage
# make lint    format, clippy, licences

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# rustup puts cargo here; a shell opened before its installation does not know that yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help deps demo test bench lint clean-demo

help:
	@sed -n 's/^# make /make /p' Makefile

deps:
	@scripts/install-deps.sh

demo: deps
	cargo build --release --locked
	@scripts/demo.sh

test:
	@scripts/install-deps.sh --tests
	@scripts/install-readers.sh
	cargo test --locked

bench: deps
	cargo bench --locked

lint: deps
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then \
	  cargo deny --locked check licenses bans sources; \
	else \
	  echo "cargo-deny is not installed, so licences were not checked; install it with: cargo install cargo-deny --locked"; \
	fi

clean-demo:
	rm -rf warraq-archive-demo
