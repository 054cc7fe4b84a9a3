#!/bin/sh
# Measures every node of nodes.txt over ssh, {{parallel}} at a time, and brings the results back. Options are handed on to ssh:
# sh launch.sh -l ubuntu -i key. Written by `assay fleet launch ssh`. Ends with 0 where every node finished, else with 1 and
# the names of those that did not.
# A run does not end with its connection: started again, this waits for runs that still last, and brings their results.
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
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Each node writes how it ended into a file of its name.
xargs -P {{parallel}} -I '{}' sh "$here/node.sh" "$state" '{}' "$@" <"$here/nodes.txt"

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
