#!/usr/bin/env bash
# Brings additional software Vulkan drivers into target/adapters, without installing anything, so that one machine
# can test several adapters. Prints one line for each: its name and the VK_DRIVER_FILES that selects it.
#
#   tests/adapters.sh                 all of: stock twin backports swiftshader sid
#   tests/adapters.sh swiftshader     only these
#
# The newest lavapipe, of Debian's unstable release sid, needs the C library of sid as well. For this one a program is
# printed that runs another one with both, target/adapters/sid/run: as in `run target/debug/deps/it-...`, or for cargo
# as CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER. What runs so cannot start itself again, as `assay run` would.
#
# What is already there is kept; remove target/adapters to fetch anew. Needs apt-get and dpkg-deb (Debian and its
# derivatives), no root. Uses the mirror that this machine's apt is set up with, and lists of its own.
#
# Exit code: the sum of what could not be had, so 0 is everything:
#   1 stock        the lavapipe that the distribution installs
#   2 backports    a newer lavapipe from <release>-backports
#   4 swiftshader  SwiftShader, out of the package chromium-common
#   8 twin         a copy of the stock driver: two devices with equal names and UUIDs
#  16 sid          the newest lavapipe, with cooperative matrices; about 80 MB to fetch
#  64 a name that is none of these
set -euo pipefail

cd "$(dirname "$0")/.."
into=$PWD/target/adapters
machine=$(uname -m)
missing=0

say() { echo "adapters: $*" >&2; }

lacks() { # code, why
    missing=$((missing | $1))
    say "$2"
}

manifest() { # file, library
    printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$2" >"$1"
}

# Offers a driver if the libraries that it needs are here.
offer() { # code, name, library, manifest
    local absent
    absent=$(ldd "$3" 2>/dev/null | awk '/not found/ { print $1 }' | tr '\n' ' ')
    if [ -n "$absent" ]; then
        lacks "$1" "$2: needs $absent which is not installed; apt-get install mesa-vulkan-drivers brings it"
        return
    fi
    manifest "$4" "$3"
    echo "$2 VK_DRIVER_FILES=$4"
}

stock_manifest() {
    find /usr/share/vulkan/icd.d /etc/vulkan/icd.d -name "lvp_icd*.json" 2>/dev/null | sort | head -1
}

stock_library() {
    find /usr/lib -name libvulkan_lvp.so 2>/dev/null | sort | head -1
}

# Apt with state of its own, in a folder.
private_apt() { # folder, arguments
    local folder=$into/$1
    shift
    apt-get -qq -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root "$@"
}

# The mirror is the one that serves this release's main component to this machine.
prepare_apt() { # folder, suites
    local folder=$into/$1
    [ -e "$folder/ready" ] && return
    shift
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { say "no apt-get or dpkg-deb here"; return 1; }
    local release mirror
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
        awk -v r="$release" '$1 == r && $2 == "main" && !found { found = 1; print $3 }')
    [ -n "$mirror" ] || { say "apt knows no mirror for the main component of '$release'; run apt-get update"; return 1; }
    mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
    # The distribution's own keys are the ones to trust: those in trusted.gpg.d, or its keyring package's.
    local keyring suite options=
    keyring=$(find /usr/share/keyrings -name "$(. /etc/os-release && echo "$ID")-archive-keyring.[gp][pg]*" 2>/dev/null |
        sort | head -1)
    [ -n "$keyring" ] && options="[signed-by=$keyring] "
    for suite in "$@"; do
        echo "deb $options$mirror $suite main"
    done >"$folder/sources.list"
    private_apt "${folder##*/}" update --error-on=any || { say "the mirror cannot be reached, or lacks one of: $*"; return 1; }
    touch "$folder/ready"
}

