#!/bin/sh
# Builds the release binary for every x86-64 Linux whose glibc is 2.17 or newer, with zig as the linker, and looks at
# what it asks of a machine: no newer symbol, and no library but the C library's own. Everything else, the drivers of
# GPUs above all, is looked for at run time and may be missing. Installs zig into the folder that it is given.
set -eu
venv=$1
floor=2.17
target=x86_64-unknown-linux-gnu
assay=target/$target/release/assay

if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "portable.sh: this builds on x86-64 Linux only" >&2
    exit 2
fi
if ! "$venv/bin/python" -c 'import ziglang' 2>/dev/null; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || sh tests/setup.sh cuda
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps cargo-zigbuild==0.24.1 ziglang==0.14.1
fi
PATH="$(cd "$venv/bin" && pwd):$PATH" cargo zigbuild --release --target "$target.$floor"

newest=$(readelf --version-info "$assay" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
if [ "$(printf 'GLIBC_%s\n%s\n' "$floor" "$newest" | sort -V | tail -n 1)" != "GLIBC_$floor" ]; then
    echo "portable.sh: $assay needs $newest, which is newer than $floor" >&2
    exit 1
fi
foreign=$(readelf --dynamic "$assay" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -Ev '^(libc|libm|libdl|librt|libpthread|libutil)\.so\.[0-9]+$|^ld-linux-x86-64\.so\.2$' || true)
if [ -n "$foreign" ]; then
    echo "portable.sh: $assay is linked to $foreign" >&2
    exit 1
fi
"$assay" --version
echo "$assay: needs $newest and nothing but the C library"
