/* SPDX-License-Identifier: MIT
 *
 * Everything libmhsm offers: keys in Azure Managed HSM, used over HTTPS.
 */
#ifndef MHSM_MHSM_H
#define MHSM_MHSM_H

#include <mhsm/algorithm.h>
#include <mhsm/backup.h>
#include <mhsm/client.h>
#include <mhsm/config.h>
#include <mhsm/crypto.h>
#include <mhsm/error.h>
#include <mhsm/import.h>
#include <mhsm/inventory.h>
#include <mhsm/key.h>
#include <mhsm/login.h>
#include <mhsm/reference.h>
#include <mhsm/release.h>
#include <mhsm/resource.h>
#include <mhsm/result.h>
#include <mhsm/role.h>
#include <mhsm/rotation.h>
#include <mhsm/security_domain.h>
#include <mhsm/setting.h>
#include <mhsm/uri.h>
#include <mhsm/version.h>

#endif
