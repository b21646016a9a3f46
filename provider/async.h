/* SPDX-License-Identifier: MIT
 *
 * Calls inside an ASYNC_JOB.
 */
#ifndef MP_ASYNC_H
#define MP_ASYNC_H

/* From now on calls of the client pause the job that they are made in. */
void mp_async_install(void);

#endif
