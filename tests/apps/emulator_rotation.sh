#!/bin/bash
# SPDX-License-Identifier: MIT
# A walk through the local Managed HSM whose clock is put forward: rotation by
# policy, and what happens to deleted and expired keys in time.
# shellcheck disable=SC2119 # no arguments on purpose
# shellcheck source-path=SCRIPTDIR source=../emulator/walk.bash
. "$(dirname "$0")/../emulator/walk.bash"
start
login
day=86400

# later DAYS: tokens of before are of the past then.
later() {
    control POST /clock "{\"advance\":$(($1 * day))}"
    expect 200
    call GET /keys
    expect 401
    login
}

# policy NAME TRIGGER [EXPIRY]
policy() {
    call PUT "/keys/$1/rotationpolicy" "{\"lifetimeActions\":[{\"trigger\":{$2},\"action\":{\"type\":\"Rotate\"}}]${3:+,\"attributes\":{\"expiryTime\":\"$3\"\}}}"
    expect 200
}

versions() { # NAME COUNT
    call GET "/keys/$1/versions"
    expect 200 ".value | length == $2"
}

for name in after before deleted plain; do
    call POST "/keys/$name/create" '{"kty":"EC-HSM"}'
    expect 200
done
call GET /keys/after
old=$(field '.key.kid')
x=$(field .key.x)
policy after '"timeAfterCreate":"P30D"' P90D
policy before '"timeBeforeExpiry":"P30D"' P90D
policy deleted '"timeAfterCreate":"P30D"'
call DELETE /keys/deleted
expect 200

# Two days before its time, and one day after; nobody else is touched. Without
# an expiry, there is nothing to be before.
later 28
versions after 1
later 3
call GET /keys/after
expect 200 ".key.kid != \"$old\" and .key.x != \"$x\"" '.key.crv == "P-256"' \
    '.attributes.exp == .attributes.created + 90 * 86400' '.attributes.enabled'
versions after 2
call GET "/keys/${old#*/keys/}"
expect 200 ".key.x == \"$x\""
versions before 1
versions plain 1

# What was deleted is gone after a week.
call GET /deletedkeys/deleted
refused 404 KeyNotFound

# Thirty days before the expiry.
call POST /keys/before/rotate
expect 200 '.attributes.exp == .attributes.created + 90 * 86400'
later 59
versions before 2
later 2
versions before 3

# An operation finds what is due as well, and each time has one rotation.
later 31
call POST /keys/after//sign "{\"alg\":\"ES256\",\"value\":\"$(head -c 32 /dev/zero | b64)\"}"
expect 200
kid=$(field .kid)
call GET /keys/after
expect 200 ".key.kid == \"$kid\""
call GET /keys/after/versions
count=$(field '.value | length')
call GET /keys/after/versions
expect 200 ".value | length == $count"

# A policy that was taken away rotates nothing.
call PUT /keys/after/rotationpolicy '{"lifetimeActions":[],"attributes":{}}'
expect 200
later 400
versions after "$count"
call GET /keys/before
expect 200 '.attributes.exp > .attributes.created'

# An expired key signs no more.
call PATCH /keys/plain "{\"attributes\":{\"exp\":$(($(date +%s) + 3600 * day))}}"
expect 200
later 3601
call POST /keys/plain//sign "{\"alg\":\"ES256\",\"value\":\"$(head -c 32 /dev/zero | b64)\"}"
refused 403 Forbidden KeyExpired

for body in '{}' '{"advance":-1}' '{"advance":"1"}' '{"advance":315360001}'; do
    control POST /clock "$body"
    expect 400
done
done_walk