# Unpacks a package into a folder.
unpack() { # folder, package[/suite]
    rm -rf "$1.part" && mkdir -p "$1.part/deb"
    (cd "$1.part/deb" && private_apt apt download "$2") && dpkg-deb -x "$1.part"/deb/*.deb "$1.part" || return 1
    rm -rf "$1.part/deb" "$1" && mv "$1.part" "$1"
}

get_stock() {
    local found
    found=$(stock_manifest)
    [ -n "$found" ] || { lacks 1 "stock: not installed; apt-get install mesa-vulkan-drivers"; return; }
    echo "stock VK_DRIVER_FILES=$found"
}

get_twin() {
    local library
    library=$(stock_library)
    [ -n "$library" ] || { lacks 8 "twin: there is no stock driver to copy; apt-get install mesa-vulkan-drivers"; return; }
    mkdir -p "$into/twin"
    cp -u "$library" "$into/twin/libvulkan_lvp_twin.so"
    offer 8 twin "$into/twin/libvulkan_lvp_twin.so" "$into/twin/icd.$machine.json"
}

get_backports() {
    local folder=$into/backports release library
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    if [ ! -d "$folder" ]; then
        prepare_apt apt "$release" "$release-backports" && unpack "$folder" "mesa-vulkan-drivers/$release-backports" ||
            { lacks 2 "backports: mesa-vulkan-drivers cannot be had from $release-backports"; return; }
    fi
    library=$(find "$folder" -name libvulkan_lvp.so | head -1)
    [ -n "$library" ] || { lacks 2 "backports: the package holds no lavapipe"; return; }
    offer 2 backports "$library" "$folder/icd.$machine.json"
}

get_swiftshader() {
    local folder=$into/swiftshader release library
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    if [ ! -d "$folder" ]; then
        prepare_apt apt "$release" "$release-backports" && unpack "$folder" chromium-common ||
            { lacks 4 "swiftshader: the package chromium-common cannot be had"; return; }
    fi
    library=$(find "$folder" -name libvk_swiftshader.so | head -1)
    [ -n "$library" ] || { lacks 4 "swiftshader: chromium-common holds no libvk_swiftshader.so"; return; }
    offer 4 swiftshader "$library" "$folder/icd.$machine.json"
}

# The driver with all that it depends on, the C library included, as if nothing were installed here.
unpack_sid() { # folder
    rm -rf "$1.part" && mkdir -p "$1.part"
    private_apt apt-sid -o Dir::State::status=/dev/null -o Debug::NoLocking=1 \
        install --download-only --yes --no-install-recommends mesa-vulkan-drivers libvulkan1 >&2 || return 1
    local package
    for package in "$into"/apt-sid/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$1.part" || return 1
    done
    mv "$1.part" "$1"
    rm -rf "$into/apt-sid"
}

get_sid() {
    local folder=$into/sid library loader
    if [ ! -d "$folder" ]; then
        prepare_apt apt-sid sid && unpack_sid "$folder" || { lacks 16 "sid: the packages cannot be had"; return; }
    fi
    library=$(find "$folder" -name libvulkan_lvp.so | head -1)
    loader=$(find "$folder/usr/lib" -maxdepth 2 -name 'ld-linux*' | sort | head -1)
    [ -n "$library" ] && [ -n "$loader" ] || { lacks 16 "sid: the packages hold no lavapipe or no loader"; return; }
    manifest "$folder/icd.$machine.json" "$library"
    cat >"$folder/run" <<END
#!/bin/sh
export VK_DRIVER_FILES='$folder/icd.$machine.json'
exec '$loader' --library-path '${library%/*}' "\$@"
END
    chmod +x "$folder/run"
    echo "sid $folder/run PROGRAM"
}

mkdir -p "$into"
[ $# -gt 0 ] || set -- stock twin backports swiftshader sid
for name in "$@"; do
    case $name in
        stock | twin | backports | swiftshader | sid) "get_$name" ;;
        *) say "there is no adapter '$name': stock, twin, backports, swiftshader or sid"; exit 64 ;;
    esac
done
exit "$missing"
