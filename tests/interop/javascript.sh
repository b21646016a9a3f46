#!/bin/bash
# SPDX-License-Identifier: MIT
# The JavaScript SDKs against the emulator: keys, release, a principal's role.
# shellcheck disable=SC2034 # for interop.bash
client=javascript
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
interop_start --memory
walk javascript keys.mjs
walk javascript release.mjs
interop_finish
