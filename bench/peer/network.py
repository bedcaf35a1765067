# SPDX-License-Identifier: Apache-2.0
"""The diffusion UNet in eager PyTorch, under MONAI Generative's parameter names, as a user of PyTorch writes it."""
import json
import math

import torch
from torch import nn
from torch.nn import functional as F

from weights import read


class Norm(nn.GroupNorm):
    """GroupNorm in float32 whatever autocast does: PyTorch 1.13 is wrong for bfloat16 in channels-last."""

    def __init__(self, config, channels):
        super().__init__(config["norm_groups"], channels, 1e-6)

    def forward(self, x):
        return super().forward(x.float())


class Conv(nn.Module):
    """A convolution that sits one name deeper: `conv.weight`."""

    def __init__(self, cin, cout, kernel=3, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2)

    def forward(self, x):
        return self.conv(x)


class Residual(nn.Module):
    def __init__(self, config, cin, cout):
        super().__init__()
        self.norm1, self.conv1 = Norm(config, cin), Conv(cin, cout)
        self.time_emb_proj = nn.Linear(4 * config["channels"][0], cout)
        self.norm2, self.conv2 = Norm(config, cout), Conv(cout, cout)
        self.skip_connection = Conv(cin, cout, 1) if cin != cout else nn.Identity()

    def forward(self, x, emb):
        h = self.conv1(F.silu(self.norm1(x))) + self.time_emb_proj(F.silu(emb))[:, :, None, None]
        return self.conv2(F.silu(self.norm2(h))) + self.skip_connection(x)


class Attention(nn.Module):
    def __init__(self, config, channels):
        super().__init__()
        self.head, self.projects = config["head_channels"], config["attention_projection"]
        self.norm = Norm(config, channels)
        self.to_q, self.to_k, self.to_v, self.proj_attn = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, x):
        n, c, height, width = x.shape
        tokens = self.norm(x).flatten(2).transpose(1, 2)
        q, k, v = (f(tokens).view(n, -1, c // self.head, self.head).transpose(1, 2)
                   for f in (self.to_q, self.to_k, self.to_v))
        h = torch.softmax((q / math.sqrt(self.head)) @ k.transpose(2, 3), -1) @ v
        h = h.transpose(1, 2).reshape(n, -1, c)
        h = self.proj_attn(h) if self.projects else h
        return x + h.transpose(1, 2).reshape(n, c, height, width)


class Level(nn.Module):
    """One level, down or up: residual blocks, attention after each, and what changes the size."""

    def __init__(self, config, inputs, cout, attention, **resampler):
        super().__init__()
        self.resnets = nn.ModuleList(Residual(config, cin, cout) for cin in inputs)
        self.attentions = nn.ModuleList(Attention(config, cout) for _ in inputs) if attention else None
        for name, module in resampler.items():
            setattr(self, name, module)

    def step(self, j, h, emb):
        h = self.resnets[j](h, emb)
        return self.attentions[j](h) if self.attentions else h


class Named(nn.Module):
    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            setattr(self, name, module)


class UNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels, blocks = config["channels"], config["res_blocks"]
        first, last, self.blocks = channels[0], channels[-1], blocks
        self.conv_in = Conv(config["in_channels"], first)
        self.time_embed = nn.Sequential(nn.Linear(first, 4 * first), nn.SiLU(), nn.Linear(4 * first, 4 * first))
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        skips, c = [first], first
        for level, cout in enumerate(channels):
            inputs = [c] + [cout] * (blocks - 1)
            more = {"downsampler": Named(op=Conv(cout, cout, stride=2))} if level + 1 < len(channels) else {}
            self.down_blocks.append(Level(config, inputs, cout, config["attention"][level], **more))
            skips += [cout] * (blocks + len(more))
            c = cout
        self.middle_block = Named(resnet_1=Residual(config, last, last), attention=Attention(config, last),
                                  resnet_2=Residual(config, last, last))
        for level in reversed(range(len(channels))):
            cout, inputs = channels[level], []
            for _ in range(blocks + 1):
                inputs.append(c + skips.pop())
                c = cout
            more = {"upsampler": Named(conv=Conv(cout, cout))} if level else {}
            self.up_blocks.append(Level(config, inputs, cout, config["attention"][level], **more))
        self.out = nn.Sequential(Norm(config, first), nn.SiLU(), Conv(first, config["out_channels"]))

    def embed(self, t):
        half = self.time_embed[0].in_features // 2
        angle = t[:, None].float() * torch.exp(-math.log(10000) * torch.arange(half) / half)
        return self.time_embed(torch.cat([angle.cos(), angle.sin()], 1))

    def forward(self, x, t):
        emb, h = self.embed(t), self.conv_in(x)
        skips = [h]
        for level in self.down_blocks:
            for j in range(self.blocks):
                h = level.step(j, h, emb)
                skips.append(h)
            if hasattr(level, "downsampler"):
                h = level.downsampler.op(h)
                skips.append(h)
        middle = self.middle_block
        h = middle.resnet_2(middle.attention(middle.resnet_1(h, emb)), emb)
        for level in self.up_blocks:
            for j in range(self.blocks + 1):
                h = level.step(j, torch.cat([h, skips.pop()], 1), emb)
            if hasattr(level, "upsampler"):
                h = level.upsampler.conv(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.out(h).float()


def load(path):
    """The network of a model file, strictly, ready for inference."""
    tensors, metadata = read(path)
    net = UNet(json.loads(metadata["thor.config"])["model"])
    net.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})
    return net.eval()
