#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lets this program and its peer take turns, and writes what both need into FOLDER/bench.json.

    run.py BUILD FOLDER [--quick] [--stage NAME]      BUILD holds thor and bench/thor_bench
"""
import argparse
import glob
import json
import os
import platform
import pty
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.environ.get("THOR_PYTHON", "/usr/bin/python3")
# Settings of OpenBLAS for another processor halve float32 products, on both sides.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}

# What decides the targets, both sides in turn in every round.
DUELS = [f"{name}/{setting}" for name in ("step/paper/b1/s128", "step/small/b1/s128", "train/small/b8")
         for setting in ("fp32", "bf16")] + ["train/paper/b4/bf16"]
# Once: how cost grows, the pieces, whole slices.
GROWTH = [f"step/{net}/b{b}/s128" for net in ("paper", "small") for b in (2, 4, 8, 16)]
GROWTH += [f"step/{net}/b1/s{s}" for net in ("paper", "small") for s in (64, 256)]
ALONE = ["layer/.*", "part/.*", "(thor|ddpm|fast)/.*"]
QUICK_ALONE = ["layer/.*", "part/.*", "fast/.*"]
# The peer's own growth would take as long as all the rest; so far it goes.
PEER_ONCE = ["step/paper/b4/s128", "step/paper/b1/s64", "step/paper/b1/s256", "step/small/b4/s128", "step/small/b16/s128",
             "step/small/b1/s64", "step/small/b1/s256", "thor/small/c351", "ddpm/small/c351"]


def run(command):
    done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"bench: {' '.join(command)} ended with code {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def ours(options, pattern, seconds):
    """-> [{name, seconds, operations, error}], or what kept a case from being timed"""
    print(f"bench: ours, {pattern}", file=sys.stderr)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        run([f"{options.build}/bench/thor_bench", options.folder, f"--benchmark_filter=^({pattern})/process_time",
             f"--benchmark_min_time={seconds}", f"--benchmark_out={file.name}", "--benchmark_out_format=json"])
        found = json.load(file)["benchmarks"]
    results = []
    for one in found:
        name = one["name"].split("/process_time")[0]
        if one.get("error_occurred"):
            print(f"bench: {name} is not timed: {one['error_message']}", file=sys.stderr)
            results.append({"name": name, "refused": one["error_message"]})
        else:
            results.append({"name": name, "seconds": one["real_time"] / 1e3, "operations": one.get("operations"),
                            "error": one.get("error")})
    return results


def peers(options, cases, seconds):
    print(f"bench: peer, {' '.join(cases)}", file=sys.stderr)
    lines = run([PYTHON, f"{HERE}/peer/peer.py", "time", options.folder, "--seconds", str(seconds)] + cases)
    return [json.loads(line) for line in lines.splitlines()]


def answers_are_old(folder):
    answers = f"{folder}/answers.safetensors"
    asked = glob.glob(f"{HERE}/peer/*.py") + [f"{folder}/{name}.safetensors" for name in ("paper", "small", "inputs")]
    return not os.path.exists(answers) or os.path.getmtime(answers) < max(map(os.path.getmtime, asked))


class Book:
    """Results by side and name, one for every round."""

    def __init__(self, path=None):
        self.cases, self.program = {}, {}
        if path and os.path.exists(path):
            with open(path) as file:
                before = json.load(file)
            self.program = before["program"]
            for one in before["cases"]:
                self.cases[one["side"], one["name"]] = [{**one, "seconds": s} for s in one["rounds"]] or [one]

    def add(self, side, results):
        for one in results:
            self.cases.setdefault((side, one["name"]), []).append(one)

    def medians(self):
        table = []
        for (side, name), rounds in self.cases.items():
            seconds = [one["seconds"] for one in rounds if "seconds" in one]
            entry = {"side": side, "name": name, **rounds[-1], "rounds": seconds}
            if seconds:  # a peak is what the machine can do, not what it does in the middle
                entry["seconds"] = min(seconds) if name.startswith("peak/") else statistics.median(seconds)
            table.append(entry)
        return table


def first_progress(command):
    """-> seconds until the first bar, until a network call is done, and to the end; peak memory in bytes"""
    start = time.perf_counter()
    terminal, other_end = pty.openpty()  # bars are drawn on terminals only
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=other_end, stderr=other_end)
    os.close(other_end)
    seen, bar, call = "", None, None
    while True:
        try:
            part = os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other end is closed
            part = ""
        if not part:
            break
        seen += part
        now = time.perf_counter() - start
        bar = bar or (now if re.search(r"\d+/\d+", seen) else None)
        call = call or (now if re.search(r"[1-9]\d*/\d+", seen) else None)
    _, status, usage = os.wait4(process.pid, 0)
    os.close(terminal)
    if status:
        sys.exit(f"bench: {' '.join(command)} failed: {seen[-300:]}")
    return {"first_bar": bar, "first_call": call, "seconds": time.perf_counter() - start, "memory": usage.ru_maxrss * 1024}


def program(options, book):
    """`thor detect` on one image of the paper's network; a chain of a few steps needs the memory of a long one."""
    for precision in ("fp32", "bf16"):
        with tempfile.TemporaryDirectory() as out:
            book.program[precision] = first_progress(
                [f"{options.build}/thor", "detect", f"{options.folder}/paper.safetensors", f"{options.folder}/image.png",
                 "-o", out, "--detector", "thor", "--precision", precision, "--device", "cpu",
                 "--set", "detector.sampler.steps=8"])


