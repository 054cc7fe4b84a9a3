"""What the machine code of the kernels must look like, kernel by kernel. build.py asks; here are the demands.

A kernel whose inner loop is not what it is meant to be measures something else, and no result shows it.
"""

import re
import subprocess
import sys

# nvdisasm of the pinned version cannot read this architecture.
UNREADABLE = ("70",)


def fail(where, why):
    sys.exit(f"{where}: {why}")


def assert_nothing_spilt(where, said):
    """`said` is what ptxas -v prints."""
    frames = re.findall(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", said)
    if not frames:
        fail(where, "ptxas says nothing about stack frames")
    if any(frame != ("0", "0", "0") for frame in frames):
        fail(where, f"registers are spilt\n{said}")


def assert_no_warning(where, said):
    """Such as that products of warpgroups wait for one another, which costs most of their speed."""
    if re.search("warning|Performance Loss", said):
        fail(where, said)


class Code:
    """One kernel as disassembled: opcodes in order, and loops as ranges of them."""

    def __init__(self, where, text):
        self.where = where
        self.opcodes = []
        self.labels = {}
        branches = []
        for line in text.splitlines():
            label = re.match(r"\s*(\.L_x_\d+):", line)
            if label:
                self.labels[label.group(1)] = len(self.opcodes)
            instruction = re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+(?:\{\s*)?(?:@!?U?P\w+ )?\s*([A-Z][A-Z0-9x_.]*)", line)
            if instruction:
                target = re.search(r"\.L_x_\d+", line)
                if instruction.group(1).startswith("BRA") and target:
                    branches.append((len(self.opcodes), target.group(0)))
                self.opcodes.append(instruction.group(1))
        self.loops = [
            self.opcodes[self.labels[target] : at + 1]
            for at, target in branches
            if self.labels.get(target, at + 1) <= at
            # A kernel ends in a branch to itself.
            and self.labels[target] < at
        ]

    def count(self, opcodes, pattern):
        return sum(1 for opcode in opcodes if re.fullmatch(pattern, opcode))

    def demand(self, condition, why):
        if not condition:
            fail(self.where, why)


def kernels(nvdisasm, cubin):
    """Every kernel of a cubin: its name and its code."""
    done = subprocess.run([nvdisasm, "-c", cubin], capture_output=True, text=True)
    if done.returncode != 0:
        fail(cubin.name, done.stderr)
    parts = re.split(r"(?m)^\.text\.(\w+):$", done.stdout)
    return {name: Code(f"{cubin.name}, {name}", text) for name, text in zip(parts[1::2], parts[2::2])}


# As fma.cu has them.
BODIES = {"fp64": 128, "fp32": 512, "fp16": 512, "bf16": 512, "int32": 256, "int8": 256}
# The instruction that one step of each precision must be.
STEPS = {
    "fp64": r"DFMA",
    "fp32": r"FFMA",
    "fp16": r"HFMA2(\.MMA)?",
    "bf16": r"HFMA2(\.MMA)?\.BF16_V2",
    "int32": r"IMAD",
    "int8": r"IDP\.4A\.S8\.S8",
}


# Where two pipes take multiply-adds of halves, each must get half of them.
BY_TWO_PIPES = {"fp16": ("80", "90a"), "bf16": ("90a",)}


def fma(name, code, architecture):
    """One loop holds the steps that the source writes out, and next to nothing else."""
    _, precision, chains = name.split("_")
    accumulators = int(chains.split("x")[0])
    steps = BODIES[precision] // accumulators // 2 * 2 * accumulators
    loop = max(code.loops, key=lambda loop: code.count(loop, STEPS[precision]), default=[])
    found = code.count(loop, STEPS[precision])
    code.demand(found >= steps, f"{found} of {steps} multiply-adds stand in the loop")
    if architecture in BY_TWO_PIPES.get(precision, ()):
        halves = code.count(loop, r"HFMA2\.MMA.*")
        code.demand(abs(2 * halves - found) <= found // 8, f"{halves} of {found} multiply-adds go to the second pipe")
    # The chips with next to no FP64: the newest assembler paces what there is with four NOPs each.
    paces = architecture in ("103a", "120") and precision == "fp64"
    others = len(loop) - found - (code.count(loop, "NOP") if paces else 0)
    code.demand(others <= 16, f"{others} other instructions in a loop of {found} multiply-adds")


def census(_name, code, _architecture):
    """Both clocks are read in the loop, none of them before it alone."""
    loop = max(code.loops, key=len, default=[])
    clocks = code.count(loop, r"(CS2R|S2R|S2UR).*")
    code.demand(clocks >= 2, f"{clocks} of 2 clocks are read in the loop")


def stream(name, code, _architecture):
    """Every array moves by 128-bit accesses, as many as the source writes out."""
    _, kind, vectors = name.split("_")
    v = int(vectors[1:])
    arrays = {"read": (1, 0), "reread": (1, 0), "write": (0, 1), "copy": (1, 1), "scale": (1, 1), "add": (2, 1), "triad": (2, 1)}[kind]
    for opcode, wanted in zip(("LDG", "STG"), arrays):
        wide = code.count(code.opcodes, rf"{opcode}\.E\.(EF\.)?128.*")
        code.demand(wide >= wanted * v, f"{wide} of {wanted * v} {opcode} of 128 bits")
    if kind == "reread":
        past_l1 = code.count(code.opcodes, r"LDG\.E\..*STRONG\.GPU.*")
        code.demand(past_l1 >= v, f"{past_l1} of {v} loads pass the L1 cache by")


def pattern(name, code, _architecture):
    """Fill and scan move whole vectors, as many as the source writes out."""
    kind, _, vectors = name.partition("_x")
    if vectors:
        opcode = {"fill": "STG", "scan": "LDG"}[kind]
        wide = code.count(code.opcodes, rf"{opcode}\.E\.(EF\.)?128.*")
        code.demand(wide >= int(vectors), f"{wide} of {vectors} {opcode} of 128 bits")


def draw(_name, code, _architecture):
    code.demand(code.count(code.opcodes, r"STG\.E\.128.*") >= 1, "no store of 128 bits")


def digest(_name, code, _architecture):
    code.demand(code.count(code.opcodes, r"LDG\.E\.128.*") >= 1, "no load of 128 bits")


# What may stand in the loops of blake3.cu beside the 14 instructions of each quarter of a round: the way to and from memory and, where
# elements are made, the making; and the stores of 128 bits among it.
BESIDE_A_COMPRESSION = {
    "expand_int8": (160, 4),
    "expand_fp16": (220, 8),
    "expand_bf16": (320, 8),
    "expand_fp32": (340, 16),
    "cells": (60, 0),
    "tree_chunks": (60, 0),
    "tree_parents": (60, 2),
}


def blake3(name, code, _architecture):
    """One loop holds one compression, written out, and next to nothing else. Memory moves by 128 bits."""
    quarters = 7 * 8
    loop = max(code.loops, key=lambda loop: code.count(loop, r"(SHF|PRMT).*"), default=[])
    rotations = code.count(loop, r"(SHF|PRMT).*")
    code.demand(rotations >= 4 * quarters, f"{rotations} of {4 * quarters} rotations stand in the loop")
    beside, stores = BESIDE_A_COMPRESSION[name]
    code.demand(len(loop) <= 14 * quarters + beside, f"{len(loop)} instructions in a loop of one compression")
    # Of the six additions of a quarter, those that the source writes as multiplications stay such.
    sums = code.count(loop, r"I?ADD3?(\..*)?|VIADD")
    code.demand(sums <= 2 * quarters + 48, f"{sums} additions by the units for logic stand in the loop")
    wanted = [(r"STG\.E\.128.*", stores)]
    if name.startswith("tree"):
        wanted.append((r"LDG\.E\.128.*", 4))
    if name == "tree_chunks":
        wanted += [(r"STS\.128", 4), (r"LDS(\.U)?\.128", 4)]
    for opcode, count in wanted:
        there = code.count(loop, opcode)
        code.demand(there == count, f"{there} of {count} {opcode} in the loop")


def chase(name, code, _architecture):
    """The walk's loop holds its 16 loads and next to nothing else: one address addition each."""
    if name == "ring":
        return
    loop = max(code.loops, key=lambda loop: code.count(loop, r"LDG\..*"), default=[])
    loads = code.count(loop, r"LDG\..*")
    code.demand(loads == 16, f"{loads} of 16 loads stand in the loop")
    code.demand(len(loop) <= 16 + 2 * 16 + 8, f"{len(loop)} instructions in a loop of 16 loads")


def walk(_name, code, _architecture):
    """The same of a walk, whose loads pass the L1 cache by."""
    loop = max(code.loops, key=lambda loop: code.count(loop, r"LDG\..*"), default=[])
    loads = code.count(loop, r"LDG\.E\.STRONG\.GPU.*")
    code.demand(loads == 16, f"{loads} of 16 loads past the L1 cache stand in the loop")
    code.demand(len(loop) <= 16 + 2 * 16 + 8, f"{len(loop)} instructions in a loop of 16 loads")


def gemm(name, code, _architecture):
    """The loop over k is products, fed by 128-bit loads from both memories."""
    _, precision, tile = name.split("_")
    down, across = (8, 16) if tile == "128" else (4, 4)
    depth = {"fp64_64": 8, "fp16_64": 32, "fp16_128": 16}.get(f"{precision}_{tile}", 16 if tile == "64" else 8)
    step = "FFMA" if precision == "fp16" else STEPS[precision]
    loop = max(code.loops, key=lambda loop: code.count(loop, step), default=[])
    found = code.count(loop, step)
    steps = down * across * depth
    code.demand(found >= steps, f"{found} of {steps} steps stand in the loop")
    wide = code.count(loop, r"LDS(\.U)?\.128")
    wanted = (down + across) // 4 * depth * (2 if precision == "fp64" else 1)
    code.demand(wide >= wanted, f"{wide} of {wanted} LDS of 128 bits")
    code.demand(code.count(loop, r"LDG\.E\.128.*") >= 2, "no LDG of 128 bits in the loop")


# The instruction that each format's step must be: the tensor unit's own, not an emulation by another. The large Blackwells (100a and 103a)
# run these as well; their faster ones are further down.
UNIT_STEPS = {
    "bf16": r"HMMA\.16816\.F32\.BF16",
    "fp16": r"HMMA\.16816\.F32",
    "fp64": r"DMMA\.8(84|x8x4)?",
    "fp8_e4m3": r"QMMA\.16832\.F32\.E4M3\.E4M3",
    "fp8_e5m2": r"QMMA\.16832\.F32\.E5M2\.E5M2",
    "int8": r"IMMA\.16832\.S8\.S8",
    "sm75_fp16": r"HMMA\.1688\.F32",
    "sm75_int8": r"IMMA\.8816\.S8\.S8",
    "tf32": r"HMMA\.1688\.F32\.TF32",
}


def mma(name, code, _architecture):
    """The loop over k is products on the tensor units, fed by few wide loads and by copies that registers do not see."""
    precision, columns = name.removeprefix("mma_").rsplit("_", 1)
    step, parts = UNIT_STEPS[precision], int(columns) // 32
    # Two steps of 4 x `parts` parts; in FP64 each takes two products, in the instructions of 7.5 two or four.
    if precision == "fp64":
        wanted, feed = 64, (r"LDS(\.U)?\.128", 12)
    else:
        smaller = {"sm75_fp16": 2, "sm75_int8": 4}.get(precision, 1)
        wanted, feed = 8 * parts * smaller, (r"LDSM\.16\.M88\.4", 2 * (4 + parts // 2))
    copies = (128 + int(columns)) // 64
    if precision.startswith("sm75"):
        # What is loaded is put into shared memory a turn later, so that none waits for it.
        copy, ways = r"LDG\.E\.128.*", [(r"STS\.128", copies), (r"(LDGSTS|LDL|STL).*", 0)]
    else:
        copy, ways = r"LDGSTS\.E\.BYPASS(\.LTC\w+)?\.128.*", [(r"(LDG|STS?|LDL|STL)\..*", 0)]
    # Where rows are no multiples of 16 bytes, another loop brings them value by value.
    loops = [loop for loop in code.loops if code.count(loop, step)]
    loop = max(loops, key=lambda loop: code.count(loop, copy), default=[])
    for opcode, wanted in ((step, wanted), feed, (copy, copies), *ways):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop over k")


# The same for products of warpgroups.
WARPGROUP_STEPS = {
    "bf16": r"HGMMA\.64x256x16\.F32\.BF16",
    "fp16": r"HGMMA\.64x256x16\.F32",
    "fp8_e4m3": r"QGMMA\.64x256x32\.F32\.E4M3\.E4M3",
    "fp8_e5m2": r"QGMMA\.64x256x32\.F32\.E5M2\.E5M2",
    "int8": r"IGMMA\.64x256x32\.S8\.S8",
    "tf32": r"HGMMA\.64x256x8\.F32\.TF32",
}


def wgmma(name, code, _architecture):
    """One loop over k is four products with one wait; another orders boxes; registers change hands between them."""
    step = WARPGROUP_STEPS[name.removeprefix("wgmma_").rsplit("_", 1)[0]]
    code.demand(code.count(code.opcodes, step) == 4, "not the four products that the source writes out")
    # The innermost: the loop over tiles has them as well.
    loop = min((loop for loop in code.loops if code.count(loop, step)), key=len, default=[])
    for opcode, wanted in ((step, 4), (r"WARPGROUP\.ARRIVE", 1), (r"WARPGROUP\.DEPBAR\.LE", 1), (r"ST.*|LD[GL].*|MEMBAR.*", 0)):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop over k")
    for opcode, wanted in (
        (r"UTMALDG\.2D", 1),
        (r"UTMALDG\.2D\.MULTICAST", 1),
        (r"USETMAXREG\.DEALLOC\.CTAPOOL", 1),
        (r"USETMAXREG\.TRY_ALLOC\.CTAPOOL", 1),
        (r"STG\.E\.64", 64),
    ):
        there = code.count(code.opcodes, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode}")


# The same for products into tensor memory, whose descriptors say of what they are.
TENSOR_MEMORY_STEPS = {
    "bf16": r"UTCHMMA",
    "fp16": r"UTCHMMA",
    "fp8_e4m3": r"UTCQMMA",
    "fp8_e5m2": r"UTCQMMA",
    "int8": r"UTCIMMA",
    "tf32": r"UTCHMMA",
}


def umma(name, code, _architecture):
    """One loop over k is four products and next to nothing else, another orders boxes, a third takes sums from tensor memory to memory."""
    step = TENSOR_MEMORY_STEPS[name.removeprefix("umma_").rsplit("_", 1)[0]]
    code.demand(code.count(code.opcodes, step) == 4, "not the four products that the source writes out")
    # The innermost: the loop over tiles has them as well.
    loop = min((loop for loop in code.loops if code.count(loop, step)), key=len, default=[])
    # A descriptor that the compiler takes to differ from thread to thread gets a loop around each product.
    for opcode, wanted in ((step, 4), (r"UTCBAR.*", 1), (r"R2UR\.BROADCAST|LDTM.*|ST[GL]?\..*|LDG.*|MEMBAR.*", 0)):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop over k")
    code.demand(len(loop) <= 100, f"{len(loop)} instructions in a loop of four products")
    loop = max(code.loops, key=lambda loop: code.count(loop, r"STG\.E\.128"), default=[])
    for opcode, wanted in ((r"LDTM\.x32", 1), (r"STG\.E\.128", 8)):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop over columns")
    for opcode, wanted in (
        (r"LDTM.*", 1),
        (r"UTMALDG\.2D", 3),
        (r"UTCATOMSWS\.FIND_AND_SET\.ALIGN", 2),
        (r"UTCATOMSWS\.AND", 1),
    ):
        there = code.count(code.opcodes, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode}")


def dmma(_name, code, _architecture):
    """The loop over k is products of 16 rows, each from the registers that shared memory was loaded into, and copies fill that."""
    step = r"DMMA\.16x8x8"
    loop = min((loop for loop in code.loops if code.count(loop, step)), key=len, default=[])
    for opcode, wanted in ((step, 32), (r"LDS\.64", 48), (r"(LD[GL]?|ST.*)(\..*)?", 0)):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop over k")
    moves = code.count(loop, r"MOV|IMAD\.MOV.*")
    code.demand(moves <= 8, f"{moves} moves between registers in the loop over k")
    there = code.count(code.opcodes, r"UTMALDG\.2D")
    code.demand(there == 2, f"{there} of 2 UTMALDG.2D")


def tensor(name, code, _architecture):
    """The loop is products on the tensor units and next to nothing else, and no memory but registers."""
    precision, _, tiles = name.removeprefix("tensor_").rpartition("_x")
    step = r"DMMA\.16x8x4" if precision == "hopper_fp64" else UNIT_STEPS[precision]
    loop = max(code.loops, key=lambda loop: code.count(loop, step), default=[])
    found = code.count(loop, step)
    wanted = {"fp64": 8, "sm75_fp16": 32, "sm75_int8": 64}.get(precision, 16) * int(tiles)
    code.demand(found >= wanted, f"{found} of {wanted} products of the tensor units stand in the loop")
    # The newest assembler paces slow units with NOPs.
    others = len(loop) - found - code.count(loop, "NOP")
    code.demand(4 * others <= found, f"{others} other instructions in a loop of {found} products")
    moves = code.count(loop, r"(LD|ST|ATOM|RED).*")
    code.demand(moves == 0, f"{moves} accesses to memory in the loop")


def tensor_wgmma(name, code, _architecture):
    """The innermost loop is products of warpgroups and next to nothing else, and no memory but what they read."""
    step = WARPGROUP_STEPS[name.removeprefix("tensor_wgmma_")]
    loop = min((loop for loop in code.loops if code.count(loop, step)), key=len, default=[])
    found = code.count(loop, step)
    code.demand(found == 16, f"{found} of 16 products of warpgroups stand in the loop")
    code.demand(code.count(code.opcodes, step) == 16, "products stand outside of the loop as well")
    for opcode, wanted in ((r"WARPGROUP\.DEPBAR\..*", 0), (r"(LD|ST|ATOM|RED|MEMBAR|BAR).*", 0)):
        there = code.count(loop, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode} in the loop of products")
    others = len(loop) - found
    code.demand(others <= 6 * found, f"{others} other instructions in a loop of {found} products")


def tensor_umma(name, code, _architecture):
    """The innermost loop is products into tensor memory and next to nothing else, and no memory but what they read."""
    step = TENSOR_MEMORY_STEPS[name.removeprefix("tensor_umma_")]
    loop = min((loop for loop in code.loops if code.count(loop, step)), key=len, default=[])
    found = code.count(loop, step)
    code.demand(found == 16, f"{found} of 16 products into tensor memory stand in the loop")
    code.demand(code.count(code.opcodes, step) == 16, "products stand outside of the loop as well")
    others = len(loop) - found
    code.demand(others <= found, f"{others} other instructions in a loop of {found} products")
    for opcode, wanted in ((r"LDTM\.x8", 1), (r"LDTM\.x32", 1), (r"UTCBAR.*", 1), (r"UTCATOMSWS\.AND", 1)):
        there = code.count(code.opcodes, opcode)
        code.demand(there == wanted, f"{there} of {wanted} {opcode}")


DEMANDS = {
    "blake3": blake3,
    "census": census,
    "chase": chase,
    "digest": digest,
    "dmma": dmma,
    "draw": draw,
    "fma": fma,
    "fma_bf16": fma,
    "gemm": gemm,
    "mma": mma,
    "mma_fp8": mma,
    "mma_sm75": mma,
    "pattern": pattern,
    "stream": stream,
    "umma": umma,
    "umma_int8": umma,
    "walk": walk,
    "wgmma": wgmma,
    "tensor": tensor,
    "tensor_fp64": tensor,
    "tensor_fp8": tensor,
    "tensor_sm75": tensor,
    "tensor_umma": tensor_umma,
    "tensor_umma_int8": tensor_umma,
    "tensor_wgmma": tensor_wgmma,
}


def check(nvdisasm, source, architecture, cubin):
    if architecture in UNREADABLE or source not in DEMANDS:
        return
    found = kernels(nvdisasm, cubin)
    if not found:
        fail(cubin.name, "nvdisasm shows no kernel")
    for name, code in found.items():
        DEMANDS[source](name, code, architecture)
