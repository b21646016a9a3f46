// SPDX-License-Identifier: MIT
// What the walks of the JavaScript SDKs share: the steps and how they are
// told, the clients as an application makes them, and the emulator's own port.

import { ClientSecretCredential } from "@azure/identity";

export const endpoint = process.env.MHSM_ENDPOINT;
// The tier of the Key Vault that the emulator is, if it is one. Its keys are in
// software, unless it is premium.
export const vault = process.env.TEST_VAULT;
export const hsm = vault !== "standard";
// The emulator's host is not under the resource that its tokens are for.
export const options = { disableChallengeResourceVerification: true };

let count = 0;
let failed = 0;

export function need(condition, what) {
  if (!condition) throw new Error(what);
}

// One line of the table: PASS or FAIL, client and step.
export async function step(name, body) {
  count++;
  try {
    await body();
    console.log(`PASS\tjavascript\t${name}`);
  } catch (e) {
    failed++;
    const what = `${e.name}: ${e.message}`.slice(0, 300).replaceAll("\n", " ");
    console.log(`FAIL\tjavascript\t${name}\t${what}`);
  }
}

// The call must be refused just so.
export async function refused(status, code, call) {
  let error;
  try {
    await call();
  } catch (e) {
    error = e;
  }
  need(error !== undefined, `it was not refused with ${status}`);
  need(error.statusCode === status, `status ${error.statusCode}, not ${status}: ${error.message}`);
  need(error.code === code, `code ${error.code}, not ${code}`);
}

export function credential(clientId, secret) {
  return new ClientSecretCredential(process.env.AZURE_TENANT_ID, clientId, secret, {
    authorityHost: process.env.AZURE_AUTHORITY_HOST,
    disableInstanceDiscovery: true,
  });
}

export function administrator() {
  return credential(process.env.AZURE_CLIENT_ID, process.env.AZURE_CLIENT_SECRET);
}

export async function control(path, body) {
  const answer = await fetch(`${process.env.MHSM_EMULATOR_CONTROL}/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  need(answer.ok, `the control port said ${answer.status}`);
  return answer.json();
}

export function finish() {
  console.log(`${count} steps, ${failed} failed`);
  process.exitCode = failed === 0 && count > 0 ? 0 : 1;
}