def processor():
    text = open("/proc/cpuinfo").read()
    flags = re.search(r"^flags\s*:(.*)$", text, re.M).group(1).split()
    return {"name": re.search(r"^model name\s*: (.*)$", text, re.M).group(1), "cores": os.cpu_count(),
            "vector units": [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f in flags]}


def environment(options):
    torch = run([PYTHON, "-c", "import torch; print(torch.__version__)"]).strip()
    commit = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True).stdout
    return {"processor": processor(), "system": platform.platform(), "date": time.strftime("%Y-%m-%d"),
            "thor": run([f"{options.build}/thor", "--version"]).strip(), "commit": commit.strip(), "peer": f"PyTorch {torch}",
            "load at the start": os.getloadavg()[0], "quick": options.quick}


def duels(options, book):
    for turn in range(1 if options.quick else 3):
        book.add("ours", ours(options, "peak/.*", 0.1))
        for name in DUELS:
            if not (options.quick and name.startswith("train/paper")):
                book.add("ours", ours(options, name, 0.5))
                book.add("peer", peers(options, [name], 0.5))


def growth(options, book):
    if not options.quick:
        book.add("ours", ours(options, f"({'|'.join(GROWTH)})/.*", 0.1))


def alone(options, book):
    for pattern in QUICK_ALONE if options.quick else ALONE:
        book.add("ours", ours(options, pattern, 0.2))


def peer_once(options, book):
    for setting in () if options.quick else ("fp32", "bf16"):
        book.add("peer", peers(options, [f"{name}/{setting}" for name in PEER_ONCE], 0))


STAGES = {"duels": duels, "growth": growth, "alone": alone, "peer": peer_once, "program": program}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true", help="one round, and neither growth nor full chains")
    parser.add_argument("--stage", choices=STAGES, help="only this one, added to what bench.json holds")
    options = parser.parse_args()
    path, facts = f"{options.folder}/bench.json", environment(options)
    book = Book(path if options.stage else None)
    run([f"{options.build}/bench/thor_bench", options.folder, "--benchmark_list_tests"])  # writes networks and inputs
    if answers_are_old(options.folder):
        run([PYTHON, f"{HERE}/peer/peer.py", "answers", options.folder])
    for stage in [options.stage] if options.stage else STAGES:
        STAGES[stage](options, book)
        with open(path, "w") as file:
            json.dump({"environment": facts, "cases": book.medians(), "program": book.program}, file, indent=1)


if __name__ == "__main__":
    main()
