#!/usr/bin/env python3
"""Compiles kernels/*.cu with pinned compilers into kernels/built/: PTX, cubins, manifest.json and table.rs.

    build.py            writes kernels/built/
    build.py --check    builds elsewhere and fails where kernels/built/ differs; asserts the machine code

Needs Linux on x86-64, Python 3.11 with venv, and a C++ compiler for the preprocessor. The compilers are wheels from
PyPI, pinned by hash, installed into target/cuda-venv. The same sources give the same bytes on every machine.
"""

import concurrent.futures
import filecmp
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import sass

KERNELS = pathlib.Path(__file__).resolve().parent
BUILT = KERNELS / "built"
VENV = KERNELS.parent / "target" / "cuda-venv"

# Each set of wheels goes into a folder of its own: two ptxas have the same package name.
WHEELS = {
    "front": {
        "nvidia-cuda-nvcc==13.0.88": "56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03",
        "nvidia-cuda-crt==13.0.88": "2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4",
        "nvidia-nvvm==13.0.88": "c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0",
        "nvidia-cuda-runtime==13.0.96": "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548",
        "nvidia-cuda-nvdisasm==13.5.37": "d3fdbdd49fa53e2e4aacd3db8259d052bd2b049ececdcb69e92e083c6728e7ca",
    },
    "ptxas-12.4": {
        "nvidia-cuda-nvcc-cu12==12.4.131": "e4c9a35435c3b0e36c6397c5696334c9ea6650e524736cbd1c5d345ea099bb04",
    },
    "ptxas-12.9": {
        "nvidia-cuda-nvcc-cu12==12.9.86": "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
    },
}

# The oldest ptxas that knows an architecture makes its cubins, because drivers refuse cubins of newer toolkits: 12.4
# makes what drivers from r525 on load, 12.9 is for what came after it.
ALL = ("70", "75", "80", "86", "89", "90a", "100a", "103a", "120")
NEEDS_12_9 = ("100a", "103a", "120")
# The older one gives all of this to one of Hopper's two pipes for halves: half of what the card can do.
BETTER_BY_12_9 = (("fma_bf16", "90a"),)


@dataclass(frozen=True)
class Unit:
    """How one .cu file is compiled."""

    # The architecture that the front end is given.
    front: str
    # The header that its PTX gets: the lowest that ptxas accepts, so that the oldest drivers take it.
    version: str
    target: str
    # Whether the PTX travels as well, for devices that none of the cubins fits.
    travels: bool
    cubins: tuple


# Needs nothing beyond what every NVIDIA GPU since Volta has.
PLAIN = Unit("compute_75", "6.0", "sm_70", True, ALL)

# The first architecture with cp.async, with multiply-adds in BF16 and with all of these mma.sync. Newer ones have faster words of their own.
TENSOR = Unit("compute_80", "7.0", "sm_80", True, ("80", "86", "89", "90a", "100a", "103a", "120"))

# The tensor units before those, by smaller instructions.
TURING = Unit("compute_75", "6.5", "sm_75", False, ("75",))

# The first architecture with FP8. On others than these two ptxas makes FP16 products of it.
FP8 = Unit("compute_89", "8.4", "sm_89", True, ("89", "120"))

# Instructions that no other architecture has: machine code for this one or nothing.
HOPPER = Unit("compute_90a", "8.0", "sm_90a", False, ("90a",))

# The same of the large Blackwells: for both kinds of them, and for the first alone.
BLACKWELL = Unit("compute_100f", "8.8", "sm_100f", False, ("100a", "103a"))
BLACKWELL_FIRST = Unit("compute_100a", "8.6", "sm_100a", False, ("100a",))

UNITS = {
    "blake3": PLAIN,
    "census": PLAIN,
    "chase": PLAIN,
    "digest": PLAIN,
    "dmma": HOPPER,
    "draw": PLAIN,
    "fma": PLAIN,
    "fma_bf16": TENSOR,
    "gemm": PLAIN,
    "mma": TENSOR,
    "mma_fp8": FP8,
    "mma_sm75": TURING,
    "pattern": PLAIN,
    "stream": PLAIN,
    "tensor": TENSOR,
    "tensor_fp64": HOPPER,
    "tensor_fp8": FP8,
    "tensor_sm75": TURING,
    "tensor_umma": BLACKWELL,
    "tensor_umma_int8": BLACKWELL_FIRST,
    "tensor_wgmma": HOPPER,
    "umma": BLACKWELL,
    "umma_int8": BLACKWELL_FIRST,
    "walk": PLAIN,
    "wgmma": HOPPER,
}

# Multiply and add are fused only where a kernel says so: results are compared bit for bit.
NVCC_FLAGS = ["-O3", "-std=c++17", "-fmad=false", "-ptx"]
PTXAS_FLAGS = ["-O3", "-v"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def install():
    """Brings the pinned wheels, unless they are there."""
    python = VENV / "bin" / "python"
    for name, wheels in WHEELS.items():
        pins = "".join(f"{wheel} --hash=sha256:{digest}\n" for wheel, digest in wheels.items())
        folder, stamp = VENV / name, VENV / f"{name}.installed"
        if stamp.exists() and stamp.read_text() == pins:
            continue
        if not python.exists():
            run([sys.executable, "-m", "venv", VENV])
        shutil.rmtree(folder, ignore_errors=True)
        requirements = VENV / f"{name}.txt"
        requirements.write_text(pins)
        run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            + ["--only-binary=:all:", "--require-hashes", "--target", folder, "--requirement", requirements]
        )
        stamp.write_text(pins)


