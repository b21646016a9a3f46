#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that a build and its tests need and that are
# missing. Without root rights and with something missing, it names the command
# to run instead. Packages of servers are installed without starting a server:
# the tests start their own.
set -eu

usage() {
    echo "usage: tests/packages.sh [build|test]"
    echo "  build  what compiling and the local HSM need (for demo.sh)"
    echo "  test   that, and what the tests need (the default)"
}

build="gcc libc6-dev cmake ninja-build pkg-config libssl-dev
       libcurl4-openssl-dev libexpat1-dev libjson-c-dev libcunit1-dev libmicrohttpd-dev
       libsqlite3-dev openssl curl ca-certificates procps"
test="clang clang-format clang-tidy gcovr git jq sqlite3 shellcheck man-db strace
      valgrind nginx apache2-bin haproxy stunnel4 postgresql python3
      python3-venv osslsigncode libjemalloc2 bind9-utils nghttp2-proxy dnsmasq-base
      iproute2 zsh"

missing_of() {
    for package in "$@"; do
        case "$(dpkg-query -W -f '${db:Status-Status}' "$package" \
            2>/dev/null)" in
        installed) ;;
        *) printf ' %s' "$package" ;;
        esac
    done
}

# Debian starts what it installs, unless this file says no. One that is there
# already is the machine's own rule, and stays.
policy=/usr/sbin/policy-rc.d

no_servers() {
    [ ! -e "$policy" ] || return 0
    trap 'allow_servers; exit 1' INT TERM
    trap allow_servers EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
    ours=$policy
}

allow_servers() {
    [ -z "${ours-}" ] || $as_root rm -f "$ours"
    ours=
}

# Install what is missing of the words given.
ensure() {
    missing=$(missing_of "$@")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        echo "packages.sh: no root rights to install what is missing:" >&2
        echo "  apt-get install$missing" >&2
        exit 1
    fi
    echo "Installing:$missing" >&2
    # shellcheck disable=SC2086 # lists of words
    {
        [ -n "${updated-}" ] ||
            $as_root apt-get -qq -o DPkg::Lock::Timeout=120 update
        updated=1
        no_servers
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
            -o DPkg::Lock::Timeout=120 --no-install-recommends install $missing
        allow_servers
    } >&2
}

# shellcheck disable=SC2086 # lists of words
case "${1-test}" in
build) ensure $build ;;
test)
    ensure $build $test
    # The run-time of clang's sanitizers belongs to the default version.
    version=$(clang -dumpversion)
    ensure "libclang-rt-${version%%.*}-dev"
    ;;
-h | --help) usage ;;
*)
    usage >&2
    exit 2
    ;;
esac
