#!/usr/bin/env python3
"""Shows that what was signed can be verified without the program that wrote it.

    foreign.py ENVELOPE.dsse.json PUB.pem... [--secret SECRET.pem]

OpenSSL and securesystemslib accept every signature and refuse it once any one of some bytes is changed; of several
signers, in the order of their signatures, all are needed. in-toto's own reader accepts the statement. With the secret
key of the first, OpenSSL must read that too. Needs openssl on PATH and, from PyPI, securesystemslib[crypto] and in-toto-attestation. Prints one line per check and exits 1 at the first that fails.
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


def openssl_accepts(envelope, public_key, at):
    with tempfile.TemporaryDirectory() as directory:
        message, signature = Path(directory, "message"), Path(directory, "signature")
        message.write_bytes(pae(base64.b64decode(envelope["payload"])))
        signature.write_bytes(base64.b64decode(envelope["signatures"][at]["sig"]))
        done = run(
            "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", public_key, "-rawin",
            "-in", message, "-sigfile", signature,
        )
        return done.returncode == 0 and "Verified Successfully" in done.stdout


def securesystemslib_accepts(envelope, public_key, at):
    return securesystemslib_accepts_all(envelope, {at: public_key}, 1)


def securesystemslib_accepts_all(envelope, public_keys, threshold):
    keys = [
        SSlibKey.from_crypto(load_pem_public_key(Path(pem).read_bytes()), keyid=envelope["signatures"][at]["keyid"])
        for at, pem in public_keys.items()
    ]
    try:
        return len(Envelope.from_dict(copy.deepcopy(envelope)).verify(keys, threshold)) >= threshold
    except VerificationError:
        return False


def changed(envelope, at_signature):
    """Envelopes that differ from this one in a single byte of the payload or a single bit of the signature."""
    payload = base64.b64decode(envelope["payload"])
    for at in (0, len(payload) // 2, len(payload) - 1):
        other = bytearray(payload)
        other[at] ^= 1
        yield f"byte {at} of the payload", {**envelope, "payload": base64.b64encode(other).decode()}
    signatures = copy.deepcopy(envelope["signatures"])
    signature = bytearray(base64.b64decode(signatures[at_signature]["sig"]))
    signature[5] ^= 1
    signatures[at_signature]["sig"] = base64.b64encode(signature).decode()
    yield "one bit of the signature", {**envelope, "signatures": signatures}


def main(file, public_keys, secret_key=None):
    envelope = json.loads(Path(file).read_text())
    say("the payload is of in-toto's type", envelope["payloadType"] == PAYLOAD_TYPE)
    say("there are as many signatures as signers", len(envelope["signatures"]) == len(public_keys))
    for at, public_key in enumerate(public_keys):
        for name, accepts in (("openssl", openssl_accepts), ("securesystemslib", securesystemslib_accepts)):
            say(f"{name} accepts the signature", accepts(envelope, public_key, at))
            for what, other in changed(envelope, at):
                say(f"{name} refuses it with {what} changed", not accepts(other, public_key, at))

        der = subprocess.run(
            ["openssl", "pkey", "-pubin", "-in", public_key, "-outform", "DER"], capture_output=True, check=True
        ).stdout
        keyid = envelope["signatures"][at]["keyid"]
        say("the key id is the SHA-256 of the key", keyid == hashlib.sha256(der).hexdigest())
    signers = dict(enumerate(public_keys))
    say("all signers together are accepted", securesystemslib_accepts_all(envelope, signers, len(signers)))
    for at in signers if len(signers) > 1 else ():
        one = copy.deepcopy(envelope)
        one["signatures"][at]["sig"] = one["signatures"][at - 1]["sig"]
        say("and not where one has not signed", not securesystemslib_accepts_all(one, signers, len(signers)))

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
        say("and finds the same public key in it", shown.stdout == Path(public_keys[0]).read_text())


if __name__ == "__main__":
    arguments, secret = sys.argv[1:], None
    if "--secret" in arguments[:-1]:
        at = arguments.index("--secret")
        secret = arguments[at + 1]
        arguments = arguments[:at] + arguments[at + 2 :]
    if len(arguments) < 2:
        sys.exit(__doc__)
    main(arguments[0], arguments[1:], secret)
