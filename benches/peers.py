#!/usr/bin/env python3
"""Runs assay and its peers alternately on one Vulkan driver and prints medians, spreads and ratios as Markdown.

Like is compared with like: what clpeak prints is the best of several vector widths, what vkpeak and the host's limits
print is the best of several trials, so our best sample is set against those, and our median against memtest_vulkan,
which averages.

Which programs, by environment variable; one that is not set is left out and the table says so:
  ASSAY            target/release/assay
  CLPEAK           clpeak, built with its Vulkan backend
  VKPEAK           vkpeak
  MEMTEST_VULKAN   memtest_vulkan
  HOST_LIMITS      the program of `cargo bench --bench host_limits` (see target/release/deps)
How:
  VK_DRIVER_FILES  the one driver that all of them are to use; required
  REPEATS          rounds, 5 unless told
  QUIET_S          seconds to wait before each run for other programs to become quiet, 120 unless told
  ASSAY_DEVICE     the selector, wgpu:0 unless told
  ASSAY_PROFILE    quick unless told

A run during which other programs used more than a tenth of a CPU is repeated, three times at most; what remains
disturbed is counted below the table. Exit code 1 where a required ratio is missed, 2 where the call is wrong.
"""

import base64
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

GIGA = 1e9
GIBI = 1 << 30
DISTURBED = 0.1
TRIES = 3

# What is compared: our metric, the peers' figures for the same thing (of several forms the best counts), the
# figure of the host's own units, and the ratio to the best peer that must be reached.
ROWS = [
    ("fp32 multiply-add", "GFLOP/s", "fma.fp32.rate",
     {"clpeak": "single_precision_compute", "vkpeak": "fp32"}, "fma.fp32", 2.0),
    ("fp64 multiply-add", "GFLOP/s", "fma.fp64.rate",
     {"clpeak": "double_precision_compute", "vkpeak": "fp64"}, "fma.fp64", 1.0),
    ("fp16 multiply-add", "GFLOP/s", "fma.fp16.rate",
     {"clpeak": "half_precision_compute", "vkpeak": "fp16"}, None, None),
    ("int32 multiply-add", "GOP/s", "fma.int32.rate",
     {"clpeak": "integer_compute", "vkpeak": "int32"}, None, None),
    ("int8 dot product", "GOP/s", "fma.int8.rate",
     {"clpeak": "integer_compute_int8_dp", "vkpeak": "int8"}, None, None),
    ("stream read", "GB/s", "stream.read.rate", {"clpeak": "global_memory_bandwidth"}, None, 0.95),
    ("stream copy", "GB/s", "stream.copy.rate", {}, "stream.copy", None),
    ("stream triad", "GB/s", "stream.triad.rate", {}, "stream.triad", None),
    ("driver's buffer copy", "GB/s", "stream.driver_copy.rate", {}, "stream.copy", None),
    ("memory pattern write", "GB/s", "memory.write.rate", {"memtest_vulkan": "written"}, None, None),
    ("memory pattern verify", "GB/s", "memory.verify.rate", {"memtest_vulkan": "checked"}, None, 2.0),
]
PROBES = ["fma", "stream", "memory"]
# Our best samples, beside our medians, and whose figures are such ones.
BEST = "assay, best"
BEST_OF_SEVERAL = ("clpeak", "vkpeak", "host")
VKPEAK_SCENARIOS = ["fp32-scalar", "fp32-vec4", "fp64-scalar", "fp64-vec4", "fp16-scalar", "fp16-vec4",
                    "int32-scalar", "int32-vec4", "int8-dotprod"]
CLPEAK_TESTS = ["single-precision-compute", "double-precision-compute", "half-precision-compute",
                "integer-compute", "int8-dot-product-compute", "global-memory-bandwidth"]
MEMTEST_BYTES = GIBI


def best(figures, name, value):
    figures[name] = max(value, figures.get(name, 0.0))


def run(command, timeout=600):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout).stdout


