#!/usr/bin/env python3
"""Shows that a report can be verified without the program that wrote it.

    foreign.py REPORT.dsse.json PUB.pem [SECRET.pem]

OpenSSL and securesystemslib accept the signature and refuse it once any one of some bytes is changed; in-toto's
own reader accepts the statement. With the secret key, OpenSSL must read that too. Needs openssl on PATH and, from
PyPI, securesystemslib[crypto] and in-toto-attestation. Prints one line per check and exits 1 at the first that fails.
"""

import base64
import copy
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def fail(what):
    sys.exit(f"FAILED: {what}")


def say(what, holds):
    if not holds:
        fail(what)
    print(f"ok: {what}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def pae(payload):
    """What DSSE signs; written from its specification, not from our code."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def openssl_accepts(envelope, public_key):
    with tempfile.TemporaryDirectory() as directory:
        message, signature = Path(directory, "message"), Path(directory, "signature")
        message.write_bytes(pae(base64.b64decode(envelope["payload"])))
        signature.write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
        done = run(
            "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public_key, "-rawin",
            "-in", message, "-sigfile", signature,
        )
        return done.returncode == 0 and "Verified Successfully" in done.stdout


def securesystemslib_accepts(envelope, public_key):
    pem = Path(public_key).read_bytes()
    key = SSlibKey.from_crypto(load_pem_public_key(pem), keyid=envelope["signatures"][0]["keyid"])
    try:
        return len(Envelope.from_dict(copy.deepcopy(envelope)).verify([key], 1)) == 1
    except VerificationError:
        return False


def changed(envelope):
    """Envelopes that differ from this one in a single byte of the payload or a single bit of the signature."""
    payload = base64.b64decode(envelope["payload"])
    for at in (0, len(payload) // 2, len(payload) - 1):
        other = bytearray(payload)
        other[at] ^= 1
        yield f"byte {at} of the payload", {**envelope, "payload": base64.b64encode(other).decode()}
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[5] ^= 1
    entry = {**envelope["signatures"][0], "sig": base64.b64encode(signature).decode()}
    yield "one bit of the signature", {**envelope, "signatures": [entry]}


def main(report, public_key, secret_key=None):
    envelope = json.loads(Path(report).read_text())
    say("the payload is of in-toto's type", envelope["payloadType"] == PAYLOAD_TYPE)
    for name, accepts in (("openssl", openssl_accepts), ("securesystemslib", securesystemslib_accepts)):
        say(f"{name} accepts the signature", accepts(envelope, public_key))
        for what, other in changed(envelope):
            say(f"{name} refuses it with {what} changed", not accepts(other, public_key))

    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", public_key, "-outform", "DER"], capture_output=True, check=True
    ).stdout
    say("the key id is the SHA-256 of the key", envelope["signatures"][0]["keyid"] == hashlib.sha256(der).hexdigest())

    payload = json.loads(base64.b64decode(envelope["payload"]))
    message = statement_pb2.Statement()
    json_format.ParseDict(payload, message)
    Statement.copy_from_pb(message).validate()
    say("in-toto-attestation accepts the statement", True)
    try:
        broken = statement_pb2.Statement()
        json_format.ParseDict({**payload, "subject": []}, broken)
        Statement.copy_from_pb(broken).validate()
        fail("in-toto-attestation accepts a statement about nothing, so its word means little")
    except ValueError:
        print("ok: in-toto-attestation refuses a statement about nothing")

    if secret_key:
        shown = run("openssl", "pkey", "-in", secret_key, "-pubout")
        say("openssl reads our secret key", shown.returncode == 0)
        say("and finds the same public key in it", shown.stdout == Path(public_key).read_text())


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
