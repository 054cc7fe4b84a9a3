#!/bin/sh
# Measures one node over ssh: node.sh STATE NODE [SSH OPTIONS]. launch.sh calls it.
set -u
here=$(cd "$(dirname "$0")" && pwd -P) || exit 4
state=$1
node=$2
shift 2
results={{results}}/$node
# On the node, below the home directory.
far=.assay-launch/{{id}}/$node
mkdir -p "$results" || exit 4
exec 2>>"$results/ssh.txt"
say() {
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $node: $1" | tee -a "$results/ssh.txt"
}

# What is on its standard input goes to the node. Nobody types passwords here, and a host that went away is noticed.
far() {
    command=$1
    shift
    exec timeout -k 10 {{connection}} ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 \
        -o ServerAliveCountMax=4 "$@" "$node" "exec sh -c '$command'"
}

# What lasts is started in the background, so that launch.sh can end it.
child=
brought=
# shellcheck disable=SC2317 # the trap calls it
stop() {
    [ -z "$child" ] || kill "$child" 2>/dev/null
    [ -z "$brought" ] || rm -rf "$brought"
    exit 143
}
trap stop TERM HUP
echo "$$" >"$state/$node.pid" || exit 4

# How that ends which was started last.
end() {
    child=$!
    wait "$child"
    set -- $?
    child=
    return "$1"
}

# Gives each run that the node sent a directory of its own, once all of it is here, and says what assay ended with there.
unpack() {
    brought=$(mktemp -d "$results/.brought-XXXXXX") || return 1
    # A node sends files alone: links and pipes lead whoever reads them elsewhere, or nowhere.
    if ! tar -xf "$state/$node.tar" -C "$brought" ||
        ! find "$brought" ! -type f ! -type d -exec rm -f '{}' + ||
        ! code=$(cat "$brought/code"); then
        rm -rf "$brought"
        return 1
    fi
    number=1
    for run in "$brought"/died-* "$brought/run"; do
        [ -d "$run" ] || continue
        while [ -e "$results/run-$number" ]; do
            number=$((number + 1))
        done
        mv "$run" "$results/run-$number" || return 1
    done
    run=$results/run-$number
    rm -rf "$brought"
}

try=1
while :; do
    tar -cf - -C "$here" {{contract}} remote.sh |
        far "mkdir -p $far && tar -xf - -C $far && exec sh $far/remote.sh $far $node" "$@" >"$state/$node.tar" &
    end
    connection=$?
    if [ "$connection" -eq 124 ]; then
        say "no end in time, and no answer"
        break
    elif [ "$connection" -ne 0 ]; then
        say "try $try failed: ssh ended with $connection, see $results/ssh.txt"
    elif ! unpack; then
        say "try $try failed: what the node sent could not be unpacked in $results, see $results/ssh.txt"
    else
        far "rm -rf $far" "$@" </dev/null &
        end
        say "try $try ended with $code, see $run"
        case $code in
        0 | 1 | 3 | 5)
            echo finished >"$state/$node.ended"
            break
            ;;
        # The command line or a file is wrong, or the time was up: the same would come of it again.
        2 | 124) break ;;
        esac
    fi
    if [ "$try" -gt {{retries}} ]; then
        break
    fi
    sleep $((5 * try)) &
    end
    try=$((try + 1))
done
rm -f "$state/$node.pid"
# How it ended is in the file; xargs is to go on.
exit 0
