#!/bin/sh
# From a contract and the device of this machine to a signed verdict that somebody else can check.
set -eu
assay=$1
out=target/demo
rm -rf "$out"
mkdir -p "$out"

say() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

say "What can this machine measure?"
if "$assay" list; then
    contract=tests/data/demo/contract.toml
    set --
    if ! "$assay" list --json | grep -Eq '"kind": *"(hardware|software)"'; then
        printf '\n%s\n%s\n' "*** NO GPU AND NO SOFTWARE DEVICE: what follows is a SIMULATION. ***" \
            "*** Nothing is measured. Install a Vulkan driver for a real run: see 'assay doctor'. ***"
        contract=tests/data/demo/contract-simulated.toml
        set -- --device sim:h200
    fi
else
    exit 4
fi

say "A key to sign with"
"$assay" key new "$out/key.pem"

say "Measure, judge by $contract, sign"
verdict=0
"$assay" run --contract "$contract" --profile quick --key "$out/key.pem" --out "$out/run" --format markdown "$@" || verdict=$?

say "The report as a table"
"$assay" render "$out/run/report.dsse.json" --format human

say "Somebody else verifies it, with the public key alone"
"$assay" verify "$out/run/report.dsse.json" --trust "$out/key.pub.pem" --contract "$contract"
echo
echo "demo: the run ended with exit code $verdict; the signed report is $out/run/report.dsse.json"
exit "$verdict"
