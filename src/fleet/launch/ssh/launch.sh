#!/bin/sh
# Measures every node of nodes.txt over ssh, {{parallel}} at a time, and brings the results back. Options are handed on to ssh:
# sh launch.sh -l ubuntu -i key. Written by `assay fleet launch ssh`. Ends with 0 where every node finished, else with 1 and
# the names of those that did not.
# A run does not end with its connection, nor with this: started again, it waits for runs that still last, and brings their
# results.
set -u
here=$(cd "$(dirname "$0")" && pwd -P) || exit 4
results={{results}}
for tool in ssh tar xargs timeout; do
    command -v "$tool" >/dev/null || {
        echo "this needs $tool, which is not installed here" >&2
        exit 4
    }
done
mkdir -p "$results" || exit 4
state=$(mktemp -d) || exit 4
trap 'rm -rf "$state"' EXIT
# Each node writes its process and how it ended into files of its name. A shell that waits hears a signal at once, and what it
# has started in the background hears none from the keyboard.
xargs=
# shellcheck disable=SC2317 # the traps call it
stop() {
    # First what would start others.
    [ -z "$xargs" ] || kill "$xargs" 2>/dev/null
    for pid in "$state"/*.pid; do
        [ ! -e "$pid" ] || kill "$(cat "$pid")"
    done 2>/dev/null
    echo "stopped. Runs that nodes have begun go on there: start this again to wait for them and to bring their results" >&2
    exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM HUP
xargs -P {{parallel}} -I '{}' sh "$here/node.sh" "$state" '{}' "$@" <"$here/nodes.txt" &
xargs=$!
wait "$xargs"

finished=0
missing=
while read -r node; do
    if [ "$(cat "$state/$node.ended" 2>/dev/null)" = finished ]; then
        finished=$((finished + 1))
    else
        missing="$missing $node"
    fi
done <"$here/nodes.txt"
echo "$finished nodes finished; results are in $results"
if [ -n "$missing" ]; then
    echo "not finished:$missing" >&2
    exit 1
fi
