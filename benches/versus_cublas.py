#!/usr/bin/env python3
"""Our products on Hopper beside those of cuBLASLt, which PyTorch calls: the same matrices, by turns, in one process.

    versus_cublas.py [--size M N K]... [--formats NAME...] [--turns N] [--cubin LABEL=FILE]...

Needs a Hopper GPU, its driver, and Python with PyTorch 2.8 or newer. Takes the kernels from kernels/built; --cubin adds other
builds of them, whose files are named as theirs. Prints a table: both rates in TFLOP/s as medians, and the ratio of each pair of turns, as median, least and most.
Data are normal-like; FP8 and INT8 get theirs by rounding. Our results are 32 bits wide, theirs usually narrower, which
is less to write; both are shown. Fails where a product of ours is wrong.
"""

import argparse
import ctypes
import pathlib
import statistics
import sys

import torch

BUILT = pathlib.Path(__file__).resolve().parent.parent / "kernels" / "built"
cuda = ctypes.CDLL("libcuda.so.1")
# What may differ from the product in FP64, as a share of its norm.
BOUNDS = {"fp64": 1e-13, "fp8_e4m3": 5e-3, "fp8_e5m2": 5e-3, "int8": 0.0}


def must(what, code):
    if code != 0:
        sys.exit(f"{what}: CUDA error {code}")


class Module:
    def __init__(self, path):
        self.handle = ctypes.c_void_p()
        image = path.read_bytes()
        must(f"load {path}", cuda.cuModuleLoadData(ctypes.byref(self.handle), image))

    def function(self, name, shared):
        function = ctypes.c_void_p()
        must(name, cuda.cuModuleGetFunction(ctypes.byref(function), self.handle, name.encode()))
        if shared:
            must(f"{name} shared memory", cuda.cuFuncSetAttribute(function, 8, shared))
        return function


class Kernel:
    """A kernel as src/device/cuda/kernels.rs has it: `columns` of a tile of 128 rows, in clusters of so many blocks."""

    def __init__(self, source, name, threads, columns, cluster, slabs):
        self.source, self.name, self.threads, self.columns, self.cluster = source, name, threads, columns, cluster
        # Slabs of 128 bytes of the rows of both matrices, with barriers and what alignment takes. Without, there are no copies of boxes.
        self.shared = slabs * (TILE + columns) * 128 + 2048 if slabs else 0


TILE = 128


def kernel_of(name):
    if name == "fp32":
        return Kernel("gemm", "gemm_fp32_128", 128, 128, 1, 0)
    if name == "fp64":
        return Kernel("dmma", "dmma_fp64_128", 384, 128, 1, 6)
    return Kernel("wgmma", f"wgmma_{name}_128", 384, 256, 2, 4)


def tensor_map(matrix):
    """A matrix of any format as one of bytes, in boxes of 128 rows by 128 bytes; see src/device/cuda/gpu.rs."""
    raw = (ctypes.c_uint64 * 24)()
    at = (ctypes.addressof(raw) + 63) // 64 * 64
    rows, row_bytes = matrix.shape[0], matrix.shape[1] * matrix.element_size()
    sizes, strides = (ctypes.c_uint64 * 2)(row_bytes, rows), (ctypes.c_uint64 * 1)(row_bytes)
    box, step = (ctypes.c_uint32 * 2)(128, 128), (ctypes.c_uint32 * 2)(1, 1)
    code = cuda.cuTensorMapEncodeTiled(
        ctypes.c_void_p(at), 0, 2, ctypes.c_void_p(matrix.data_ptr()), sizes, strides, box, step, 0, 3, 3, 0
    )
    must("cuTensorMapEncodeTiled", code)
    return raw, at


