#!/bin/sh
# Every check that needs a GPU, and what came of it, in results/<gpu>/<date>/. Fails where there is no GPU, or where a check does.
# ASSAY and ASSAY_TESTS are the binaries to use (default: both are built here), OUT is where results go, KEY signs them;
# RUNS and PROFILE, with ARGUMENTS for every run, PROOF (for how long to prove work, or "no") and HOLD (how much memory, such as
# "1 GB") make it shorter. TORCH is a Python that has PyTorch, to compare products with cuBLASLt's.
set -eu

results=${OUT:-results}
runs=${RUNS:-10}
profile=${PROFILE:-standard}
proof=${PROOF:-60s}
torch=${TORCH:-python3}
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT

die() {
    echo "hardware: $1" >&2
    exit 1
}

if [ -z "${ASSAY:-}" ]; then
    cargo build --release
    ASSAY=target/release/assay
fi
if [ -z "${ASSAY_TESTS:-}" ]; then
    # The path of the test binary is the last thing that cargo says of it.
    ASSAY_TESTS=$(cargo test --release --test it --no-run 2>&1 | sed -n 's/.*(\(.*\))$/\1/p' | tail -n 1)
    cargo build --release --examples
fi
[ -x "$ASSAY" ] || die "$ASSAY is no program"
[ -x "$ASSAY_TESTS" ] || die "$ASSAY_TESTS is no program"

# The first GPU: what it calls itself and its driver. Keys are sorted, so that the kind comes after both.
value() { sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"; }
"$ASSAY" list --json >"$log/list" || true
gpu=$(awk '/"driver":/ { d = $0 } /"name":/ { n = $0 } /"kind": "hardware"/ { print d; print n; exit }' "$log/list")
[ -n "$gpu" ] || die "no GPU here; '$ASSAY doctor' says what is missing"
name=$(echo "$gpu" | value name)
driver=$(echo "$gpu" | value driver)
# 95 % of the memory of the smallest.
bytes=$(awk '/"memory_bytes":/ { m = $2 + 0 } /"kind": "hardware"/ { k = 1 } /"selector":/ { if (k && m && (!l || m < l)) l = m; k = 0 } END { printf "%.0f", l * 0.95 }' "$log/list")
hold=${HOLD:-$bytes B}
[ "$hold" != "0 B" ] || die "the GPU does not say how much memory it has; set HOLD"

# The driver for tests has no GPU behind it: nothing of it may ever lie among results.
case "$name" in
*"no GPU"*)
    case "/$results/" in
    */results/*) die "$name is not hardware; set OUT to a folder that is not called results" ;;
    esac
    hardware=no
    ;;
*) hardware=yes ;;
esac
folder=$results/$(echo "$name" | tr 'A-Z' 'a-z' | tr -cs 'a-z0-9\n' '-' | sed 's/^-*//; s/-*$//')/$(date -u +%Y-%m-%d)
[ ! -e "$folder" ] || die "$folder is there already"
mkdir -p "$folder"
[ "$hardware" = yes ] || echo "Made by $name: this is not hardware." >"$folder/NOT-HARDWARE"

notes=$folder/notes.md
say() { printf '%s\n' "$*" | tee -a "$notes"; }
failed=0
# check WHAT COMMAND: runs it, keeps what it says, and notes whether it passed.
check() {
    what=$1
    shift
    if "$@" >"$log/out" 2>&1; then
        say "| $what | pass |"
    else
        say "| $what | FAIL |"
        failed=1
        cp "$log/out" "$folder/$(echo "$what" | tr -cs 'a-z0-9\n' '-').log"
    fi
}

# Runs tests. A filter that fits none of them is no pass.
tested() {
    "$@" >"$log/tests" 2>&1 && ended=0 || ended=$?
    cat "$log/tests"
    [ "$ended" = 0 ] && grep -q '^test result: ok\. [1-9]' "$log/tests"
}

# Nothing was judged, so that the exit code is that of no verdict: what counts is that signature and recomputation hold.
verifies() {
    "$ASSAY" verify "$1/report.dsse.json" --trust "$1/signer.pub.pem" --json >"$log/verified" || true
    cat "$log/verified"
    grep -q '"holds": *true' "$log/verified"
}

say "# $name, $(date -u +%Y-%m-%d)"
say
say "$driver; $("$ASSAY" --version); $runs runs of the $profile profile, made by tests/hardware.sh."
[ "$hardware" = yes ] || say "**Not hardware.**"
say
say "| check | outcome |"
say "| --- | --- |"

families="hashes places memory ceilings products"
for family in $families; do
    check "conformance: $family" tested "$ASSAY_TESTS" --skip matrix_units "conformance::$family"
