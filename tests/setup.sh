#!/bin/sh
# Installs what tests and demo need on a Debian-like machine: setup.sh vulkan [required] | openssl | cuda | venv DIR |
# promtool DIR | slurm | shellcheck
# Where it may not install, it says what to install; with "required" that is an error.
set -eu

install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        return 1
    fi
    if [ "$(id -u)" = 0 ]; then sudo=; elif sudo -n true 2>/dev/null; then sudo=sudo; else return 1; fi
    echo "installing: $*"
    # Lists may be empty or old on a fresh machine; an update that fails still leaves cached ones to try.
    $sudo apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# Any installable client driver that the Vulkan loader would find, and the loader itself.
has_vulkan() {
    for dir in /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local/share/vulkan/icd.d; do
        for icd in "$dir"/*.json; do
            if [ -e "$icd" ] && ldconfig -p 2>/dev/null | grep -q libvulkan.so.1; then return 0; fi
        done
    done
    [ -n "${VK_DRIVER_FILES:-}" ]
}

# Where nobody's path leads but the system's.
has_slurm() {
    for program in munged slurmctld slurmd sbatch scontrol sinfo squeue; do
        PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || return 1
    done
}

case "${1:-}" in
vulkan)
    if has_vulkan || install libvulkan1 mesa-vulkan-drivers; then exit 0; fi
    echo "This machine has no Vulkan driver, and none may be installed from here."
    echo "Install one, for example: apt-get install libvulkan1 mesa-vulkan-drivers"
    [ "${2:-}" != required ]
    ;;
openssl)
    command -v openssl >/dev/null 2>&1 || install openssl
    ;;
cuda)
    # For the pinned CUDA compilers and for running CUDA kernels on the CPU; no CUDA itself.
    python3 -c 'import ensurepip, venv' 2>/dev/null || install python3 python3-venv
    command -v g++ >/dev/null 2>&1 || install g++
    ;;
venv)
    dir=$2
    if [ ! -x "$dir/bin/python" ] || ! "$dir/bin/python" -c 'import pip' 2>/dev/null; then
        python3 -c 'import ensurepip, venv' 2>/dev/null || install python3 python3-venv
        rm -rf "$dir"
        python3 -m venv "$dir"
    fi
    # By its interpreter: its other programs name the directory that it was made in, and would install there.
    "$dir/bin/python" -c 'import securesystemslib, in_toto_attestation, numpy, kubernetes_validate, check_jsonschema, regopy, duckdb' 2>/dev/null ||
        "$dir/bin/python" -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
    ;;
promtool)
    # Unpacked out of its package (19 MB to fetch) and not installed, which would start a server.
    dir=$2
    if command -v promtool >/dev/null 2>&1 || [ -x "$dir/promtool" ]; then exit 0; fi
    mkdir -p "$dir"
    cd "$dir"
    fetch() { apt-get download -qq prometheus >/dev/null 2>&1; }
    # Lists may be empty on a fresh machine.
    { fetch || { apt-get update -qq >/dev/null 2>&1 && fetch; }; } &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x --strip-components=3 ./usr/bin/promtool ||
        echo "promtool cannot be had here, so that its test is skipped; Debian has it in the package prometheus"
    rm -f prometheus_*.deb
    ;;
slurm)
    # The test starts daemons of its own. Those of the packages have no configuration and end at once, munge excepted.
    if has_slurm || { install slurm-wlm munge && has_slurm; }; then exit 0; fi
    echo "This machine has no Slurm (slurmctld, slurmd, sbatch, munged), and none may be installed from here." >&2
    echo "Its test would fail; install it, for example: apt-get install slurm-wlm munge" >&2
    exit 1
    ;;
shellcheck)
    command -v shellcheck >/dev/null 2>&1 || install shellcheck
    ;;
*)
    echo "usage: setup.sh vulkan [required] | openssl | cuda | venv DIR | promtool DIR | slurm | shellcheck" >&2
    exit 2
    ;;
esac
