#!/bin/sh
# Runs every fuzz target for some seconds: fuzz.sh SECONDS [TARGET]...
# Works with the stable toolchain: the compiler's own coverage pass is switched on by flags, for the target only.
# What was learnt stays in target/fuzz/corpus; an input that fails is left in target/fuzz/artifacts, and
# `target/fuzz/<host>/release/TARGET FILE` runs it again.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz.sh SECONDS [TARGET]...}
shift
if [ $# = 0 ]; then
    set -- $(ls tests/fuzz/targets | sed 's/\.rs$//')
fi

host=$(rustc -vV | sed -n 's/^host: //p')
flags="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
flags="$flags -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
flags="$flags -Cllvm-args=-sanitizer-coverage-trace-compares -Clink-dead-code --cfg fuzzing"
RUSTFLAGS="$flags" "${CARGO:-cargo}" build --quiet --release --locked --manifest-path tests/fuzz/Cargo.toml \
    --target "$host" --target-dir target/fuzz

failed=
for target in "$@"; do
    mkdir -p "target/fuzz/corpus/$target" "target/fuzz/artifacts/$target"
    echo "fuzz: $target for $seconds s"
    # Seeds are read only; new inputs go to the corpus, which comes first. The vectors of the other tests are seeds.
    case $target in
    contract) seeds=tests/data/contracts ;;
    envelope) seeds=tests/data/envelopes ;;
    keys) seeds=tests/data/keys ;;
    overlay) seeds=src/catalogue/overlay ;;
    *) seeds=tests/fuzz/seeds/$target ;;
    esac
    if ! "target/fuzz/$host/release/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 \
        -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 -artifact_prefix="target/fuzz/artifacts/$target/" \
        "target/fuzz/corpus/$target" "$seeds" >"target/fuzz/$target.log" 2>&1; then
        failed="$failed $target"
        tail -30 "target/fuzz/$target.log"
    fi
    grep -E "number_of_executed_units|new_units_added" "target/fuzz/$target.log" || true
done
[ -z "$failed" ] || { echo "fuzz: failed:$failed" >&2; exit 1; }
