#!/bin/sh
# Every check that needs a GPU, and what came of it, in results/<gpu>/<date>/. Fails where there is no GPU, or where a check does.
# ASSAY and ASSAY_TESTS are the binaries to use (default: both are built here), OUT is where results go, KEY signs them;
# RUNS and PROFILE, with ARGUMENTS for every run, PROOF (for how long to prove work, or "no") and HOLD (how much memory, such as
# "1 GB") make it shorter. ACCEPTANCE is the contract of the run under load, SOAK for how long that is (10s at least, or "no").
# TORCH is a Python that has PyTorch, to compare products with cuBLASLt's.
set -eu

results=${OUT:-results}
runs=${RUNS:-10}
profile=${PROFILE:-standard}
proof=${PROOF:-60s}
torch=${TORCH:-python3}
soak=${SOAK:-7m}
acceptance=${ACCEPTANCE:-$(dirname "$0")/data/acceptance.toml}
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
# Tests that start the program start this one; they may have been built elsewhere.
ASSAY_TEST_PROGRAM=$(cd "$(dirname "$ASSAY")" && pwd)/$(basename "$ASSAY")
export ASSAY_TEST_PROGRAM

# The first GPU: what it calls itself and its driver. Keys are sorted, so that the kind comes after both.
value() { sed -n "s/^ *\"$1\": \"\(.*\)\",\{0,1\}\$/\1/p"; }
"$ASSAY" list --json >"$log/list" || true
gpu=$(awk '/"driver":/ { d = $0 } /"name":/ { n = $0 } /"kind": "hardware"/ { print d; print n; exit }' "$log/list")
[ -n "$gpu" ] || die "no GPU here; '$ASSAY doctor' says what is missing"
name=$(echo "$gpu" | value name)
driver=$(echo "$gpu" | value driver)
# The memory of the smallest, and 95 % of that.
bytes=$(awk '/"memory_bytes":/ { m = $2 + 0 } /"kind": "hardware"/ { k = 1 } /"selector":/ { if (k && m && (!l || m < l)) l = m; k = 0 } END { printf "%.0f", l }' "$log/list")
share() { echo "$bytes" | awk -v of="$1" '{ printf "%.0f B", $1 * of }'; }
hold=${HOLD:-$(share 0.95)}
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

# What the libraries of the card's vendor do, where they are: as our own kernels.
devices=$(grep -c '"kind": "hardware"' "$log/list" || true)
if ! grep -q '"cublaslt_path"' "$log/list"; then
    say "| products by cuBLASLt | NOT RUN: it is not here, see below |"
else
    check "products by cuBLASLt" tested "$ASSAY_TESTS" --include-ignored hardware::by_library_products
fi
if [ "$devices" -lt 2 ] || ! grep -q '"nccl_path"' "$log/list"; then
    say "| collectives by NCCL | NOT RUN: $devices devices, and what else is missing see below |"
else
    check "collectives by NCCL" tested "$ASSAY_TESTS" --include-ignored hardware::by_library_collectives
fi

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

# Seven minutes of full load after all else, judged by what any healthy card meets.
accept() {
    sed -e "s/\"7 min\"/\"$(echo "$soak" | sed 's/\([0-9]\) *m$/\1 min/')\"/" -e "s/\"8 GB\"/\"${HOLD:-$(share 0.90)}\"/" \
        "$acceptance" >"$folder/acceptance.toml"
    # Where probes are named, the load is one of them.
    case " ${ARGUMENTS:-}" in *" --probe "*) load="--probe sustain" ;; *) load= ;; esac
    # shellcheck disable=SC2086 # several words on purpose
    "$ASSAY" run --profile acceptance --soak "$soak" --contract "$folder/acceptance.toml" --key "$KEY" --out "$folder/acceptance" \
        --format html --format csv ${ARGUMENTS:-} $load
}
if [ "$soak" = no ]; then
    say "| ten minutes of acceptance, under load | NOT RUN, as asked |"
else
    check "ten minutes of acceptance, under load" accept
    check "verify acceptance" verifies "$folder/acceptance"
fi

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

check "whole reports" tested "$ASSAY_TESTS" --include-ignored --skip deep --skip by_library hardware::

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

# missing FOLDER: what has no figure in the run there, on which device ("null" is the node), and why; then what nothing tried to measure.
missing() {
    # Nothing that is quoted may end a cell.
    tr '|' '/' <"$1/events.jsonl" >"$log/events"
    sed -n 's/.*"device":\([0-9a-z]*\),"event":"absent".*"metric":"\([^"]*\)","reason":{\(.*\)}}}$/| \2 | \1 | \3 |/p' "$log/events" |
        sed 's/"kind":"\([a-z_]*\)".*"why":"\(.*\)"}*/\1: \2/' | tee "$log/tried"
    "$ASSAY" list --metrics | awk 'NR > 1 && $2 != "text" { print $1 }' >"$log/metrics"
    awk -v tried="$log/tried" -v table="$1/report.csv" '
        BEGIN {
            while ((getline line < tried) > 0) { split(line, part, " "); known[part[2]] }
            while ((getline line < table) > 0) { count = split(line, part, ","); for (i = 1; i <= count; i++) known[part[i]] }
        }
        !($1 in known) { family = $1; sub(/\..*/, "", family); if (!(family in all)) order[++n] = family; all[family] = all[family] " " $1 }
        END { for (i = 1; i <= n; i++) printf "| %s | | nothing tried to measure it in this run |\n", substr(all[order[i]], 2) }' "$log/metrics"
    # Whether a library was looked for, and what is to be known of figures that there are.
    grep -o '"no_[a-z]*":"[^"]*"' "$log/events" | sort -u | sed 's/"\([^"]*\)":"\(.*\)"/| \1 | | \2 |/'
    sed -n 's/.*"device":\([0-9a-z]*\),"event":"measured","data":{"metric":"\([^"]*\)".*"caveat":"\([^"]*\)".*/| \2 | \1 | measured, but: \3 |/p' "$log/events"
}
if [ -e "$folder/run-1/events.jsonl" ]; then
    say
    say "What run 1 has no figure for:"
    say
    say "| metric | device | why |"
    say "| --- | --- | --- |"
    missing "$folder/run-1" | tee -a "$notes"
fi

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
