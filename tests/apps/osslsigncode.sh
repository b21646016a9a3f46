#!/bin/sh
# SPDX-License-Identifier: MIT
# osslsigncode: a Windows program signed by keys in the HSM, verified without.
. "${0%/*}/../server.sh"

server_files
sed -i 's/^extendedKeyUsage.*/extendedKeyUsage = codeSigning/' ext
sed -i 's/^keyUsage.*/keyUsage = critical,digitalSignature/' ext
for key in rsa ec; do
    check "a certificate for $key" command openssl x509 -req -in $key.csr \
        -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -extfile ext \
        -out $key.crt
done

# The smallest program that is one: headers and a section that returns.
python3 - <<'TEXT'
import struct

dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
coff = struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 512, 0, 0, 0x1000, 0x1000)
optional += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, 6, 0, 0, 0,
                        6, 0, 0, 0x2000, 512, 0, 3, 0x8160)
optional += struct.pack("<QQQQII", 1 << 20, 4096, 1 << 20, 4096, 0, 16)
optional += bytes(16 * 8)
section = struct.pack("<8sIIIIIIHHI", b".text", 1, 0x1000, 512, 512, 0, 0, 0, 0,
                      0x60000020)
head = (dos + b"PE\0\0" + coff + optional + section).ljust(512, b"\0")
open("plain.exe", "wb").write(head + b"\xc3".ljust(512, b"\0"))
TEXT

for key in rsa ec; do
    rm -f signed.exe
    control reset >/dev/null
    check "sign with $key" program osslsigncode sign -certs $key.crt \
        -key $key.key -h sha256 -n Test -in plain.exe -out signed.exe
    equal "  by one signature" "$(control stats |
        jq '[.routes | to_entries[] | select(.key | endswith("/sign")) | .value] | add > 0')" \
        true
    check "  verify" command osslsigncode verify -CAfile ca.pem -in signed.exe
    output_has "  it is good" '^Signature verification: ok'
    python3 - <<'TEXT'
data = bytearray(open("signed.exe", "rb").read())
data[600] ^= 1
open("bad.exe", "wb").write(data)
TEXT
    fails "a changed program" command osslsigncode verify -CAfile ca.pem \
        -in bad.exe
done

hsm_down
fails "signing without an HSM" program osslsigncode sign -certs rsa.crt \
    -key rsa.key -h sha256 -in plain.exe -out late.exe
hsm_up
rm -f late.exe
check "and with it again" program osslsigncode sign -certs rsa.crt \
    -key rsa.key -h sha256 -in plain.exe -out late.exe

finish_servers