def run_assay(program):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "run")
        command = [program, "--quiet", "run", "--measure-only", "--out", out]
        command += ["--device", os.environ.get("ASSAY_DEVICE", "wgpu:0")]
        command += ["--profile", os.environ.get("ASSAY_PROFILE", "quick")]
        for probe in PROBES:
            command += ["--probe", probe]
        said = run(command)
        try:
            with open(os.path.join(out, "report.dsse.json"), encoding="utf-8") as file:
                report = json.loads(base64.b64decode(json.load(file)["payload"]))["predicate"]
        except OSError:
            sys.exit(f"assay left no report: {said}")
    # A figure whose results were wrong is none.
    wrong = {m["metric"] for d in report["evidence"]["devices"] for m in d["measurements"]
             if m["check"]["kind"] == "wrong"}
    right = [s for s in report["summaries"] if s["metric"] not in wrong]
    return {s["metric"] + suffix: s[statistic] / GIGA
            for suffix, statistic in (("", "p50"), (BEST, "max")) for s in right}


def run_clpeak(program):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "clpeak.json")
        run([program, "--vulkan", "--vk-device", "0", "--json-file", path] + ["--" + test for test in CLPEAK_TESTS])
        with open(path, encoding="utf-8") as file:
            entries = json.load(file)["entries"]
    figures = {}
    factors = {"g": 1.0, "t": 1e3, "m": 1e-3}
    for entry in entries:
        if isinstance(entry.get("value"), (int, float)):
            best(figures, entry["test"], entry["value"] * factors[entry["unit"][0].lower()])
    return figures


def run_vkpeak(program):
    figures = {}
    for name, value, scale in re.findall(r"^(\S+)\s*= ([\d.]+) ([GT])", run([program, "0", ",".join(VKPEAK_SCENARIOS)]), re.M):
        best(figures, name.split("-")[0], float(value) * (1e3 if scale == "T" else 1.0))
    return figures