class Ours:
    """One launch of the best kernel for a format."""

    def __init__(self, module, name, a, b, c):
        (m, k), n = a.shape, b.shape[0]
        kernel = kernel_of(name)
        self.threads, self.shared = kernel.threads, kernel.shared
        self.function = module.function(kernel.name, kernel.shared)
        tiles = -(-m // (kernel.cluster * TILE)) * -(-n // kernel.columns)
        if kernel.shared:
            self.keep = [tensor_map(a), tensor_map(b)]
            units = torch.cuda.get_device_properties(0).multi_processor_count
            self.blocks = min(tiles, units // kernel.cluster) * kernel.cluster
        else:
            addresses = [ctypes.c_void_p(matrix.data_ptr()) for matrix in (a, b)]
            self.keep = [(address, ctypes.addressof(address)) for address in addresses]
            self.blocks = tiles
        self.counters = torch.zeros(1024, dtype=torch.int64, device="cuda")
        values = [ctypes.c_void_p(c.data_ptr()), ctypes.c_uint32(m), ctypes.c_uint32(n), ctypes.c_uint32(k)]
        self.values = values + [ctypes.c_void_p(self.counters.data_ptr())]
        pointers = [at for _, at in self.keep] + [ctypes.addressof(value) for value in self.values]
        self.arguments = (ctypes.c_void_p * len(pointers))(*pointers)

    def __call__(self):
        stream = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream)
        must("launch", cuda.cuLaunchKernel(
            self.function, self.blocks, 1, 1, self.threads, 1, 1, self.shared, stream, self.arguments, None
        ))


def matrices(name, m, n, k):
    torch.manual_seed(7)
    kind = torch.float64 if name == "fp64" else torch.float32
    a, b = torch.randn(m, k, device="cuda", dtype=kind), torch.randn(n, k, device="cuda", dtype=kind)
    if name in ("fp32", "fp64"):
        return [a, b]
    if name == "int8":
        return [(x * 40).round().clamp(-127, 127).to(torch.int8) for x in (a, b)]
    kinds = {
        "fp16": torch.float16, "bf16": torch.bfloat16, "fp8_e4m3": torch.float8_e4m3fn, "fp8_e5m2": torch.float8_e5m2,
    }
    if name == "tf32":  # Values that the format has.
        return [(x.view(torch.int32) & ~0x1FFF).view(torch.float32) for x in (a, b)]
    return [x.to(kinds[name]) for x in (a, b)]


def opponents(name, a, b):
    """By what comes out."""
    torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    one = torch.ones((), device="cuda")
    if name in ("fp16", "bf16"):
        return {
            f"{name} out": lambda: torch.mm(a, b.t()),
            "fp32 out": lambda: torch.mm(a, b.t(), out_dtype=torch.float32),
        }
    if name in ("tf32", "fp32", "fp64"):
        return {f"{'fp64' if name == 'fp64' else 'fp32'} out": lambda: torch.mm(a, b.t())}
    if name == "int8":
        return {"int32 out": lambda: torch._int_mm(a, b.t())}
    return {
        f"{kind} out{' fast' if fast else ''}": (
            lambda out=out, fast=fast: torch._scaled_mm(a, b.t(), one, one, out_dtype=out, use_fast_accum=fast)
        )
        for kind, out in (("bf16", torch.bfloat16), ("fp32", torch.float32)) for fast in (True, False)
    }


def seconds(call, repeat):
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    begin.record()
    for _ in range(repeat):
        call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3 / repeat


def error_of(ours, name, a, b, c):
    """How far the first and the last rows are from the product in FP64. Poisoned before, so that nothing unwritten passes."""
    ours()
    worst = 0.0
    for rows in (slice(0, 256), slice(-256, None)):
        want = a[rows].to(torch.float64) @ b.to(torch.float64).t()
        worst = max(worst, ((c[rows].to(torch.float64) - want).norm() / want.norm()).item())
    if not worst <= BOUNDS.get(name, 1e-4):
        sys.exit(f"{name}: a wrong product, off by {worst:.1e} of its norm")
    return worst


def compare(label, name, shape, module, turns):
    m, n, k = shape
    a, b = matrices(name, m, n, k)
    kind = {"int8": torch.int32, "fp64": torch.float64}.get(name, torch.float32)
    c = torch.full((m, n), 77, dtype=kind, device="cuda")
    ours = Ours(module, name, a, b, c)
    error = error_of(ours, name, a, b, c)
    work = 2 * m * n * k
    # Long enough that one launch does not count.
    repeat = max(2, int(0.02 * 7e14 / work))
    for what, call in opponents(name, a, b).items():
        try:
            call()
        except RuntimeError as why:
            print(f"| {label} | {name} | {m}x{n}x{k} | {what} | NOT OFFERED: {str(why).splitlines()[0][:80]} | | | | |")
            continue
        pairs = [(work / seconds(ours, repeat) / 1e12, work / seconds(call, repeat) / 1e12) for _ in range(turns + 2)][2:]
        mine, theirs = (statistics.median(side) for side in zip(*pairs))
        ratios = sorted(x / y for x, y in pairs)
        print(
            f"| {label} | {name} | {m}x{n}x{k} | {what} | {mine:.1f} | {theirs:.1f} | {statistics.median(ratios):.3f} "
            f"| {ratios[0]:.3f} .. {ratios[-1]:.3f} | {error:.0e} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs=3, action="append")
    parser.add_argument(
        "--formats", nargs="+", default=["bf16", "fp16", "tf32", "fp8_e4m3", "int8", "fp64", "fp32"]
    )
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--cubin", action="append", default=[])
    options = parser.parse_args()
    if not torch.cuda.is_available() or torch.cuda.get_device_capability() != (9, 0):
        sys.exit("no GPU of compute capability 9.0 here")
    torch.zeros(1, device="cuda")
    others = [text.split("=", 1) for text in options.cubin]

    def builds(name):
        """All builds of a format's kernel, by their labels."""
        source = kernel_of(name).source
        files = {"ours": BUILT / f"{source}.sm_90a.cubin"}
        files |= {label: pathlib.Path(file) for label, file in others if pathlib.Path(file).name.startswith(f"{source}.")}
        return {label: Module(path) for label, path in files.items()}

    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}; {options.turns} pairs of turns\n")
    print("| kernel | format | shape | cuBLASLt | ours, TFLOP/s | theirs, TFLOP/s | ratio | min .. max | error |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for shape in options.size or [[8192, 8192, 8192]]:
        for name in options.formats:
            for label, module in builds(name).items():
                compare(label, name, shape, module, options.turns)


main()
