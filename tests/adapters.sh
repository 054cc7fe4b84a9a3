#!/usr/bin/env bash
# Brings additional software Vulkan drivers into target/adapters, without installing anything, so that one machine
# can test several adapters. Prints one line for each: its name and the VK_DRIVER_FILES that selects it.
#
#   tests/adapters.sh                 all of: stock twin backports swiftshader
#   tests/adapters.sh swiftshader     only these
#
# What is already there is kept; remove target/adapters to fetch anew. Needs apt-get and dpkg-deb (Debian and its
# derivatives), no root. Uses the mirror that this machine's apt is set up with, and lists of its own.
#
# Exit code: the sum of what could not be had, so 0 is everything:
#   1 stock        the lavapipe that the distribution installs
#   2 backports    a newer lavapipe from <release>-backports
#   4 swiftshader  SwiftShader, out of the package chromium-common
#   8 twin         a copy of the stock driver: two devices with equal names and UUIDs
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

# Apt with state of its own. The mirror is the one that serves this release's main component to this machine.
private_apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$into/apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$into/apt/lists" -o Dir::Cache="$into/apt/cache" -o APT::Sandbox::User=root "$@"
}

prepare_apt() {
    [ -e "$into/apt/ready" ] && return
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { say "no apt-get or dpkg-deb here"; return 1; }
    local release mirror
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Identifier: Packages' 2>/dev/null |
        awk -v r="$release" '$1 == r && $2 == "main" && !found { found = 1; print $3 }')
    [ -n "$mirror" ] || { say "apt knows no mirror for the main component of '$release'; run apt-get update"; return 1; }
    mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial"
    # The distribution's own keys are the ones to trust: those in trusted.gpg.d, or its keyring package's.
    local keyring suite options=
    keyring=$(find /usr/share/keyrings -name "$(. /etc/os-release && echo "$ID")-archive-keyring.[gp][pg]*" 2>/dev/null |
        sort | head -1)
    [ -n "$keyring" ] && options="[signed-by=$keyring] "
    for suite in "$release" "$release-backports"; do
        echo "deb $options$mirror $suite main"
    done >"$into/apt/sources.list"
    private_apt update --error-on=any || { say "the mirror cannot be reached, or has no $release-backports"; return 1; }
    touch "$into/apt/ready"
}

# Unpacks a package into a folder.
unpack() { # folder, package[/suite]
    rm -rf "$1.part" && mkdir -p "$1.part/deb"
    (cd "$1.part/deb" && private_apt download "$2") && dpkg-deb -x "$1.part"/deb/*.deb "$1.part" || return 1
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
        prepare_apt && unpack "$folder" "mesa-vulkan-drivers/$release-backports" ||
            { lacks 2 "backports: mesa-vulkan-drivers cannot be had from $release-backports"; return; }
    fi
    library=$(find "$folder" -name libvulkan_lvp.so | head -1)
    [ -n "$library" ] || { lacks 2 "backports: the package holds no lavapipe"; return; }
    offer 2 backports "$library" "$folder/icd.$machine.json"
}

get_swiftshader() {
    local folder=$into/swiftshader library
    if [ ! -d "$folder" ]; then
        prepare_apt && unpack "$folder" chromium-common ||
            { lacks 4 "swiftshader: the package chromium-common cannot be had"; return; }
    fi
    library=$(find "$folder" -name libvk_swiftshader.so | head -1)
    [ -n "$library" ] || { lacks 4 "swiftshader: chromium-common holds no libvk_swiftshader.so"; return; }
    offer 4 swiftshader "$library" "$folder/icd.$machine.json"
}

mkdir -p "$into"
[ $# -gt 0 ] || set -- stock twin backports swiftshader
for name in "$@"; do
    case $name in
        stock | twin | backports | swiftshader) "get_$name" ;;
        *) say "there is no adapter '$name': stock, twin, backports or swiftshader"; exit 64 ;;
    esac
done
exit "$missing"
