#!/bin/sh
# From a challenge to a proof that somebody else has checked, with prover and witness on this machine.
set -eu
assay=$1
out=target/demo-proof
rm -rf "$out"
mkdir -p "$out"
# The challenge is for this demo alone: what was used is remembered beside it.
XDG_STATE_HOME=$(pwd)/$out/state
export XDG_STATE_HOME

say() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

set --
if ! "$assay" list --json | grep -Eq '"kind": *"(hardware|software)"'; then
    printf '\n%s\n' "*** NO GPU AND NO SOFTWARE DEVICE: what follows is a SIMULATION and proves nothing. ***"
    set -- --device sim:h200
fi

say "The tenant demands ten seconds of work with a little memory held meanwhile, by a signed challenge"
"$assay" key new "$out/tenant.pem"
"$assay" challenge new --key "$out/tenant.pem" --at-least 10s --memory "16 MB" --out "$out/challenge.json"

say "The tenant keeps the clock and asks; the prover is reached through a pipe, which would be ssh to a leased server"
"$assay" witness --challenge "$out/challenge.json" --key "$out/tenant.pem" --out "$out/proof" -- \
    "$assay" prove --challenge "$out/challenge.json" "$@"

say "Somebody else checks the proof, with the public key alone"
"$assay" verify "$out/proof/proof.dsse.json" --trust "$out/tenant.pub.pem"

say "The same challenge is not answered twice"
if "$assay" witness --challenge "$out/challenge.json" --key "$out/tenant.pem" --out "$out/again" -- true; then
    echo "demo-proof: a used challenge was answered again" >&2
    exit 70
fi

say "A changed transcript is noticed"
printf 'x' >> "$out/proof/transcript.bin"
if "$assay" verify "$out/proof/proof.dsse.json" --trust "$out/tenant.pub.pem"; then
    echo "demo-proof: a changed transcript was accepted" >&2
    exit 70
fi
echo
echo "demo-proof: all of it held; the proof is $out/proof/proof.dsse.json"