def tool(wheels, name):
    found = sorted((VENV / wheels).rglob(f"bin/{name}"))
    if not found:
        sys.exit(f"{VENV / wheels} holds no {name}; remove that folder and try again")
    return found[0]


def front(source, unit, out):
    """From CUDA C++ to PTX with the pinned header."""
    run(
        [tool("front", "nvcc"), *NVCC_FLAGS, f"-arch={unit.front}"]
        + [KERNELS / f"{source}.cu", "-o", out / f"{source}.ptx"]
    )
    path = out / f"{source}.ptx"
    text, versions = re.subn(r"(?m)^\.version .*$", f".version {unit.version}", path.read_text())
    text, targets = re.subn(r"(?m)^\.target .*$", f".target {unit.target}", text)
    if (versions, targets) != (1, 1):
        sys.exit(f"{path} has no header as expected")
    path.write_text(text)


def cubin_name(source, architecture):
    return f"{source}.sm_{architecture}.cubin"


def assembler(source, architecture):
    newer = architecture in NEEDS_12_9 or (source, architecture) in BETTER_BY_12_9
    return "ptxas-12.9" if newer else "ptxas-12.4"


def assemble(source, architecture, out):
    """From PTX to a cubin. A kernel that keeps anything on the stack is refused."""
    path = out / cubin_name(source, architecture)
    ptxas = tool(assembler(source, architecture), "ptxas")
    said = run([ptxas, *PTXAS_FLAGS, f"-arch=sm_{architecture}", out / f"{source}.ptx", "-o", path])
    sass.assert_nothing_spilt(path.name, said)
    sass.assert_no_warning(path.name, said)


def build(out):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda item: front(*item, out), UNITS.items()))
        pairs = [(source, a) for source, unit in UNITS.items() for a in unit.cubins]
        list(pool.map(lambda pair: assemble(*pair, out), pairs))
        nvdisasm = tool("front", "nvdisasm")
        list(pool.map(lambda pair: sass.check(nvdisasm, *pair, out / cubin_name(*pair)), pairs))
    for source, unit in UNITS.items():
        if not unit.travels:
            keep_declarations(out / f"{source}.ptx")
    images = describe(out)
    write_manifest(images, out)
    write_table(images, out)


def keep_declarations(path):
    """Of PTX that no device gets: tests know kernels by their declarations."""
    kept, inside = [], False
    for line in path.read_text().splitlines():
        inside |= line == "{"
        if not inside:
            kept.append(line)
        inside &= line != "}"
    path.write_text("\n".join(kept) + "\n")


def describe(out):
    images = []
    for source, unit in UNITS.items():
        if unit.travels:
            images.append({"source": source, "target": unit.target, "file": f"{source}.ptx"})
        for a in unit.cubins:
            images.append({"source": source, "target": f"sm_{a}", "file": cubin_name(source, a)})
    return [image | {"sha256": sha256(out / image["file"])} for image in images]


def write_manifest(images, out):
    sources = sorted(KERNELS.glob("*.cu")) + sorted(KERNELS.glob("*.cuh"))
    manifest = {
        "about": "Made by kernels/build.py from these sources; do not edit.",
        "compilers": {name: sorted(wheels) for name, wheels in WHEELS.items()},
        "flags": {"nvcc": NVCC_FLAGS, "ptxas": PTXAS_FLAGS},
        "sources": {path.name: sha256(path) for path in sources},
        "images": images,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def write_table(images, out):
    lines = [
        "//! Made by kernels/build.py; do not edit. The compiled kernels as bytes.",
        "",
        "use super::{Code, Image};",
        "",
        "pub const IMAGES: &[Image] = &[",
    ]
    for image in images:
        number = int(re.sub(r"\D", "", image["target"]))
        code = f"Code::Ptx {{ from_sm: {number} }}" if image["file"].endswith(".ptx") else f"Code::Cubin {{ sm: {number} }}"
        lines += [
            "    Image {",
            f'        source: "{image["source"]}",',
            f"        code: {code},",
            f'        sha256: "{image["sha256"]}",',
            f'        bytes: include_bytes!("{image["file"]}"),',
            "    },",
        ]
    lines += ["];", ""]
    (out / "table.rs").write_text("\n".join(lines))


def differences(out):
    names = {path.name for path in out.iterdir()} | {path.name for path in BUILT.iterdir()}
    same, _, _ = filecmp.cmpfiles(out, BUILT, names, shallow=False)
    return sorted(names - set(same))


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    install()
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder)
        build(out)
        BUILT.mkdir(exist_ok=True)
        changed = differences(out)
        if check and changed:
            sys.exit(f"kernels/built/ is not what the sources give: {', '.join(changed)}; run `make kernels`")
        for name in changed:
            if (out / name).exists():
                shutil.copyfile(out / name, BUILT / name)
            else:
                (BUILT / name).unlink()
    print(f"kernels: {len(list(BUILT.iterdir()))} files, {len(changed)} changed")


if __name__ == "__main__":
    main()
