// SPDX-License-Identifier: MIT
// One use of a key by the JavaScript SDK, for what crosses from one client to
// another. The files are octets.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { administrator, endpoint, need, options } from "./walk.mjs";

const keys = new KeyClient(endpoint, administrator(), options);

async function client(name) {
  return new CryptographyClient((await keys.getKey(name)).id, administrator(), options);
}

const uses = {
  async create(name) {
    const { id } = await keys.createOctKey(name, { hsm: true, keySize: 256, keyOps: ["wrapKey", "unwrapKey"] });
    console.log(id);
  },
  async wrap(name, algorithm, plain, out) {
    writeFileSync(out, (await (await client(name)).wrapKey(algorithm, readFileSync(plain))).result);
  },
  async unwrap(name, algorithm, wrapped, out) {
    writeFileSync(out, (await (await client(name)).unwrapKey(algorithm, readFileSync(wrapped))).result);
  },
  async verify(name, algorithm, message, signature) {
    const digest = createHash(`sha${algorithm.slice(2)}`).update(readFileSync(message)).digest();
    const { result } = await (await client(name)).verify(algorithm, digest, readFileSync(signature));
    need(result, "the signature does not hold");
  },
};

const [use, ...words] = process.argv.slice(2);
await uses[use](...words);
