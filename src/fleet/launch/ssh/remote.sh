#!/bin/sh
# Runs on a node: remote.sh FOLDER NODE. Waits for the run in FOLDER, which it starts unless one lasts or has ended there, and
# writes its results to the standard output, as tar.
set -u
far=$1
node=$2
run=$far/run
assay={{assay}}

if [ "${3:-}" = measure ]; then
    timeout -k {{grace}} {{seconds}} "$assay" run --contract "$far"/{{contract}} --node "$node" --out "$run"{{key}}{{arguments}}
    code=$?
    # How far a run came that died is signed, and is evidence too.
    if [ -e "$run/events.jsonl" ] && [ ! -e "$run/report.dsse.json" ]; then
        "$assay" seal "$run" --contract "$far"/{{contract}}{{key}}
    fi
    mkdir -p "$run"
    echo "$code" >"$run/code"
    exit 0
fi

# The number alone may be another program's by now; one that has ended has no command line.
lasts() {
    [ -s "$far/pid" ] && { tr '\0' ' ' <"/proc/$(cat "$far/pid")/cmdline"; } 2>/dev/null | grep -qF "$far/remote.sh"
}

# A program that is just being started has no command line for a moment: it has ended where it has none a second later either.
ended() {
    ! lasts && sleep 1 && ! lasts
}

if [ ! -e "$run/code" ] && ended; then
    rm -rf "$run"
    nohup sh "$far/remote.sh" "$far" "$node" measure </dev/null >"$far/said.txt" 2>&1 &
    echo "$!" >"$far/pid"
fi
until ended; do
    sleep 1
done
cat "$far/said.txt" >&2
if [ ! -e "$run/code" ]; then
    echo "the run ended without a word" >&2
    exit 4
fi
exec tar -cf - -C "$run" .
