/* SPDX-License-Identifier: MIT
 *
 * What decoders and encoders of key references agree on.
 */
#ifndef MP_DECODER_H
#define MP_DECODER_H

/* The name of the structure, as a property and between decoders. */
#define MP_REFERENCE_STRUCTURE "mhsm-key-reference"

#endif
