# The commands that people and CI use. `make demo` and `make test` set up what they need themselves.
CARGO ?= cargo
FUZZ_SECONDS ?= 600
VENV := target/venv
PROMTOOL := target/promtool
# Where cargo looks for a program that is to run test binaries.
RUNNER = CARGO_TARGET_$(shell rustc -vV | sed -n 's/^host: //p' | tr a-z- A-Z_)_RUNNER

.PHONY: demo demo-proof release test matrix-units lint kernels kernels-check fuzz fuzz-smoke bench study faults mutants hardware clean

# The binary that the demos show. Another than this is taken as it is.
ASSAY = target/release/assay
BUILT = $(if $(filter target/release/assay,$(ASSAY)),$(CARGO) build --release)

# Measures the device that this machine has, judges it by an example contract, signs, verifies.
demo:
	sh tests/setup.sh vulkan
	$(BUILT)
	sh tests/demo.sh $(ASSAY)

# Challenges that device, times it, asks it, checks the proof, and shows what a witness on the same machine is worth.
demo-proof:
	sh tests/setup.sh vulkan
	$(BUILT)
	sh tests/demo_proof.sh $(ASSAY)

# The binary for machines of any age, of this kind of processor or another (ARCH=aarch64): see tests/portable.sh.
ARCH = x86_64
release:
	sh tests/portable.sh target/zig-venv $(ARCH)

# One more at a time than there are cores: some tests wait for minutes, such as until Slurm gives a dead node up.
THREADS = $(shell expr $$(nproc) + 1)

# Everything that must hold, on a machine without a GPU.
test:
	sh tests/setup.sh vulkan required
	sh tests/setup.sh openssl
	sh tests/setup.sh cuda
	sh tests/setup.sh venv $(VENV)
	sh tests/setup.sh promtool $(PROMTOOL)
	sh tests/setup.sh slurm
	sh tests/setup.sh shellcheck
	PATH="$(abspath $(PROMTOOL)):$$PATH" ASSAY_TEST_PYTHON=$(abspath $(VENV))/bin/python \
		$(CARGO) test -- --test-threads=$(THREADS) --include-ignored --skip hardware:: --skip matrix_units
	$(MAKE) matrix-units

# Products on matrix units, on a software driver that has them. It is fetched from Debian's unstable release, which is
# not always whole, so that not having it is said, and is no error.
matrix-units:
	@if tests/adapters.sh sid; then \
		$(RUNNER)=$(abspath target/adapters/sid/run) $(CARGO) test --lib --test it -- --include-ignored matrix_units; \
	else \
		echo "SKIPPED: products on matrix units, which need a driver that tests/adapters.sh could not fetch"; \
	fi

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	$(CARGO) clippy --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items

# Compiles the CUDA kernels with pinned compilers into kernels/built, which is committed; see kernels/README.md.
kernels:
	sh tests/setup.sh cuda
	python3 kernels/build.py

# Builds them elsewhere, compares every byte, asserts the machine code.
kernels-check:
	sh tests/setup.sh cuda
	python3 kernels/build.py --check

# Every parser against malformed input: ten minutes each, or a short look at each.
fuzz:
	sh tests/fuzz.sh $(FUZZ_SECONDS)
fuzz-smoke:
	sh tests/fuzz.sh 3

# Our own overhead and the verifier's speed; see benches/README.md for the comparison with peers.
bench:
	$(CARGO) bench

# How often sequential decisions err on simulated devices, and how long they take: writes results/decisions/study.md.
study:
	$(CARGO) bench --bench decisions

# How soon a load kept up tells a sick simulated card from a healthy one: writes results/faults/study.md. Half an hour.
faults:
	$(CARGO) bench --bench faults

# Takes each check of proofs away, one at a time, and fails where no test notices: writes results/proofs/mutants.md. Half an hour.
mutants:
	python3 tests/mutants.py results/proofs/mutants.md

# Every check that needs a GPU, on a machine that has one, written down in results/. Fails where there is none.
hardware:
	sh tests/hardware.sh
