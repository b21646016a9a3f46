// SPDX-License-Identifier: MIT
// The JavaScript SDKs with keys that are released and attested, and with a
// principal that may do little.

import { X509Certificate, constants, createDecipheriv, createPrivateKey, createPublicKey } from "node:crypto";
import { generateKeyPairSync, privateDecrypt, verify } from "node:crypto";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { administrator, control, credential, endpoint, finish, need, options, refused, step } from "./walk.mjs";

const keys = new KeyClient(endpoint, administrator(), options);
const tee = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = tee.publicKey.export({ format: "jwk" });
const parse = (text) => JSON.parse(Buffer.from(text, "base64url"));

function attest(debug) {
  return control("attestations", { "x-ms-runtime": { keys: [jwk] }, debug });
}

// RFC 5649 behind RSA-OAEP, opened by the environment.
function open(sealed) {
  const oaep = { key: tee.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" };
  const aes = privateDecrypt(oaep, sealed.subarray(0, 256));
  const cipher = createDecipheriv("id-aes256-wrap-pad", aes, Buffer.from("a65959a6", "hex"));
  return Buffer.concat([cipher.update(sealed.subarray(256)), cipher.final()]);
}

let key;
await step("release", async () => {
  const { token, authority } = await attest(false);
  const grammar = { version: "1.0.0", anyOf: [{ authority, allOf: [{ claim: "debug", equals: false }] }] };
  key = await keys.createEcKey("javascript-released", {
    hsm: true,
    exportable: true,
    releasePolicy: { encodedPolicy: Buffer.from(JSON.stringify(grammar)) },
  });
  const { value } = await keys.releaseKey(key.name, token, { nonce: "once", algorithm: "CKM_RSA_AES_KEY_WRAP" });
  const answer = parse(value.split(".")[1]);
  const blob = parse(answer.response.key.key.key_hsm);
  const own = createPrivateKey({ key: open(Buffer.from(blob.ciphertext, "base64url")), format: "der", type: "pkcs8" });
  const x = createPublicKey(own).export({ format: "jwk" }).x;
  need(x === Buffer.from(key.key.x).toString("base64url"), "another key was released");
});
await step("error: release policy", async () => {
  const { token } = await attest(true);
  await refused(403, "Forbidden", () => keys.releaseKey(key.name, token));
});
await step("attestation", async () => {
  const told = (await keys.getKeyAttestation(key.name)).properties.attestation;
  const cert = new X509Certificate(Buffer.from(told.certificatePemFile));
  for (const part of [told.privateKeyAttestation, told.publicKeyAttestation]) {
    const blob = Buffer.from(part);
    need(verify("sha256", blob.subarray(0, -256), cert.publicKey, blob.subarray(-256)), "signature");
  }
});
await step("error: wrong role", async () => {
  const role = { role: "Managed HSM Crypto Service Encryption User", scope: `/keys/${key.name}` };
  const who = await control("principals", { name: "javascript", roles: [role] });
  const theirs = credential(who.client_id, who.client_secret);
  need((await new KeyClient(endpoint, theirs, options).getKey(key.name)).id === key.id, "get");
  const crypto = new CryptographyClient(key.id, theirs, options);
  await refused(403, "AccessDenied", () => crypto.sign("ES256", Buffer.alloc(32)));
});
finish();
