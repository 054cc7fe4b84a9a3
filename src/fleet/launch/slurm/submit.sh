#!/bin/sh
# Submits a job for each node of nodes.txt, which measures it. Options are handed on to sbatch:
# sh submit.sh --partition=gpu --account=ours
# This directory and the results must lie where every node sees them. A node that stays down or busy holds up no other, and its
# job ends by itself {{within}} s from now. Written by `assay fleet launch slurm`.
set -u
here=$(cd "$(dirname "$0")" && pwd -P) || exit 4
# Slurm puts values for %, even where it is part of our path.
output=$(printf '%s' "$here" | sed 's/%/%%/g')/slurm-%j.txt
mkdir -p {{results}} || exit 4

submitted=0
refused=
while read -r node; do
    # After theirs, since the last one counts.
    if sbatch "$@" --parsable --job-name=assay-{{id}} --nodelist="$node" --deadline="now+{{within}}" --chdir="$here" \
        --output="$output" "$here/assay.sbatch" "$here" "$node" </dev/null >/dev/null; then
        submitted=$((submitted + 1))
    else
        refused="$refused $node"
    fi
done <"$here/nodes.txt"
echo "$submitted jobs submitted: squeue --name=assay-{{id}} shows them, scancel --name=assay-{{id}} ends them"
if [ -n "$refused" ]; then
    echo "not measured, because Slurm refused them:$refused" >&2
    exit 1
fi