done

check "deep products" tested "$ASSAY_TESTS" --include-ignored hardware::deep

if [ -z "${KEY:-}" ]; then
    KEY=$log/key.pem
    "$ASSAY" key new "$KEY" >/dev/null
fi
run=1
while [ "$run" -le "$runs" ]; do
    out=$folder/run-$run
    # shellcheck disable=SC2086 # several words on purpose
    check "run $run" "$ASSAY" run --measure-only --profile "$profile" --key "$KEY" --out "$out" --format csv ${ARGUMENTS:-}
    check "verify $run" verifies "$out"
    run=$((run + 1))
done
# The first run stands for the folder.
for file in report.dsse.json signer.pub.pem events.jsonl; do
    [ ! -e "$folder/run-1/$file" ] || cp "$folder/run-1/$file" "$folder/$file"
done

# How it ends says what the cards are worth; that what is signed follows from the report is what is checked.
certified() {
    "$ASSAY" certify --report "$folder/run-1/report.dsse.json" --trust "$folder/run-1/signer.pub.pem" --key "$KEY" \
        --out "$folder/inventory" || true
    "$ASSAY" verify "$folder/inventory/inventory.dsse.json" --trust "$folder/run-1/signer.pub.pem" --json >"$log/verified" || true
    grep -q '"holds": *true' "$log/verified" && grep -q '"report_checked": *true' "$log/verified"
}
check "an inventory certificate of run 1" certified
cat "$log/out"

# Work and memory, proved to a witness on this machine; the transcript goes beside the proof.
prove() {
    "$ASSAY" challenge new --key "$KEY" --gpus 1 --at-least "$proof" --memory "$hold" --out "$log/challenge" &&
        "$ASSAY" witness --challenge "$log/challenge" --key "$KEY" --out "$folder/proof" -- \
            "$ASSAY" prove --challenge "$log/challenge" &&
        "$ASSAY" verify "$folder/proof/proof.dsse.json" --trust "$folder/proof/signer.pub.pem"
}
if [ "$proof" = no ]; then
    say "| a proof of work and memory | NOT RUN, as asked |"
else
    export XDG_STATE_HOME="$log/state"
    check "a proof of $proof of work and $hold of memory, checked twice" prove
    cat "$log/out"
fi

cublas() {
    "$torch" "$(dirname "$0")/../benches/versus_cublas.py" >"$folder/cublas.md"
}
if "$torch" -c 'import torch; exit(torch.cuda.get_device_capability() != (9, 0))' >/dev/null 2>&1; then
    check "products beside cuBLASLt's, in cublas.md" cublas
else
    say "| products beside cuBLASLt's | NOT RUN: $torch has no PyTorch, or the GPU is not of compute capability 9.0 |"
fi

check "whole reports" tested "$ASSAY_TESTS" --include-ignored --skip deep hardware::

# ratio OF TO: the medians of one metric over those of another in every run and on every device: middle, least, most.
# The metric is found by its dots, since names of devices may hold commas; its median is the sixth column from there.
ratio() {
    for table in "$folder"/run-*/report.csv; do
        awk -F, -v of="$1" -v to="$2" '
            { for (i = 2; i <= NF; i++) if ($i == of) a[$1] = $(i + 5); else if ($i == to) b[$1] = $(i + 5) }
            END { for (device in a) if (b[device] > 0) print a[device] / b[device] }' "$table"
    done 2>/dev/null | sort -n | awk -v of="$1" -v to="$2" '
        { all[NR] = $1 }
        END {
            if (NR) printf "| %s : %s | %.3f | %.3f .. %.3f |\n", of, to, all[int((NR + 1) / 2)], all[1], all[NR]
            else printf "| %s : %s | NOT MEASURED | |\n", of, to
        }'
}
say
say "| ratio | median | min .. max |"
say "| --- | --- | --- |"
{
    for kind in copy triad; do
        ratio "stream.$kind.rate" stream.driver_copy.rate
    done
} | tee -a "$notes"

# Last, since it takes longest.
say
say "| check of every access | outcome |"
say "| --- | --- |"
if command -v compute-sanitizer >/dev/null 2>&1; then
    for family in $families; do
        for tool in memcheck racecheck synccheck initcheck; do
            check "compute-sanitizer $tool: $family" tested compute-sanitizer --tool "$tool" --error-exitcode 1 \
                "$ASSAY_TESTS" --skip matrix_units "conformance::$family"
        done
    done
else
    say "| compute-sanitizer | NOT RUN: it is not installed here |"
fi

echo "hardware: everything lies in $folder; name it in results/README.md to keep it"
[ "$failed" = 0 ] || die "a check failed, see $notes"