def run_memtest(program):
    """It tests for minutes; its third summary is long enough. What it calls GB is GiB. It prints rates to a tenth, but
    also when each summary was made, so the checking rate is had closer: what was checked in the time that writing left."""
    pattern = re.compile(r"written:\s*([\d.]+)GB\s*([\d.]+)GB/s\s*checked:\s*([\d.]+)GB\s*([\d.]+)GB/s"
                         r"\s*(\d+):(\d+):([\d.]+)")
    figures = {}
    seen, before = 0, 0.0
    # It leaves a log in the folder where it runs.
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([os.path.abspath(program), "1", str(MEMTEST_BYTES)], cwd=folder,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in child.stdout:
            found = pattern.search(line)
            if found:
                wrote, write_rate, read, read_rate, hours, minutes, seconds = map(float, found.groups())
                now = 3600 * hours + 60 * minutes + seconds
                reading = now - before - wrote / write_rate if write_rate else 0.0
                read_rate = read / reading if reading > 0 else read_rate
                figures = {"written": write_rate * GIBI / GIGA, "checked": read_rate * GIBI / GIGA}
                seen, before = seen + 1, now
                if seen == 3:
                    break
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        child.wait()
    return figures


def run_limits(program):
    figures = {}
    for name, threads, value in re.findall(r"^([\w.]+)\.(\d+)threads ([\d.]+)", run([program]), re.M):
        if int(threads) == os.cpu_count():
            figures[name] = float(value)
    return figures


TOOLS = {"assay": ("ASSAY", run_assay), "clpeak": ("CLPEAK", run_clpeak), "vkpeak": ("VKPEAK", run_vkpeak),
         "memtest_vulkan": ("MEMTEST_VULKAN", run_memtest), "host": ("HOST_LIMITS", run_limits)}


def busy_seconds():
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / os.sysconf("SC_CLK_TCK")


def own_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def others_share(work):
    """Runs `work`; its result, and how many CPUs other programs used meanwhile."""
    begun, busy, own = time.monotonic(), busy_seconds(), own_seconds()
    result = work()
    others = (busy_seconds() - busy) - (own_seconds() - own)
    return result, max(0.0, others) / (time.monotonic() - begun)


def wait_for_quiet(limit_s):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if others_share(lambda: time.sleep(1))[1] < DISTURBED:
            return


def measure(name, program, limit_s):
    least = None
    for _ in range(TRIES):
        wait_for_quiet(limit_s)
        figures, others = others_share(lambda: TOOLS[name][1](program))
        print(f"{name}: others used {others:.2f} CPU", figures, file=sys.stderr, flush=True)
        if least is None or others < least[1]:
            least = (figures, others)
        if others <= DISTURBED:
            break
    return least


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown CPU")


def driver_name():
    try:
        said = run(["vulkaninfo", "--summary"])
    except OSError:
        return "see VK_DRIVER_FILES"
    found = dict(re.findall(r"(deviceName|driverInfo)\s*= (.*)", said))
    return ", ".join(filter(None, [found.get("deviceName"), found.get("driverInfo")])) or "unknown"


def cell(values):
    if not values:
        return "-"
    middle = statistics.median(values)
    spread = 100 * (max(values) - min(values)) / middle if middle else 0
    return f"{middle:.1f} ±{spread / 2:.0f} %" if middle >= 10 else f"{middle:.2f} ±{spread / 2:.0f} %"


def table(samples, names):
    """The Markdown lines, and the rows that miss their ratio."""
    missed = []
    tools = [name for name in ("assay", "clpeak", "vkpeak", "memtest_vulkan", "host") if name in names]
    shown = [head for tool in tools for head in ((tool, BEST) if tool == "assay" else (tool,))]
    heads = shown + ["assay / best peer", "required", "assay best / host"]
    lines = ["| what | unit | " + " | ".join(heads) + " |", "|" + "---|" * (len(heads) + 2)]
    for what, unit, metric, peers, limit, required in ROWS:
        keys = {**peers, "assay": metric, BEST: metric + BEST, "host": limit}
        values = {head: [r[keys[head]] for r in samples["assay" if head == BEST else head] if r.get(keys.get(head))]
                  for head in shown}
        middle = {head: statistics.median(found) for head, found in values.items() if found}

        def ratio_to(other):
            ours = middle.get(BEST if other in BEST_OF_SEVERAL else "assay")
            return ours / middle[other] if ours and middle.get(other) else None

        ratio = min(filter(None, map(ratio_to, peers)), default=None)
        if required and any(peer in tools for peer in peers) and "assay" in tools and (ratio is None or ratio < required):
            missed.append(what)
        lines.append("| " + " | ".join(
            [what, unit] + [cell(values[head]) for head in shown]
            + [f"{number:.2f}" if number else "-" for number in (ratio, required, ratio_to("host"))]) + " |")
    return lines, missed


def main():
    if not os.environ.get("VK_DRIVER_FILES"):
        print(__doc__, file=sys.stderr)
        return 2
    programs = {name: os.environ[variable] for name, (variable, _) in TOOLS.items() if os.environ.get(variable)}
    for name, program in programs.items():
        if not os.access(program, os.X_OK):
            print(f"{TOOLS[name][0]}={program} is no program that can be run", file=sys.stderr)
            return 2
    repeats, limit_s = int(os.environ.get("REPEATS", "5")), float(os.environ.get("QUIET_S", "120"))
    samples, disturbed = {name: [] for name in programs}, []
    for _ in range(repeats):
        for name, program in programs.items():
            figures, others = measure(name, program, limit_s)
            samples[name].append(figures)
            if others > DISTURBED:
                disturbed.append(f"{name} ({others:.1f} CPU)")
    lines, missed = table(samples, programs)
    left_out = [name for name in TOOLS if name not in programs]
    print(f"{cpu_name()}, {os.cpu_count()} hardware threads, {platform.system()} {platform.machine()}; "
          f"driver: {driver_name()}; {repeats} rounds, medians ± half the range.\n")
    print("\n".join(lines))
    print(f"\nLeft out: {', '.join(left_out) or 'nothing'}. Runs that other programs disturbed: "
          f"{', '.join(disturbed) or 'none'}. Ratios missed: {', '.join(missed) or 'none'}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
