#!/bin/bash
# SPDX-License-Identifier: MIT
# The Python SDKs against the emulator: keys, local RBAC, settings, release,
# HSMs as resources, backups.
# shellcheck disable=SC2034 # for interop.bash
client=python
# shellcheck source-path=SCRIPTDIR source=interop.bash
. "${0%/*}/interop.bash"
interop_start_with_storage --memory
walk python "$here/python/keys.py"
walk python "$here/python/access.py"
walk python "$here/python/management.py"
TEST_STORAGE=$storage TEST_STORAGE_SAS=$(sas backups rcwdl) walk python "$here/python/backup.py"
interop_finish
