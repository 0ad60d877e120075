# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.

.PHONY: demo test kills lint build bench picture clean

# A sample system on loopback, and the dashboard on it. SCENARIO=pool-exhaustion makes trouble after 15 s.
demo: build
	@target/release/quarterdeck demo $(if $(SCENARIO),--scenario $(SCENARIO))

build:
	@.ci/setup demo
	@echo "building quarterdeck (the first time takes some minutes)"
	@cargo build --locked --release --bin quarterdeck

test:
	@.ci/setup test
	$(MAKE) lint
	@mkdir -p target && rm -f target/skipped.txt
	@status=0; \
	QUARTERDECK_SKIPPED="$(CURDIR)/target/skipped.txt" cargo test --locked --no-fail-fast -- --format terse || status=$$?; \
	if [ -s target/skipped.txt ]; then echo; echo "not run on this machine:"; sort -u target/skipped.txt; fi; \
	exit $$status

# The program and its audit, killed at random moments: KILLS of each kind, many more than `make test` has time for.
KILLS ?= 500
kills:
	@.ci/setup test
	KILLS=$(KILLS) cargo test --locked --test safety -- kills:: --nocapture
	KILLS=$(KILLS) cargo test --locked --test audit -- kills::

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

bench:
	cargo bench --locked

# The pictures of the README, made from the running program.
picture:
	@.ci/setup demo
	cargo build --locked
	cargo run --locked --example picture

clean:
	cargo clean
