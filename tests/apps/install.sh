#!/bin/sh
# SPDX-License-Identifier: MIT
# What `cmake --install` lays down is where OpenSSL, pkg-config and CMake look
# for it, and the README's program works when built against it.
. "${0%/*}/../lib.sh"

root=$work/root
check "everything installs" env DESTDIR="$root" \
    cmake --install "$TEST_BUILD"

# OpenSSL's own modules directory, without a further setting.
modules=$(command openssl version -m | sed 's/^MODULESDIR: "\(.*\)"$/\1/')
check "the module is in OpenSSL's modules directory" \
    test -f "$root$modules/mhsm.so"
check "openssl lists the installed provider" env \
    LD_PRELOAD="$TEST_PRELOAD" OPENSSL_MODULES="$root$modules" \
    openssl list -providers -provider mhsm
output_has "  under its name" '^ *name: '
output_has "  and active" 'status: active'

for page in mhsm mhsm-key mhsm-role; do
    check "$page(1) is installed" test -s "$(find "$root/usr" -path "*/man1/$page.1")"
done
check "the completion for bash is where it looks" \
    test -s "$(find "$root/usr" -path '*/share/bash-completion/completions/mhsm')"
check "the completion for zsh is, too" \
    test -s "$(find "$root/usr" -path '*/share/zsh/site-functions/_mhsm')"

pc=$(find "$root/usr" -name mhsm.pc)
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$root"
check "pkg-config knows the library" pkg-config --exists mhsm
library=$(dirname "$(find "$root/usr" -name libmhsm.so)")

# The README's program, compiled as the README says, warnings as errors.
sed -n '/^```c$/,/^```$/p' "$TEST_SOURCE/README.md" | sed '/^```/d' >"$work/dek.c"
check "the README has a program" test -s "$work/dek.c"
# shellcheck disable=SC2046,SC2086 # flags
check "it compiles against the installed headers" "$TEST_CC" -std=c11 \
    -Wall -Wextra -Werror $TEST_SANITIZE_FLAGS -o "$work/dek" \
    "$work/dek.c" $(pkg-config --cflags --libs mhsm)

emulator_start
check "a wrapping key" mhsm key create --name cmk --kty RSA --size 2048
check "the README's program wraps and unwraps a DEK" env \
    LD_LIBRARY_PATH="$library:${LD_LIBRARY_PATH-}" "$work/dek"
output_has "  and names the exact version" \
    '^mhsm://localhost:[0-9]+/keys/cmk/[0-9a-f]{32}$'
expect_exit 1 "without an HSM it says why" env \
    MHSM_ENDPOINT=https://localhost:1 \
    LD_LIBRARY_PATH="$library:${LD_LIBRARY_PATH-}" "$work/dek"
output_has "  naming the host" 'localhost'

# A CMake project that uses the package.
mkdir "$work/project"
cp "$work/dek.c" "$work/project"
cat >"$work/project/CMakeLists.txt" <<'TEXT'
cmake_minimum_required(VERSION 3.25)
project(dek LANGUAGES C)
find_package(mhsm 0.1 REQUIRED)
add_executable(dek dek.c)
target_link_libraries(dek PRIVATE mhsm::mhsm)
TEXT
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
check "a CMake project finds the package" cmake -G Ninja -S "$work/project" \
    -B "$work/project/build" -DCMAKE_C_COMPILER="$TEST_CC" \
    -DCMAKE_C_FLAGS="$TEST_SANITIZE_FLAGS" \
    -Dmhsm_DIR="$library/cmake/mhsm"
check "  and builds with it" cmake --build "$work/project/build"

finish
