"""The machine: what it is, and what it can do at best."""

import json
import os
import platform
import subprocess

from harness import places


def describe():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())
    except OSError:
        model = platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores"


def limits(mebibytes=512):
    """Bytes read and floating-point operations a second on 1 and 2 threads; see machine.rs."""
    program = places.WORK / "machine"
    source = places.BENCH / "src" / "bin" / "machine.rs"
    program.parent.mkdir(parents=True, exist_ok=True)
    options = ["--edition", "2024", "-C", "opt-level=3", "-C", "target-cpu=native"]
    subprocess.run(["rustc", *options, source, "-o", program], check=True, cwd=places.PROJECT)
    done = subprocess.run([program, str(mebibytes)], check=True, capture_output=True, text=True)
    return checked(json.loads(done.stdout))


def checked(found):
    """The limits, with the clock that the operations a second imply on two pipes a core.

    Raises ValueError when that clock is none that a processor has: then the compiler did not
    make vectors of the loops, and no share of the limits would mean anything.
    """
    found["implied_gigahertz"] = found["flops_per_second"]["1"] / (found["lanes"] * 2 * 2) / 1e9
    if not 0.5 < found["implied_gigahertz"] < 8:
        raise ValueError(f"implausible machine limits {found}: look at bench/src/bin/machine.rs")
    return found


def limits_in_words(report):
    if report["limits"] is None:
        return f"machine limits not there: {report['limits_not_there']}"
    reads, flops = report["limits"]["read_bytes_per_second"], report["limits"]["flops_per_second"]
    return (f"reads {reads['1'] / 1e9:.1f} GB/s on one thread, {reads['2'] / 1e9:.1f} on two;"
            f" multiply-adds {flops['1'] / 1e9:.0f} Gflop/s on one, {flops['2'] / 1e9:.0f} on two")
