#!/usr/bin/env python3
"""Checks a proof of work without the program that made it, by the protocol's text in src/proof/mod.rs.

    proof.py DIR PUB.pem

DIR holds proof.dsse.json, challenge.dsse.json and transcript.bin, both envelopes signed by PUB.pem. Prints a line for each
GPU, or what does not hold, and then exits 1. What vendors attest is not checked. Needs numpy and cryptography.
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
KINDS = dict(enumerate("hello begin root halt closed ask row done failed fill filled cell attestation turn".split(), 1))


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


def parent(start, left, right, flags):
    return compress(start, np.concatenate([left, right]), np.zeros(left.shape[1], np.uint64), 64, flags)[:8]


def roots_of(rows, shown, paths, keys=None):
    """The roots that rows lead to, each a whole subtree of chunks, by their paths; under keys where there are any."""
    start = words(b"".join(keys)).reshape(-1, 8).T if keys else np.array([IV] * len(rows), np.uint32).T
    keyed, chunks = KEYED * bool(keys), words(b"".join(shown)).reshape(-1, 16, 16)
    each = len(chunks) // len(rows)
    counter = np.arange(len(chunks), dtype=np.uint64) % each + np.repeat(np.array(rows, np.uint64) * each, each)
    wide = lambda count: np.repeat(start, count // len(rows), axis=1)
    value = wide(len(chunks))
    for block in range(16):
        flags = CHUNK_START * (block == 0) | CHUNK_END * (block == 15)
        value = compress(value, chunks[:, block].T, counter, 64, flags | keyed)[:8]
    while value.shape[1] > len(rows):
        value = parent(wide(value.shape[1] // 2), value[:, ::2], value[:, 1::2], PARENT | keyed)
    beside = words(b"".join(paths)).reshape(len(rows), -1, 8)
    for level in range(beside.shape[1]):
        other, is_left = beside[:, level].T, np.array(rows) >> level & 1 == 0
        flags = PARENT | keyed | (ROOT if level == beside.shape[1] - 1 else 0)
        value = parent(start, np.where(is_left, value, other), np.where(is_left, other, value), flags)
    return [root.astype("<u4").tobytes() for root in value.T]


def cells(key, indices):
    """What cells of memory hold: lines hashed from one another, 64 times each."""
    start, index = np.repeat(words(key)[:, None], len(indices), axis=1), np.array(indices, np.uint64)
    x, zero, lines = np.zeros((16, len(indices)), np.uint32), np.zeros(len(indices), np.uint64), []
    for line in range(64):
        for turn in range(64):
            x[12], x[13], x[14], x[15] = index & 0xFFFFFFFF, index >> 32, line, turn
            x = compress(start, x, zero, 64, KEYED | CHUNK_START | CHUNK_END | ROOT)
        lines.append(x.T.copy())
    return [cell.astype("<u4").tobytes() for cell in np.concatenate(lines, axis=1)]


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
    payload, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    try:
        key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)
    except InvalidSignature:
        sys.exit(f"refused: {path.name} was changed, or somebody else signed it")
    return json.loads(payload)["predicate"], hashlib.sha256(payload).hexdigest()


def conversation(transcript, by):
    """What was said once, with its time; the roots, their times, the rows, cells and turns of each GPU."""
    names, said, roots, times, rows, marks, turns, now, at = [], {}, [], [], [], [], [], 0, 0
    while at < len(transcript):
        time, kind, length = struct.unpack_from("<QBI", transcript, at)
        before, body, at = at, transcript[at + 13 : at + 13 + length], at + 13 + length
        demand(kind in KINDS and at <= len(transcript) and time >= now, "the transcript is cut or malformed")
        name, now = KINDS[kind], time
        names += [] if names[-1:] == [name] and name in ("root", "row", "cell", "attestation") else [name]
        if name == "root":
            gpu, number = struct.unpack_from("<HI", body)
            demand(number == len(roots[gpu]) and len(body) == 38, "a round out of turn")
            roots[gpu].append(body[6:])
            times[gpu].append(time)
        elif name == "turn":
            gpu, number = struct.unpack_from("<HI", body)
            demand(number == len(roots[gpu]) and len(body) == 38, "a turn out of place")
            turns[gpu].append((number, time, body[6:]))
        elif name == "row":
            gpu, question, levels = struct.unpack_from("<HIB", body)
            rows[gpu].append((question, body[7 : 7 + 32 * levels], body[7 + 32 * levels :]))
        elif name == "cell":
            gpu, question = struct.unpack_from("<HI", body)
            marks[gpu].append((question, body[6:]))
        else:
            said[name] = (time, body)
            if name == "hello":
                roots, times, rows, marks, turns = [[[] for _ in json.loads(body)["gpus"]] for _ in range(5)]
            chosen = name == "ask" and body != hashlib.sha256(transcript[:before]).digest()
            demand(by == "witness" or not chosen, "the prover chose its questions")
    order = "hello( fill filled)? begin( root| turn)* halt( root| turn)* closed ask (row |cell |attestation )+done"
    demand(re.fullmatch(order, " ".join(names)), f"frames out of turn: {names}")
    return said, roots, times, rows, marks, turns


def drawn(ask, gpu, kind, openings, rounds, m):
    """The places that are asked about: rounds, as they are numbered in all, and rows."""
    fractions = stream([ask], struct.pack("<I", gpu) + kind, [0], 8 * openings).tobytes()
    places = [divmod(fraction * len(rounds) * m >> 64, m) for fraction, in struct.iter_unpack("<Q", fractions)]
    return [rounds[nth] for nth, _ in places], [row for _, row in places]


def rows_hold(work, at, places, roots, answers, key):
    """Whether the shown rows were committed and are rows of the products."""
    m, n, k, bits = work["m"], work["n"], work["k"], 8 if work["numbers"] == "int32" else 6
    paths, shown = zip(*answers)
    demand({(len(r) // 4, 2 ** (len(p) // 32)) for r, p in zip(shown, paths)} == {(n, m)}, "rows of another size")
    demand(roots_of(at, shown, paths) == [roots[r] for r in places], "what is shown was not committed")
    w = [secrets.randbits(32) for _ in at]
    a_sum = np.array(w) @ entries([key(b"A", r) for r in places], [row * k for row in at], k, bits)
    c_sum = sum(w * numbers(work, row, bits).astype(object) for w, row in zip(w, shown))
    b = entries([key(b"B")], [0], n * k, bits).reshape(n, k)
    # By digits to the base 2^16, so that no sum overflows.
    digits = [(a_sum >> (16 * i)) & 0xFFFF for i in range(3)] + [a_sum >> 48]
    product = sum((b @ digit).astype(object) << (16 * i) for i, digit in enumerate(digits))
    demand((product == c_sum).all(), "the rows are not rows of the products")


def cells_hold(key, numbers, at, places, roots, answers, of_round):
    """Whether the cells, which are made here, were hashed in their rounds."""
    held = roots_of(at, cells(key, numbers), [path for path, in answers], [of_round(b"P", r) for r in places])
    demand(held == [roots[r] for r in places], "memory does not hold what it is to hold")


def check_gpu(gpu, offered, challenge, said, roots, times, rows, marks, turns, stated, protocol):
    memory, work = offered.get("memory") or {"parts": 0, "cells": 0, "products": 1}, offered["work"]
    parts, count, first, openings = memory["parts"], memory["cells"], memory["products"], challenge["openings"]
    demand(parts * count * 4096 >= challenge["memory_bytes"], "less memory than demanded")
    place = [r % (first + parts) for r in range(len(roots))]
    nonce, (begun, start), ask = bytes.fromhex(challenge["nonce"]), said["begin"], said["ask"][1]
    # Once more perhaps after the last round; protocol 1 had no turns, so that only both kinds together took their time.
    due = [r for r in range(1, len(roots) + 1) if parts and protocol > 1 and r % (first + parts) in (0, first)]
    demand([r for r, *_ in turns] in (due, [r for r in due if r < len(roots)]), "turns are missing")
    begins, seeds = [begun] + times[:-1], {0: bytes(32), 1: bytes(32)}
    for r, time, seed in turns:
        seeds |= {r: seed, r + 1: seed}
        begins[r : r + 1] = [time]
    gaps = [end - begin for begin, end in zip(begins, times)]
    # The time ends for all GPUs at once; what is left of it after the last root is that of the product that was next.
    left = said["closed"][0] - (begins + times[-1:])[len(roots)]
    demand(roots and place[-1] == first + parts - 1 and stated["first_root_ns"] == gaps[0], "rounds are missing")
    tail = lambda r: struct.pack("<I", r) + (seeds[r] if r in seeds else roots[r - 2])
    key = lambda matrix, r=None: matrix_key(nonce, start, matrix, gpu, b"" if r is None else tail(r))
    for kind, answers in [(b"", sorted(rows)), (b"M", sorted(marks))]:
        mine = [r for r in range(len(roots)) if (place[r] >= first) == bool(kind)]
        demand([q for q, *_ in answers] == list(range(openings if mine else 0)), "questions left open")
        if not mine:
            continue
        answers, (at, row) = [a for _, *a in answers], drawn(ask, gpu, kind, openings, mine, count if kind else work["m"])
        if kind:
            numbers = [(place[r] - first) * count + i for r, i in zip(at, row)]
            cells_hold(matrix_key(nonce, said["fill"][1], b"M", gpu), numbers, row, at, roots, answers, key)
        else:
            rows_hold(work, row, at, roots, answers, key)
        each = count * 4096 if kind else 2 * work["m"] * work["n"] * work["k"]
        apart = protocol > 1 or not parts
        took = sum(gaps[r] for r in mine) if apart else sum(gaps)
        took += 0 if apart and kind else left
        rate = each * len(mine) * 0.01 ** (1 / openings) * 1e9 / took
        floor = stated["memory"]["floor_bytes_per_s"] if kind else stated["floor_per_s"]
        demand(protocol < 3 or abs(floor / rate - 1) < 1e-9, f"GPU {gpu} is said to do {floor:g}, not {rate:g} a second")
        print(f"GPU {gpu}: {len(mine)} rounds, at least {rate:.4g} {'bytes' if kind else 'operations'} a second")


def check(directory, key):
    proof, _ = opened(directory / "proof.dsse.json", key)
    challenge, digest = opened(directory / "challenge.dsse.json", key)
    transcript = (directory / "transcript.bin").read_bytes()
    demand(proof["challenge_sha256"] == digest, "the proof answers another challenge")
    demand(proof["transcript"]["sha256"] == hashlib.sha256(transcript).hexdigest(), "another transcript was signed")
    demand(proof["outcome"] == {"kind": "held"}, f"it did not hold: {proof['outcome']}")
    said, *kept = conversation(transcript, proof["by"])
    hello = json.loads(said["hello"][1])
    demand(hello["challenge_sha256"] == digest and len(kept[0]) == challenge["gpus"], "not what was demanded")
    demand(said["halt"][0] - said["begin"][0] >= challenge["at_least_s"] * 10**9, "the clock was stopped early")
    closed = struct.unpack(f"<{len(kept[0])}I", said["closed"][1])
    demand(list(closed) == [len(roots) for roots in kept[0]], "rounds are missing")
    for gpu, (offered, stated, *of_gpu) in enumerate(zip(hello["gpus"], proof["gpus"], *kept)):
        check_gpu(gpu, offered, challenge, said, *of_gpu, stated, hello["protocol"])


if __name__ == "__main__":
    check(Path(sys.argv[1]), load_pem_public_key(Path(sys.argv[2]).read_bytes()))
