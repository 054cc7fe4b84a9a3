#!/bin/sh
# Runs on a node: remote.sh FOLDER NODE. Waits for the run in FOLDER, which it starts unless one lasts or has ended there, and
# writes its results to the standard output, as tar, beside those of runs that died before it.
set -u
far=$1
node=$2
results=$far/results
run=$results/run
assay={{assay}}

# How far a run came that died is signed, and is evidence too.
seal() {
    if [ -e "$run/events.jsonl" ] && [ ! -e "$run/report.dsse.json" ]; then
        "$assay" seal "$run" --contract "$far"/{{contract}}{{key}} >&2
    fi
}

# Says that a run has ended here, and with what.
ended_with() {
    seal
    mkdir -p "$run"
    echo "$1" >"$results/code"
}

# A run that died with its node makes room for another, and is not forgotten.
put_aside() {
    [ -e "$run" ] || return 0
    seal
    number=1
    while [ -e "$results/died-$number" ]; do
        number=$((number + 1))
    done
    mv "$run" "$results/died-$number"
}

if [ "${3:-}" = measure ]; then
    put_aside || exit 4
    timeout -k {{grace}} {{seconds}} "$assay" run --contract "$far"/{{contract}} --node "$node" --out "$run"{{key}}{{arguments}}
    ended_with $?
    exit 0
fi

# The number alone may be another program's by now; one that has ended has no command line.
lasts() {
    [ -s "$far/pid" ] &&
        { tr '\0' ' ' <"/proc/$(cat "$far/pid")/cmdline"; } 2>/dev/null | grep -qF "$far/remote.sh $far $node measure"
}

# A program that is just being started has no command line for a moment: it has ended where it has none a second later either.
ended() {
    ! lasts && sleep 1 && ! lasts
}

if [ ! -s "$results/code" ] && ended; then
    nohup sh "$far/remote.sh" "$far" "$node" measure </dev/null >"$far/said.txt" 2>&1 &
    echo "$!" >"$far/pid"
fi
until ended; do
    sleep 1
done
cat "$far/said.txt" >&2
if [ ! -s "$results/code" ]; then
    echo "the run ended without a word" >&2
    ended_with 4
fi
exec tar -cf - -C "$results" .
