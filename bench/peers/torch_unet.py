#!/usr/bin/env python3
"""PyTorch, doing what the harness does: one training step, and inference, of the same network.

Needs PyTorch (Debian: python3-torch). Prints one JSON line:
  {"net", "params", "size", "threads", "train_ms", "infer_ms"}   medians over the timed steps, milliseconds per patch
  and of CUDA "train_mib", "infer_mib", the most memory in PyTorch's own tensors
usage: torch_unet.py [--net baseline|plain] [--size 64] [--threads 2] [--steps 7] [--base 16] [--outputs 7] [--serve]
                     [--device cpu|cuda] [--seconds 1e9]
  baseline  the challenge organisers' U-Net: channels 48/64/80/80, strides 2/2/1, one residual unit, instance norm, PReLU
  plain     three levels of two 3x3x3 convolutions + instance norm + ReLU, average pooling, nearest upsampling
  --device  where it computes; the batch is brought there once, before the steps
  --seconds ends the timed steps of each of the two where they have taken so long, after one at least
  --serve   prints {"params"}, then answers each line "train" or "infer" on stdin with that one step's {"ms"}, so that
            its steps can alternate with another program's
"""
import argparse
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def conv(i, o, s=1, k=3):
    return nn.Conv3d(i, o, k, s, k // 2)


def norm_act(c):
    return nn.Sequential(nn.InstanceNorm3d(c), nn.PReLU())


class Residual(nn.Module):
    def __init__(self, i, o, s=1, last=False):
        super().__init__()
        self.main = conv(i, o, s) if last else nn.Sequential(conv(i, o, s), norm_act(o))
        self.side = nn.Identity() if s == 1 and i == o else conv(i, o, s, 3 if s != 1 else 1)

    def forward(self, x):
        return self.main(x) + self.side(x)


class Up(nn.Module):
    def __init__(self, i, o, s, top=False):
        super().__init__()
        self.grow = nn.Sequential(nn.ConvTranspose3d(i, o, 3, s, 1, s - 1), norm_act(o))
        self.unit = Residual(o, o, last=top)

    def forward(self, x):
        return self.unit(self.grow(x))


class Baseline(nn.Module):
    def __init__(self, outputs, c=(48, 64, 80, 80), s=(2, 2, 1)):
        super().__init__()
        self.down = nn.ModuleList(
            [Residual(1, c[0], s[0]), Residual(c[0], c[1], s[1]), Residual(c[1], c[2], s[2])])
        self.bottom = Residual(c[2], c[3])
        self.up = nn.ModuleList([
            Up(c[2] + c[3], c[1], s[2]), Up(c[1] * 2, c[0], s[1]), Up(c[0] * 2, outputs, s[0], top=True)])

    def forward(self, x):
        a = self.down[0](x)
        b = self.down[1](a)
        c = self.down[2](b)
        y = self.up[0](torch.cat([c, self.bottom(c)], 1))
        y = self.up[1](torch.cat([b, y], 1))
        return self.up[2](torch.cat([a, y], 1))


def pair(i, o):
    layers = []
    for a in (i, o):
        layers += [nn.Conv3d(a, o, 3, padding=1, bias=False), nn.InstanceNorm3d(o, affine=True), nn.ReLU()]
    return nn.Sequential(*layers)


class Plain(nn.Module):
    def __init__(self, outputs, b=16):
        super().__init__()
        self.e = nn.ModuleList([pair(1, b), pair(b, 2 * b), pair(2 * b, 4 * b)])
        self.d = nn.ModuleList([pair(6 * b, 2 * b), pair(3 * b, b)])
        self.head = nn.Conv3d(b, outputs, 1)

    def forward(self, x):
        def up(t):
            return F.interpolate(t, scale_factor=2)

        a = self.e[0](x)
        b = self.e[1](F.avg_pool3d(a, 2))
        c = self.e[2](F.avg_pool3d(b, 2))
        y = self.d[0](torch.cat([up(c), b], 1))
        return self.head(self.d[1](torch.cat([up(y), a], 1)))


def milliseconds(run, device):
    start = time.perf_counter()
    run()
    if device == 'cuda':
        torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - start)


def median_ms(run, steps, seconds, device):
    for _ in range(2):
        milliseconds(run, device)
    times = []
    while len(times) < steps and (not times or sum(times) < 1e3 * seconds):
        times.append(milliseconds(run, device))
    return round(sorted(times)[len(times) // 2], 1)


def measured(name, run, a):
    """The median time of a step, and on CUDA the memory that it takes."""
    if a.device != 'cuda':
        return {f'{name}_ms': median_ms(run, a.steps, a.seconds, a.device)}
    torch.cuda.reset_peak_memory_stats()
    ms = median_ms(run, a.steps, a.seconds, a.device)
    return {f'{name}_ms': ms, f'{name}_mib': round(torch.cuda.max_memory_allocated() / 2 ** 20)}


def work(net, size, outputs, device):
    """One training step and one inference, as functions without arguments."""
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3)
    x = torch.randn(1, 1, size, size, size, device=device)
    y = torch.randint(0, outputs, (1, size, size, size), device=device)

    def train():
        net.train()
        optimiser.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimiser.step()

    def infer():
        net.eval()
        with torch.no_grad():
            net(x)

    return train, infer


def serve(steps, parameters, device):
    print(json.dumps(dict(params=parameters)), flush=True)
    for line in sys.stdin:
        print(json.dumps(dict(ms=milliseconds(steps[line.strip()], device))), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--net', default='baseline', choices=['baseline', 'plain'])
    for name, default in dict(size=64, threads=2, steps=7, base=16, outputs=7).items():
        p.add_argument(f'--{name}', type=int, default=default)
    p.add_argument('--device', default='cpu', choices=['cpu', 'cuda'])
    p.add_argument('--seconds', type=float, default=1e9)
    p.add_argument('--serve', action='store_true')
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    net = (Baseline(a.outputs) if a.net == 'baseline' else Plain(a.outputs, a.base)).to(a.device)
    parameters = sum(q.numel() for q in net.parameters())
    train, infer = work(net, a.size, a.outputs, a.device)
    if a.serve:
        serve(dict(train=train, infer=infer), parameters, a.device)
        return
    print(json.dumps(dict(
        net=a.net, params=parameters, size=a.size, threads=a.threads,
        **measured('train', train, a), **measured('infer', infer, a))))


if __name__ == '__main__':
    main()
