# SPDX-License-Identifier: Apache-2.0
"""Writes, with PyTorch itself, checkpoints of a small diffusion UNet and what that network makes of an input.

    python3 torch_state_dict.py FOLDER

The network is the one of docs/methods in eager PyTorch, with MONAI Generative's parameter names. Exit code 77 where
PyTorch is not installed.
"""
import math
import os
import sys

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as missing:
    print(missing)
    sys.exit(77)

CHANNELS, ATTENTION, RES_BLOCKS, HEAD, GROUPS = (8, 16, 24), (False, True, True), 2, 8, 4
LEVELS = len(CHANNELS)


class Conv(nn.Module):
    """A convolution that sits one name deeper: `conv.weight`."""

    def __init__(self, cin, cout, kernel=3, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2)

    def forward(self, x):
        return self.conv(x)


class Residual(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, cin, 1e-6)
        self.conv1 = Conv(cin, cout)
        self.time_emb_proj = nn.Linear(4 * CHANNELS[0], cout)
        self.norm2 = nn.GroupNorm(GROUPS, cout, 1e-6)
        self.conv2 = Conv(cout, cout)
        if cin != cout:
            self.skip_connection = Conv(cin, cout, 1)

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(F.silu(emb))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.skip_connection(x) if hasattr(self, "skip_connection") else x)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, c, 1e-6)
        self.to_q, self.to_k, self.to_v, self.proj_attn = (nn.Linear(c, c) for _ in range(4))

    def forward(self, x):
        n, c, height, width = x.shape
        tokens = self.norm(x).reshape(n, c, -1).permute(0, 2, 1)
        q, k, v = (f(tokens).reshape(n, -1, c // HEAD, HEAD).permute(0, 2, 1, 3)
                   for f in (self.to_q, self.to_k, self.to_v))
        mixed = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(HEAD), -1) @ v
        mixed = mixed.permute(0, 2, 1, 3).reshape(n, -1, c)
        # As in MONAI Generative: proj_attn has parameters but is not applied.
        return x + mixed.permute(0, 2, 1).reshape(n, c, height, width)


class Block(nn.Module):
    """One level, down or up: resnets, attentions, and what changes the size."""

    def __init__(self, inputs, cout, attention, **resampler):
        super().__init__()
        self.resnets = nn.ModuleList(Residual(cin, cout) for cin in inputs)
        self.attentions = nn.ModuleList(Attention(cout) for _ in inputs) if attention else None
        for name, module in resampler.items():
            setattr(self, name, module)

    def step(self, j, h, emb):
        h = self.resnets[j](h, emb)
        return self.attentions[j](h) if self.attentions else h


class Down(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.op = Conv(c, c, stride=2)


class Up(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = Conv(c, c)


class Middle(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.resnet_1, self.attention, self.resnet_2 = Residual(c, c), Attention(c), Residual(c, c)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        first, last = CHANNELS[0], CHANNELS[-1]
        self.conv_in = Conv(1, first)
        self.time_embed = nn.Sequential(nn.Linear(first, 4 * first), nn.SiLU(), nn.Linear(4 * first, 4 * first))
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        skips, c = [first], first
        for level, cout in enumerate(CHANNELS):
            inputs = [c] + [cout] * (RES_BLOCKS - 1)
            more = {"downsampler": Down(cout)} if level < LEVELS - 1 else {}
            self.down_blocks.append(Block(inputs, cout, ATTENTION[level], **more))
            skips += [cout] * (RES_BLOCKS + len(more))
            c = cout
        self.middle_block = Middle(last)
        for level in reversed(range(LEVELS)):
            cout, inputs = CHANNELS[level], []
            for _ in range(RES_BLOCKS + 1):
                inputs.append(c + skips.pop())
                c = cout
            more = {"upsampler": Up(cout)} if level else {}
            self.up_blocks.append(Block(inputs, cout, ATTENTION[level], **more))
        self.out = nn.Sequential(nn.GroupNorm(GROUPS, first, 1e-6), nn.SiLU(), Conv(first, 1))

    def forward(self, x, t):
        half = CHANNELS[0] // 2
        angle = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(half) / half)
        emb = self.time_embed(torch.cat([angle.cos(), angle.sin()], 1))
        h = self.conv_in(x)
        skips = [h]
        for block in self.down_blocks:
            for j in range(RES_BLOCKS):
                h = block.step(j, h, emb)
                skips.append(h)
            if hasattr(block, "downsampler"):
                h = block.downsampler.op(h)
                skips.append(h)
        middle = self.middle_block
        h = middle.resnet_2(middle.attention(middle.resnet_1(h, emb)), emb)
        for block in self.up_blocks:
            for j in range(RES_BLOCKS + 1):
                h = block.step(j, torch.cat([h, skips.pop()], 1), emb)
            if hasattr(block, "upsampler"):
                h = block.upsampler.conv(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.out(h)


class Malicious:
    def __reduce__(self):
        return os.system, ("exit 1",)


def main(folder):
    torch.manual_seed(3)
    net = UNet()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
        x, t = torch.randn(2, 1, 16, 24), torch.tensor([3, 977])
        output = net(x, t)

    def save(content, name, **how):
        torch.save(content, os.path.join(folder, name), **how)

    state = net.state_dict()
    save(state, "zip.pt")
    save(state, "legacy.pt", _use_new_zipfile_serialization=False)
    save(state, "protocol4.pt", pickle_protocol=4)
    save(dict(net.named_parameters()), "parameters.pt")
    wrapped = {"unet." + name: tensor for name, tensor in state.items()}
    wrapped["lpips.lin0.model.1.weight"] = torch.ones(1, 64, 1, 1)
    save({"model_weights": wrapped, "optimizer_weights": torch.optim.Adam(net.parameters()).state_dict(), "epoch": 3},
         "checkpoint.pt")
    save({"x": x, "t": t, "output": output}, "run.pt")
    save({"transposed": x.transpose(2, 3), "part": x[1, 0, 2:5], "x": x, "whole": x.bfloat16(), "bool": x > 0}, "views.pt")
    save({"transposed": x.transpose(2, 3), "part": x[1, 0, 2:5], "x": x, "whole": x.bfloat16(), "bool": x > 0},
         "views_legacy.pt", _use_new_zipfile_serialization=False)
    save({"weight": x, "extra": Malicious()}, "malicious.pt")
    save({"weight": x, "extra": Malicious()}, "malicious_legacy.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main(sys.argv[1])
