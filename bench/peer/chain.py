# SPDX-License-Identifier: Apache-2.0
"""The reverse chains around the network: DDPM, and THOR without its perceptual distance, so the faster for it."""
import torch
from torch.nn import functional as F

T, START, HARMONIZE, MAP_EVERY, KERNEL = 1000, 350, (300, 150, 50), 50, 13
BETA = torch.linspace(1e-4, 2e-2, T, dtype=torch.float64)
ABAR = torch.cumprod(1 - BETA, 0)


def add_noise(x0, eps, t):
    return x0 if t < 0 else ABAR[t].sqrt().item() * x0 + (1 - ABAR[t]).sqrt().item() * eps


def ancestral_step(eps, xt, t):
    """-> x_{t-1}, x0hat"""
    abar, before, beta = ABAR[t].item(), ABAR[t - 1].item() if t else 1.0, BETA[t].item()
    x0 = ((xt - (1 - abar) ** 0.5 * eps) / abar ** 0.5).clamp(-1, 1)
    mean = before ** 0.5 * beta / (1 - abar) * x0 + (1 - beta) ** 0.5 * (1 - before) / (1 - abar) * xt
    spread = ((1 - before) / (1 - abar) * beta) ** 0.5
    return (mean + spread * torch.randn_like(xt) if t else mean), x0


def dilation(m):
    return F.max_pool2d(m, KERNEL, 1, KERNEL // 2)


def region_mask(m):
    closed = -dilation(-dilation(m))
    return ((dilation(closed) + m) / 2).clamp(0, 1)


def anomaly_map(x, x0):
    m = (x0 - x).abs() / 2
    return m / (m.amax((1, 2, 3), keepdim=True) + 1e-8)


def ddpm(net, x, calls=START + 1):
    """x in [-1,1]; `calls` = only the first so many steps."""
    xt = add_noise(x, torch.randn_like(x), START)
    for t in range(START, START - calls, -1):
        xt, _ = ancestral_step(net(xt, torch.full((len(x),), t)), xt, t)
    return xt


def thor(net, x, calls=START + 1):
    eps, maps = torch.randn_like(x), []
    xt = add_noise(x, eps, START)
    for t in range(START, START - calls, -1):
        xt, x0 = ancestral_step(net(xt, torch.full((len(x),), t)), xt, t)
        if t % MAP_EVERY == 0:
            maps.append(anomaly_map(x, x0))
        if t in HARMONIZE:
            region = region_mask(anomaly_map(x, x0))
            xt = add_noise((region * x0 + (1 - region) * x).clamp(-1, 1), eps, t - 1)
    return len(maps) / sum(1 / m for m in maps)
