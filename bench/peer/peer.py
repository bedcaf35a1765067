#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peer: the same network and loops in eager PyTorch.

    peer.py answers FOLDER              what the networks in FOLDER make of its inputs: FOLDER/answers.safetensors
    peer.py time FOLDER CASE... [--seconds S]
                                        a JSON line for each CASE: step/NETWORK/bB/sS/SETTING, train/NETWORK/bB/SETTING,
                                        thor/NETWORK/cCALLS/SETTING, ddpm/NETWORK/cCALLS/SETTING

NETWORK is paper or small. SETTING fp32 is what the published implementation does: float32, channels first. bf16 is the best
that PyTorch offers on this machine: bfloat16 autocast, channels-last, the widest vector units, an allocator that keeps memory.
"""
import argparse
import contextlib
import ctypes
import json
import os
import re
import statistics
import sys
import time

if any(word.endswith("/bf16") for word in sys.argv):  # both must precede torch
    os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx512" if "avx512vl" in open("/proc/cpuinfo").read() else "avx2")
    ctypes.CDLL(None).mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD
    ctypes.CDLL(None).mallopt(-1, -1)  # M_TRIM_THRESHOLD
try:
    import torch
except ImportError as missing:
    print(missing)
    sys.exit(77)

import chain
import network
import weights

STEP_T = 200


class World:
    def __init__(self, folder):
        self.folder, self.nets = folder, {}
        self.inputs = {name: torch.from_numpy(a) for name, a in weights.read(f"{folder}/inputs.safetensors")[0].items()}

    def net(self, name, setting="fp32"):
        if (name, setting) not in self.nets:
            net = network.load(f"{self.folder}/{name}.safetensors")
            self.nets[name, setting] = net.to(memory_format=torch.channels_last) if setting == "bf16" else net
        return self.nets[name, setting]

    def images(self, size, batch, setting="fp32"):
        x = self.inputs[f"x.{size}"].repeat((batch + 1) // 2, 1, 1, 1)[:batch]
        return x.to(memory_format=torch.channels_last) if setting == "bf16" else x


def precision(setting):
    return torch.autocast("cpu", torch.bfloat16) if setting == "bf16" else contextlib.nullcontext()


def loss_of(net, world, batch, setting):
    xt, t, target = (world.inputs[f"train.{name}"][:batch] for name in ("xt", "t", "target"))
    xt = xt.to(memory_format=torch.channels_last) if setting == "bf16" else xt
    with precision(setting):
        return torch.nn.functional.mse_loss(net(xt, t), target)


def training_step(net, optimizer, world, batch, setting):
    optimizer.zero_grad(set_to_none=True)
    loss = loss_of(net, world, batch, setting)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    return loss.item(), norm.item()


def answers(world):
    found = {}
    for name, batch in (("paper", 4), ("small", 8)):
        net = world.net(name)
        with torch.no_grad():
            for size in (64, 128, 256):
                x = world.images(size, 2)
                found[f"{name}.{size}"] = torch.cat([net(one, torch.tensor([STEP_T])) for one in x.split(1)]).numpy()
        optimizer = torch.optim.Adam(net.parameters(), 0.0)
        loss, norm = training_step(net.train(), optimizer, world, batch, "fp32")
        found[f"{name}.loss"], found[f"{name}.gradient_norm"] = torch.tensor([loss]).numpy(), torch.tensor([norm]).numpy()
    weights.write(f"{world.folder}/answers.safetensors", found)


def work_of(world, case):
    """-> what is timed"""
    match = re.fullmatch(r"(step|train|thor|ddpm)/(paper|small)/([bc])(\d+)(?:/s(\d+))?/(fp32|bf16)", case)
    if not match:
        sys.exit(f"peer: unknown case '{case}', expected e.g. step/paper/b1/s128/fp32")
    kind, name, _, count, size, setting = match.groups()
    net, count = world.net(name, setting), int(count)
    if kind == "train":
        net.train()
        optimizer = torch.optim.Adam(net.parameters(), 1e-6)
        return lambda: training_step(net, optimizer, world, count, setting)

    def inference():
        with torch.no_grad(), precision(setting):
            if kind == "step":
                return net(world.images(int(size or 128), count, setting), torch.full((count,), STEP_T))
            return getattr(chain, kind)(net, world.images(128, 1, setting), count)
    return inference


def check(world, case, output):
    """The peer in its best setting must still be the peer."""
    _, name, _, size = case.split("/")[:4]
    path = f"{world.folder}/answers.safetensors"
    if not case.startswith("step/") or not os.path.exists(path):
        return None
    expected = torch.from_numpy(weights.read(path)[0][f"{name}.{size[1:]}"])
    error = ((output[:2] - expected[:len(output)]).abs().max() / expected.std()).item()
    if error > (0.2 if case.endswith("bf16") else 1e-3):
        sys.exit(f"peer: {case} differs by {error:.3g} of its spread from the float32 answer")
    return error


def timed(world, case, seconds):
    work = work_of(world, case)
    whole_chain = case.startswith(("thor", "ddpm"))
    error = check(world, case, work()) if not whole_chain else None
    times, begin = [], time.perf_counter()
    while not times or (time.perf_counter() - begin < seconds and len(times) < 100):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return {"name": case, "seconds": statistics.median(times), "runs": len(times), "error": error}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["answers", "time"])
    parser.add_argument("folder")
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each case, at least one run")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_intermixed_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    world = World(options.folder)
    if options.action == "answers":
        answers(world)
    for case in options.cases:
        print(json.dumps(timed(world, case, options.seconds)), flush=True)


if __name__ == "__main__":
    main()
