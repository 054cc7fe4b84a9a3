#!/bin/sh
# Builds the release binary for every Linux on this kind of processor whose glibc is 2.17 or newer, with zig as the linker,
# and looks at what it asks of a machine: no newer symbol, and no library but the C library's own. Everything else, the
# drivers of GPUs above all, is looked for at run time and may be missing: portable.sh DIR [x86_64 | aarch64]
# Installs zig into the folder that it is given. What this machine cannot run it only looks at, and says so.
set -eu
venv=$1
arch=${2:-x86_64}
floor=2.17
target=$arch-unknown-linux-gnu
assay=target/$target/release/assay

case $arch in
x86_64) loader='ld-linux-x86-64\.so\.2' ;;
aarch64) loader='ld-linux-aarch64\.so\.1' ;;
*)
    echo "portable.sh: there is no binary for $arch; write x86_64 or aarch64" >&2
    exit 2
    ;;
esac
if [ "$(uname -s)" != Linux ]; then
    echo "portable.sh: this builds on Linux only" >&2
    exit 2
fi
if ! "$venv/bin/python" -c 'import ziglang' 2>/dev/null; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || sh tests/setup.sh cuda
    python3 -m venv "$venv"
    # What links the binary that others trust, on both kinds of machine, to the byte.
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
        --requirement /dev/stdin <<'WHEELS'
cargo-zigbuild==0.24.1 \
    --hash=sha256:238a1ab54a95053a4eadc34775c81f795a8ad75f80bfed63f3f445f518102375 \
    --hash=sha256:07c5e3dcddf208500462ec927c556bb306cca2b533b0abe29446bffb63767b85
ziglang==0.14.1 \
    --hash=sha256:6eb9d4d759b292c83810dbee2e9e8e3fbfbf01d864e6e9811bae711fd74e1c2f \
    --hash=sha256:7994b27f3cbfcedea43f9b7552e38b45857bdf0e9a45065474092dd74e7048cf
WHEELS
fi
if [ "$(uname -m)" != "$arch" ]; then
    rustup target add "$target"
fi
PATH="$(cd "$venv/bin" && pwd):$PATH" cargo zigbuild --release --target "$target.$floor"

newest=$(readelf --version-info "$assay" | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -n 1)
if [ "$(printf 'GLIBC_%s\n%s\n' "$floor" "$newest" | sort -V | tail -n 1)" != "GLIBC_$floor" ]; then
    echo "portable.sh: $assay needs $newest, which is newer than $floor" >&2
    exit 1
fi
foreign=$(readelf --dynamic "$assay" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -Ev "^(libc|libm|libdl|librt|libpthread|libutil)\.so\.[0-9]+\$|^$loader\$" || true)
if [ -n "$foreign" ]; then
    echo "portable.sh: $assay is linked to $foreign" >&2
    exit 1
fi
echo "$assay: needs $newest and nothing but the C library"
if [ "$(uname -m)" = "$arch" ]; then
    "$assay" --version
else
    echo "$assay: not run, since this machine is no $arch"
fi
