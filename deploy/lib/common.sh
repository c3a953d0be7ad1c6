# Shared by the scripts in deploy/: finding what is missing, installing it, cleaning up.
# To be sourced by bash with `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The toolchain can't be had from Debian's packages, so it is asked for, not installed.
need_swift() {
    command -v swift >/dev/null 2>&1 ||
        fail "No 'swift' on the PATH. Install Swift 6.2 or newer from https://www.swift.org/install/linux/ and run this again."
    local version
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
    case "$version" in
        6.[2-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) ;;
        *) fail "Swift is ${version:-of unknown version}. Install 6.2 or newer from https://www.swift.org/install/linux/ and run this again." ;;
    esac
}

# need_packages PACKAGE...: Debian packages; those that are missing are installed.
need_packages() {
    local package missing=()
    command -v dpkg-query >/dev/null 2>&1 ||
        fail "This script installs Debian packages, and this is not Debian. Install the counterparts of: $*"
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null ||
            fail "Packages are missing, and installing them needs root or sudo. As root, run: apt-get install ${missing[*]}"
        sudo=(sudo -n)
    fi
    echo "Installing: ${missing[*]}"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null ||
        fail "apt-get update failed; check the connection to a Debian mirror."
    # Packages that bring a service must not start it: the scripts run their own, on their own ports. This file is
    # Debian's way to say so.
    local policy=/usr/sbin/policy-rc.d made=false status=0
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
        "${sudo[@]}" chmod 755 "$policy"
        made=true
    fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install "${missing[@]}" >/dev/null || status=$?
    if $made; then "${sudo[@]}" rm -f "$policy"; fi
    [ "$status" -eq 0 ] || fail "apt-get could not install: ${missing[*]}"
}

# What building takes besides Swift, and what the tests and the demo run.
build_packages=(libfcgi-dev libgumbo-dev libsqlite3-dev)
run_packages=(nginx curl)
test_packages=(fcgiwrap libfcgi-bin spawn-fcgi sqlite3)
browser_packages=(chromium chromium-driver python3-selenium python3-pip)

# nginx lives in sbin, which isn't on everybody's path.
export PATH="$PATH:/usr/sbin:/sbin"
