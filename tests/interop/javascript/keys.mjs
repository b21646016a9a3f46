// SPDX-License-Identifier: MIT
// The JavaScript SDKs walk the whole life of RSA, EC and oct keys.

import { constants, createHash, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { administrator, endpoint, finish, hsm, need, options, refused, step, vault } from "./walk.mjs";

const keys = new KeyClient(endpoint, administrator(), options);
const prefix = "javascript-";
const every = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify"];

const kinds = {
  rsa: {
    type: hsm ? "RSA-HSM" : "RSA",
    create: (name, more) => keys.createRsaKey(name, { hsm, keySize: 2048, ...more }),
    signatures: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ciphers: ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"],
    wraps: ["RSA-OAEP", "RSA-OAEP-256"],
    operations: every,
  },
  ec: {
    type: hsm ? "EC-HSM" : "EC",
    create: (name, more) => keys.createEcKey(name, { hsm, curve: "P-256", ...more }),
    signatures: ["ES256"],
    ciphers: [],
    wraps: [],
    operations: ["sign", "verify"],
  },
  oct: {
    type: "oct-HSM",
    create: (name, more) => keys.createOctKey(name, { hsm, keySize: 256, keyOps: every, ...more }),
    signatures: ["HS256", "HS384", "HS512"],
    ciphers: ["A256GCM", "A256CBC", "A256CBCPAD"],
    wraps: ["A256KW"],
    operations: every,
  },
};
if (vault) delete kinds.oct;
const days = vault ? 90 : 7;
const level = vault ? "Recoverable+Purgeable" : "CustomizedRecoverable+Purgeable";
const curves = { "P-384": "ES384", "P-521": "ES512", "P-256K": "ES256K" };

function client(key) {
  return new CryptographyClient(key, administrator(), options);
}

const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

function digest(algorithm, message) {
  if (algorithm.startsWith("HS")) return Buffer.from(message);
  const bits = algorithm.replace("K", "").slice(-3);
  return createHash(`sha${bits}`).update(message).digest();
}

// The SDK's verifyData takes PSS for PKCS#1, so node verifies that.
function verifyPss({ key }, algorithm, data, signature) {
  const [n, e] = [key.n, key.e].map((value) => Buffer.from(value).toString("base64url"));
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  const own = createPublicKey({ key: { kty: "RSA", n, e }, format: "jwk" });
  return verify(`sha${algorithm.slice(2)}`, data, { key: own, padding, saltLength }, Buffer.from(signature));
}

// Signed and verified by the server, and locally with the public key.
async function sign(key, algorithm) {
  const crypto = client(key);
  const value = digest(algorithm, "a message");
  const { result } = await crypto.sign(algorithm, value);
  need((await crypto.verify(algorithm, value, result)).result, `${algorithm}: not valid`);
  const other = digest(algorithm, "another message");
  need(!(await crypto.verify(algorithm, other, result)).result, `${algorithm}: valid for another`);
  const data = Buffer.from("a message");
  if (algorithm.startsWith("PS")) need(verifyPss(key, algorithm, data, result), `${algorithm}: not valid locally`);
  else if (!algorithm.startsWith("HS"))
    need((await crypto.verifyData(algorithm, data, result)).result, `${algorithm}: not valid locally`);
}

async function encrypt(key, algorithm) {
  const crypto = client(key);
  const plaintext = Buffer.from("thirty-two octets of plain text.");
  const more = algorithm === "A256GCM" ? { additionalAuthenticatedData: Buffer.from("aad") } : {};
  const sealed = await crypto.encrypt({ algorithm, plaintext, ...more });
  need(!same(sealed.result, plaintext), "nothing was encrypted");
  if (algorithm === "A256GCM")
    need(sealed.iv.length === 12 && sealed.authenticationTag.length === 16, "iv and tag");
  const { iv, authenticationTag } = sealed;
  const opened = await client(key).decrypt({ algorithm, ciphertext: sealed.result, iv, authenticationTag, ...more });
  need(same(opened.result, plaintext), algorithm);
}

async function wrap(key, algorithm) {
  const dek = randomBytes(32);
  const { result } = await client(key).wrapKey(algorithm, dek);
  need(same((await client(key).unwrapKey(algorithm, result)).result, dek), algorithm);
}

async function update(kind, name) {
  const expiresOn = new Date(Math.floor(Date.now() / 1000) * 1000 + 400 * 86400e3);
  let key = await keys.updateKeyProperties(name, { tags: { team: "a" }, expiresOn, keyOps: ["sign", "verify"] });
  need(key.properties.tags.team === "a", "tags");
  need(key.properties.expiresOn.getTime() === expiresOn.getTime(), "expiresOn");
  need([...key.keyOperations].sort().join() === "sign,verify", "keyOperations");
  key = await keys.updateKeyProperties(name, { tags: {}, keyOps: kinds[kind].operations });
  need(Object.keys(key.properties.tags ?? {}).length === 0, "tags were not removed");
}

async function versions(name, expected) {
  const found = new Set();
  let pages = 0;
  for await (const page of keys.listPropertiesOfKeyVersions(name).byPage({ maxPageSize: 1 })) {
    pages++;
    for (const one of page) found.add(one.version);
  }
  need(pages === expected, `${pages} pages of one`);
  need(found.size === expected, `${found.size} versions`);
}

async function policy(name) {
  const first = (await keys.getKeyRotationPolicy(name)).lifetimeActions?.map((one) => one.action) ?? [];
  need(first.join() === (vault ? "Notify" : ""), `to begin with: ${first}`);
  await keys.updateKeyRotationPolicy(name, {
    expiresIn: "P90D",
    lifetimeActions: [{ action: "Rotate", timeBeforeExpiry: "P30D" }],
  });
  const after = await keys.getKeyRotationPolicy(name);
  need(after.expiresIn === "P90D", "expiresIn");
  need(after.lifetimeActions[0].timeBeforeExpiry === "P30D", "timeBeforeExpiry");
}

async function rotate(name) {
  const before = await keys.getKey(name);
  const after = await keys.rotateKey(name);
  need(after.properties.version !== before.properties.version, "no new version");
  need(after.keyType === before.keyType, "another type");
  const days = (after.properties.expiresOn - after.properties.createdOn) / 86400e3;
  need(Math.abs(days - 90) < 0.01, `expires after ${days} days`);
  need((await keys.getKey(name)).properties.version === after.properties.version, "not the latest");
}

async function remove(name) {
  const poller = await keys.beginDeleteKey(name, { intervalInMs: 50 });
  return poller.pollUntilDone();
}

async function deleted(name) {
  const gone = await remove(name);
  need(gone.properties.recoveryId.endsWith(`/deletedkeys/${name}`), "recoveryId");
  const left = (gone.properties.scheduledPurgeDate - gone.properties.deletedOn) / 86400e3;
  need(left === days, "scheduledPurgeDate");
  const listed = [];
  for await (const one of keys.listDeletedKeys()) listed.push(one.name);
  need(listed.includes(name), "not listed as deleted");
  need((await keys.getDeletedKey(name)).name === name, "getDeletedKey");
  await refused(404, "KeyNotFound", () => keys.getKey(name));
}

async function imported(kind, name) {
  const bytes = (jwk) =>
    Object.fromEntries(
      Object.entries(jwk).map(([member, value]) =>
        member === "kty" || member === "crv" ? [member, value] : [member, Buffer.from(value, "base64url")],
      ),
    );
  const jwks = {
    rsa: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
    ec: () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
    oct: () => ({ kty: "oct", k: randomBytes(32).toString("base64url") }),
  };
  const jwk = { ...bytes(jwks[kind]()), kty: kinds[kind].type, keyOps: kinds[kind].operations };
  const key = await keys.importKey(name, jwk, { hardwareProtected: hsm, tags: { from: "outside" } });
  need(key.keyType === kinds[kind].type, `type ${key.keyType}`);
  need(key.properties.tags.from === "outside", "tags");
  if (kind === "rsa") need(same(key.key.n, jwk.n), "another public key");
  if (kind === "ec") need(same(key.key.x, jwk.x), "another public key");
  await sign(key, kinds[kind].signatures[0]);
}

async function life(kind) {
  const { type, create, signatures, ciphers, wraps } = kinds[kind];
  const name = prefix + kind;
  let key, blob;
  await step(`${kind} create`, async () => {
    key = await create(name, { tags: { made: "here" } });
    need(key.keyType === type, `type ${key.keyType}`);
    need(key.properties.tags.made === "here", "tags");
    need(key.properties.recoveryLevel === level, "recoveryLevel");
  });
  await step(`${kind} get`, async () => {
    need((await keys.getKey(name)).id === key.id, "another id");
    need((await keys.getKey(name, { version: key.properties.version })).id === key.id, "by its version");
  });
  await step(`${kind} update`, () => update(kind, name));
  await step(`${kind} sign, verify`, async () => {
    key = await keys.getKey(name);
    for (const algorithm of signatures) await sign(key, algorithm);
    for (const [curve, algorithm] of kind === "ec" ? Object.entries(curves) : [])
      await sign(await create(`${name}-${curve}`, { curve }), algorithm);
  });
  if (ciphers.length !== 0)
    await step(`${kind} encrypt, decrypt`, async () => {
      for (const algorithm of ciphers) await encrypt(key, algorithm);
    });
  if (wraps.length !== 0)
    await step(`${kind} wrap, unwrap`, async () => {
      for (const algorithm of wraps) await wrap(key, algorithm);
    });
  await step(`${kind} new version`, async () => need((await create(name)).id !== key.id, "the same id"));
  await step(`${kind} list versions`, () => versions(name, 2));
  await step(`${kind} rotation policy`, () => policy(name));
  await step(`${kind} rotate`, () => rotate(name));
  await step(`${kind} backup`, async () => {
    blob = await keys.backupKey(name);
    need(blob.length > 100, "a short backup");
  });
  await step(`${kind} delete`, () => deleted(name));
  await step(`${kind} recover`, async () => {
    const poller = await keys.beginRecoverDeletedKey(name, { intervalInMs: 50 });
    need((await poller.pollUntilDone()).name === name, "name");
    await versions(name, 3);
  });
  await step(`${kind} purge`, async () => {
    await remove(name);
    await keys.purgeDeletedKey(name);
    await refused(404, "KeyNotFound", () => keys.getDeletedKey(name));
  });
  await step(`${kind} restore`, async () => {
    need((await keys.restoreKeyBackup(blob)).name === name, "name");
    await versions(name, 3);
    const again = await keys.getKey(name, { version: key.properties.version });
    need(again.id === key.id, "a version is missing");
  });
  await step(`${kind} import`, () => imported(kind, `${name}-imported`));
}

// More keys than the largest page has.
async function lists() {
  const names = Array.from({ length: 27 }, (_, i) => `${prefix}many-${i}`);
  for (const name of names) await kinds.ec.create(name);
  const pages = [];
  for await (const page of keys.listPropertiesOfKeys().byPage()) pages.push(page.map((one) => one.name));
  need(Math.max(...pages.map((page) => page.length)) === 25, "pages of 25");
  const found = new Set(pages.flat());
  need(names.every((name) => found.has(name)), "some are missing");
}

async function errors() {
  await step("error: missing key", () => refused(404, "KeyNotFound", () => keys.getKey(`${prefix}none`)));
  await step("error: disabled key", async () => {
    const { name, id } = await kinds.rsa.create(`${prefix}disabled`);
    await keys.updateKeyProperties(name, { enabled: false });
    await refused(403, "Forbidden", () => client(id).sign("RS256", digest("RS256", "x")));
  });
  await step("error: bad parameter", async () => {
    await refused(400, "BadParameter", () => keys.createRsaKey(`${prefix}odd`, { keySize: 1234 }));
    await refused(400, "BadParameter", () => keys.restoreKeyBackup(Buffer.from("no backup")));
  });
  await step("error: deleted name", async () => {
    const name = `${prefix}taken`;
    await kinds.ec.create(name);
    await remove(name);
    await refused(409, "Conflict", () => kinds.ec.create(name));
  });
}

for (const kind of Object.keys(kinds)) await life(kind);
await step("list keys", lists);
await step(vault ? "error: no random bytes" : "random bytes", async () => {
  if (vault) return refused(404, "NotFound", () => keys.getRandomBytes(8));
  const [first, second] = [await keys.getRandomBytes(128), await keys.getRandomBytes(128)];
  need(first.length === 128 && second.length === 128 && !same(first, second), "not random");
  return refused(400, "BadParameter", () => keys.getRandomBytes(129));
});
await errors();
finish();
