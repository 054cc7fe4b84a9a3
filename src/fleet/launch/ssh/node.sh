#!/bin/sh
# Measures one node over ssh: node.sh STATE NODE [SSH OPTIONS]. launch.sh calls it.
set -u
here=$(cd "$(dirname "$0")" && pwd -P) || exit 4
state=$1
node=$2
shift 2
results={{results}}
# On the node, below the home directory.
far=.assay-launch/{{id}}/$node
mkdir -p "$results/$node" || exit 4
exec 2>>"$results/$node/ssh.txt"
say() {
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $node: $1" | tee -a "$results/$node/ssh.txt"
}

# What is on its standard input goes to the node. Nobody types passwords here, and a host that went away is noticed.
far() {
    command=$1
    shift
    timeout -k 10 {{connection}} ssh -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 \
        -o ServerAliveCountMax=4 "$@" "$node" "exec sh -c '$command'"
}

# Puts what the node sent into a new directory, and says what assay ended with there.
unpack() {
    number=1
    until mkdir "$results/$node/run-$number" 2>/dev/null; do
        number=$((number + 1))
        [ "$number" -le 10000 ] || return 1
    done
    run=$results/$node/run-$number
    tar -xf "$state/$node.tar" -C "$run" && code=$(cat "$run/code") && rm "$run/code"
}

try=1
while :; do
    tar -cf - -C "$here" {{contract}} remote.sh |
        far "mkdir -p $far && tar -xf - -C $far && exec sh $far/remote.sh $far $node" "$@" >"$state/$node.tar"
    connection=$?
    if [ "$connection" -eq 124 ]; then
        say "no end in time, and no answer"
        break
    elif [ "$connection" -eq 0 ] && unpack; then
        far "rm -rf $far" "$@" </dev/null
        say "try $try ended with $code, see $run"
        case $code in
        0 | 1 | 3 | 5)
            echo finished >"$state/$node.ended"
            break
            ;;
        # The command line or a file is wrong, or the time was up: the same would come of it again.
        2 | 124) break ;;
        esac
    else
        say "try $try failed: ssh ended with $connection, see $results/$node/ssh.txt"
    fi
    if [ "$try" -gt {{retries}} ]; then
        break
    fi
    sleep $((5 * try))
    try=$((try + 1))
done
# How it ended is in the file; xargs is to go on.
exit 0
