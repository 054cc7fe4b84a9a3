#!/usr/bin/env python3
"""Checks a proof of work without the program that made it, by the protocol's text in src/proof/mod.rs.

    proof.py DIR PUB.pem

DIR holds proof.dsse.json, challenge.dsse.json and transcript.bin, both envelopes signed by PUB.pem. Prints a line for each
GPU, or what does not hold, and then exits 1. Needs numpy and cryptography.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import struct
import sys
from pathlib import Path

import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

IV = [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]
CHUNK_START, CHUNK_END, PARENT, ROOT, KEYED = 1, 2, 4, 8, 16
# Four columns, then four diagonals.
QUARTERS = [(i, 4 + (i + d) % 4, 8 + (i + 2 * d) % 4, 12 + (i + 3 * d) % 4) for d in (0, 1) for i in range(4)]
words = lambda data: np.frombuffer(data, "<u4")
KINDS = dict(enumerate("hello begin root halt closed ask row done failed".split(), 1))


def demand(holds, what):
    holds or sys.exit(f"refused: {what}")


def compress(cv, block, counter, length, flags):
    """The BLAKE3 compression function over many blocks at once: cv of 8 x N, block of 16 x N, counter of N."""
    count = block.shape[1]
    word = lambda value: np.full(count, value, np.uint32)
    low, high = [(counter >> shift).astype(np.uint32) for shift in (0, 32)]
    v, message = [*cv, *map(word, IV[:4]), low, high, word(length), word(flags)], list(block)
    turn = lambda x, by: (x >> np.uint32(by)) | (x << np.uint32(32 - by))
    for _ in range(7):
        for pair, (a, b, c, d) in enumerate(QUARTERS):
            for half, (first, second) in enumerate([(16, 12), (8, 7)]):
                v[a] = v[a] + v[b] + message[2 * pair + half]
                v[d] = turn(v[d] ^ v[a], first)
                v[c] = v[c] + v[d]
                v[b] = turn(v[b] ^ v[c], second)
        message = [message[i] for i in ORDER]
    return np.array([v[i] ^ v[i + 8] for i in range(8)] + [v[i + 8] ^ cv[i] for i in range(8)])


def stream(keys, message, starts, length):
    """Bytes of the extended output of BLAKE3 over at most one block, for each key from its start, a multiple of 64."""
    blocks = (length + 63) // 64
    counter = (np.array(starts, np.uint64)[:, None] // 64 + np.arange(blocks, dtype=np.uint64)).ravel()
    key = np.repeat(words(b"".join(keys)).reshape(-1, 8).T, blocks, axis=1)
    block = np.repeat(words(message + bytes(64 - len(message)))[:, None], len(counter), axis=1)
    out = compress(key, block, counter, len(message), KEYED | CHUNK_START | CHUNK_END | ROOT)
    return np.ascontiguousarray(out.T, "<u4").view(np.uint8).reshape(len(keys), -1)[:, :length]


def parent(left, right, flags):
    start = np.repeat(np.array(IV, np.uint32)[:, None], left.shape[1], axis=1)
    return compress(start, np.concatenate([left, right]), np.zeros(left.shape[1], np.uint64), 64, flags)[:8]


def roots_of(rows, shown, paths):
    """The roots that rows lead to, each a whole subtree of chunks, by their paths."""
    chunks = words(b"".join(shown)).reshape(-1, 16, 16)
    each = len(chunks) // len(rows)
    counter = np.arange(len(chunks), dtype=np.uint64) % each + np.repeat(np.array(rows, np.uint64) * each, each)
    value = np.repeat(np.array(IV, np.uint32)[:, None], len(chunks), axis=1)
    for block in range(16):
        flags = CHUNK_START * (block == 0) | CHUNK_END * (block == 15)
        value = compress(value, chunks[:, block].T, counter, 64, flags)[:8]
    while value.shape[1] > len(rows):
        value = parent(value[:, ::2], value[:, 1::2], PARENT)
    beside = words(b"".join(paths)).reshape(len(rows), -1, 8)
    for level in range(beside.shape[1]):
        other, is_left = beside[:, level].T, np.array(rows) >> level & 1 == 0
        flags = PARENT | (ROOT if level == beside.shape[1] - 1 else 0)
        value = parent(np.where(is_left, value, other), np.where(is_left, other, value), flags)
    return [root.astype("<u4").tobytes() for root in value.T]


def entries(keys, starts, count, bits):
    """Entries of the matrices that the keys stand for, a row for each key."""
    return ((stream(keys, b"", starts, count) << (8 - bits)).view(np.int8) >> (8 - bits)).astype(np.int64)


def matrix_key(nonce, start, matrix, gpu, rest=b""):
    info = b"gpu-assay proof v1 " + matrix + struct.pack("<I", gpu) + rest
    return hmac.digest(hmac.digest(bytes(32), nonce + start, "sha256"), info + b"\x01", "sha256")


def numbers(work, data, bits):
    """A row of C, each number one that a product can have."""
    if work["numbers"] == "int32":
        row = np.frombuffer(data, "<i4").astype(np.int64)
    else:
        floats = np.frombuffer(data, "<f4")
        demand(np.isfinite(floats).all() and (np.abs(floats) < 2**31).all(), "a number that is none")
        row = floats.astype(np.int64)
        demand(row.astype("<f4").tobytes() == data, "a number that is not whole")
    demand((np.abs(row) <= work["k"] << (2 * bits - 2)).all(), "a number that no product has")
    return row


def opened(path, key):
    """The predicate in an envelope and the SHA-256 of the signed bytes."""
    envelope = json.loads(path.read_bytes())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    try:
        key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)
    except InvalidSignature:
        sys.exit(f"refused: {path.name} was changed, or somebody else signed it")
    return json.loads(payload)["predicate"], hashlib.sha256(payload).hexdigest()


def conversation(transcript, by):
    """What was said once, with its time; the roots and rows of each GPU; when each committed last."""
    names, said, roots, rows, last, now, at = [], {}, [], [], {}, 0, 0
    while at < len(transcript):
        time, kind, length = struct.unpack_from("<QBI", transcript, at)
        before, body, at = at, transcript[at + 13 : at + 13 + length], at + 13 + length
        demand(kind in KINDS and at <= len(transcript) and time >= now, "the transcript is cut or malformed")
        name, now = KINDS[kind], time
        names = names if names[-1:] == [name] and name in ("root", "row") else names + [name]
        if name == "root":
            gpu, number = struct.unpack_from("<HI", body)
            demand(number == len(roots[gpu]) and len(body) == 38, "a round out of turn")
            roots[gpu].append(body[6:])
            last[gpu] = time
        elif name == "row":
            gpu, question, levels = struct.unpack_from("<HIB", body)
            rows[gpu].append((question, body[7 : 7 + 32 * levels], body[7 + 32 * levels :]))
        else:
            said[name] = (time, body)
            if name == "hello":
                roots, rows = [[[] for _ in json.loads(body)["gpus"]] for _ in range(2)]
            chosen = name == "ask" and body != hashlib.sha256(transcript[:before]).digest()
            demand(by == "witness" or not chosen, "the prover chose its questions")
    orderly = re.fullmatch("hello begin( root)? halt( root)? closed ask row done", " ".join(names))
    demand(orderly, f"frames out of turn: {names}")
    closed = struct.unpack(f"<{len(roots)}I", said["closed"][1])
    demand(list(closed) == [len(each) for each in roots] and min(closed) > 0, "rounds are missing")
    return said, roots, rows, last


def rows_hold(work, ask, gpu, openings, roots, rows, key):
    """Whether the shown rows are those that `ask` stands for, were committed, and are rows of the products."""
    m, n, k, bits = work["m"], work["n"], work["k"], 8 if work["numbers"] == "int32" else 6
    questions, paths, shown = zip(*sorted(rows))
    sizes = {(len(row) // 4, 2 ** (len(path) // 32)) for row, path in zip(shown, paths)}
    demand(list(questions) == list(range(openings)) and sizes == {(n, m)}, "not the answers to all questions")
    drawn = stream([ask], struct.pack("<I", gpu), [0], 8 * openings).tobytes()
    places = [divmod(fraction * len(roots) * m >> 64, m) for fraction, in struct.iter_unpack("<Q", drawn)]
    at = [row for _, row in places]
    demand(roots_of(at, shown, paths) == [roots[r] for r, _ in places], f"GPU {gpu} did not commit what it shows")
    before = lambda r: struct.pack("<I", r) + (roots[r - 2] if r >= 2 else bytes(32))
    keys = [key(b"A", before(r)) for r, _ in places]
    w = [secrets.randbits(32) for _ in questions]
    a_sum = np.array(w) @ entries(keys, [row * k for row in at], k, bits)
    c_sum = sum(w * numbers(work, row, bits).astype(object) for w, row in zip(w, shown))
    b = entries([key(b"B")], [0], n * k, bits).reshape(n, k)
    # By digits to the base 2^16, so that no sum overflows.
    digits = [(a_sum >> (16 * i)) & 0xFFFF for i in range(3)] + [a_sum >> 48]
    product = sum((b @ digit).astype(object) << (16 * i) for i, digit in enumerate(digits))
    demand((product == c_sum).all(), f"the rows of GPU {gpu} are not rows of the products")
    return 2 * m * n * k


def check(directory, key):
    proof, _ = opened(directory / "proof.dsse.json", key)
    challenge, digest = opened(directory / "challenge.dsse.json", key)
    transcript = (directory / "transcript.bin").read_bytes()
    demand(proof["challenge_sha256"] == digest, "the proof answers another challenge")
    demand(proof["transcript"]["sha256"] == hashlib.sha256(transcript).hexdigest(), "another transcript was signed")
    demand(proof["outcome"] == {"kind": "held"}, f"it did not hold: {proof['outcome']}")
    said, roots, rows, last = conversation(transcript, proof["by"])
    hello, (begun, start) = json.loads(said["hello"][1]), said["begin"]
    demand(hello["challenge_sha256"] == digest and len(roots) == challenge["gpus"], "not what was demanded")
    demand(said["halt"][0] >= begun + challenge["at_least_s"] * 10**9, "the clock was stopped early")
    openings, nonce = challenge["openings"], bytes.fromhex(challenge["nonce"])
    for gpu, offered in enumerate(hello["gpus"]):
        of_gpu = lambda matrix, rest=b"": matrix_key(nonce, start, matrix, gpu, rest)
        each = rows_hold(offered["work"], said["ask"][1], gpu, openings, roots[gpu], rows[gpu], of_gpu)
        rate = each * len(roots[gpu]) * 0.01 ** (1 / openings) * 1e9 / (last[gpu] - begun)
        stated = proof["gpus"][gpu]["floor_per_s"]
        demand(abs(stated / rate - 1) < 1e-9, f"GPU {gpu} is said to do {stated:g}, not {rate:g} a second")
        print(f"GPU {gpu}: {len(roots[gpu])} rounds, at least {rate:.4g} operations a second")


if __name__ == "__main__":
    check(Path(sys.argv[1]), load_pem_public_key(Path(sys.argv[2]).read_bytes()))
