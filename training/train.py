#!/usr/bin/env python3
"""Trains the line reader with CTC; goes on from where it stopped.

    train.py --state STATE.pt --minutes M [--ranks 2] [--held DIR=NAME …] SHARD_DIR…

The learning rate falls as a cosine over M minutes of training, all runs from the same state counted together; give a larger M and it
rises again. Shards that appear while it runs are taken in at the next pass. Each rank is a process with one thread; they share
gradients. `--device cuda` trains on a GPU with one rank.
"""
import argparse
import math
import os
import random
import re
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F
from rapidfuzz.distance import Levenshtein

from lines import Shards, batches, greedy, load, shake, tensors
from net import Reader
from texts import CHARS

WARM_UP_STEPS, LOWEST_RATE, AVERAGING, AVERAGED_EVERY = 200, 2e-5, 0.999, 4


def error_rate(net, items, device="cpu"):
    """Character error rate by greedy reading, and the share of runs of three and more digits read right."""
    errors = total = runs = right = 0
    net.eval()
    with torch.no_grad():
        for batch in batches(items, 16000, random.Random(0)):
            x, steps, _, _ = tensors(batch)
            for (_, truth), text in zip(batch, greedy(net(x.to(device)), steps)):
                errors, total = errors + Levenshtein.distance(truth, text), total + len(truth)
                wanted, read = (re.findall(r"\d{3,}", t) for t in (truth, text))
                runs += len(wanted)
                for run in wanted:
                    if run in read:
                        read.remove(run)
                        right += 1
    net.train()
    return errors / max(total, 1), right / max(runs, 1)


def share_gradients(net, ranks):
    flat = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
    dist.all_reduce(flat)
    flat /= ranks
    at = 0
    for p in net.parameters():
        p.grad.copy_(flat[at:at + p.numel()].view_as(p))
        at += p.numel()


class Trainer:
    def __init__(self, args, rank):
        self.args, self.rank = args, rank
        torch.manual_seed(args.seed)
        self.net = Reader(len(CHARS) + 1).to(args.device, memory_format=torch.channels_last)
        self.average = Reader(len(CHARS) + 1).to(args.device, memory_format=torch.channels_last)
        self.average.load_state_dict(self.net.state_dict())
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        others = [p for p in self.net.parameters() if p.ndim <= 1]
        self.best = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.01}, {"params": others, "weight_decay": 0.0}], args.rate, fused=True)
        self.step = self.lines = self.epoch = 0
        self.spent = 0.0
        if args.state.exists():
            kept = torch.load(args.state, map_location=args.device, weights_only=True)
            self.net.load_state_dict(kept["net"])
            self.average.load_state_dict(kept["average"])
            if "best" in kept:        # a net that was made larger starts its moments anew
                self.best.load_state_dict(kept["best"])
                for group in self.best.param_groups:
                    group["fused"], group["foreach"] = True, None
            self.step, self.lines, self.epoch, self.spent = (kept[k] for k in ("step", "lines", "epoch", "spent"))
            self.epoch += 1               # another order than the one broken off
        self.started, self.spent_before, self.first_step = time.time(), self.spent, self.step

    def save(self):
        half = self.args.state.with_suffix(".half")
        torch.save({"net": self.net.state_dict(), "average": self.average.state_dict(), "best": self.best.state_dict(), "step": self.step,
                    "lines": self.lines, "epoch": self.epoch, "spent": self.spent, "chars": CHARS}, half)
        half.rename(self.args.state)

    def rate(self):
        share = min(1.0, self.spent / 60 / self.args.minutes)
        return LOWEST_RATE + self.args.rate * min(1, (self.step - self.first_step + 1) / WARM_UP_STEPS) * 0.5 * (1 + math.cos(math.pi * share))

    def learn(self, batch):
        x, steps, labels, lengths = tensors(batch)
        x = x.to(self.args.device, memory_format=torch.channels_last)
        with torch.autocast(x.device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
            logits = self.net(x)
        loss = F.ctc_loss(F.log_softmax(logits.float(), 1).permute(2, 0, 1), labels.to(x.device), steps, lengths, zero_infinity=True)
        self.best.zero_grad()
        loss.backward()
        if self.args.ranks > 1:
            share_gradients(self.net, self.args.ranks)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        for group in self.best.param_groups:
            group["lr"] = self.rate()
        self.best.step()
        self.step += 1
        if self.step % AVERAGED_EVERY == 0:
            self.average_in()
        return loss.item()

    @torch.no_grad()
    def average_in(self):
        keep = min(AVERAGING, (self.step + 1) / (self.step + 10)) ** AVERAGED_EVERY
        pairs = list(zip(self.average.state_dict().values(), self.net.state_dict().values()))
        torch._foreach_lerp_([a for a, _ in pairs if a.is_floating_point()], [b for a, b in pairs if a.is_floating_point()], 1 - keep)
        for mean, new in pairs:
            if not mean.is_floating_point():
                mean.copy_(new)

    def report(self, losses, since, lines):
        print(f"{time.strftime('%H:%M:%S')} step {self.step} lines {self.lines} pass {self.epoch} spent {self.spent / 60:.1f} min "
              f"loss {sum(losses) / max(len(losses), 1):.3f} rate {self.rate():.5f} {lines / max(time.time() - since, 1e-6):.0f} lines/s", flush=True)

    def run(self, shards, held):
        args, saved, losses, since, lines = self.args, time.time(), [], time.time(), 0
        clock = torch.zeros(2)
        while True:
            rng = random.Random(args.seed * 1000 + self.epoch)
            own = random.Random(args.seed * 1000 + self.epoch + 7919 * (self.rank + 1) + self.step)
            names = [list(map(str, shards.paths()))]
            if args.ranks > 1:                    # all ranks see the same shards
                dist.broadcast_object_list(names, 0)
            shards.take_in(names[0])
            for batch in batches(shards.some(args.lines, rng), args.columns, rng, args.ranks):
                losses.append(self.learn([(shake(p, own), t) for p, t in batch[self.rank::args.ranks]]))
                lines += len(batch)
                self.lines += len(batch)
                clock[0] = self.spent_before + time.time() - self.started
                clock[1] = time.time() - since
                if args.ranks > 1:
                    dist.broadcast(clock, 0)      # all ranks stop, and set the rate, by one clock
                self.spent = float(clock[0])
                done = self.spent / 60 >= args.minutes
                if self.rank == 0 and (self.step % 100 == 0 or done):
                    self.report(losses, since, lines)
                    losses, since, lines = [], time.time(), 0
                if self.rank == 0 and (self.step % 1000 == 0 or done):
                    for name, items in held:
                        wrong, right = error_rate(self.average, items, args.device)
                        print(f"  {name}: CER {100 * wrong:.2f} %, numbers {100 * right:.1f} %", flush=True)
                if self.rank == 0 and (time.time() - saved > 120 or done):
                    self.save()
                    saved = time.time()
                if done:
                    return
            self.epoch += 1


def work(rank, args):
    if args.device == "cpu":
        torch.set_num_threads(1)
    if args.ranks > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(args.port))
        dist.init_process_group("gloo", rank=rank, world_size=args.ranks)
    held = []
    if rank == 0:
        for pair in args.held:
            folder, _, name = pair.partition("=")
            held.append((name or folder, [i for p in sorted(Path(folder).glob("*.npz")) for i in load(p)][:args.held_lines]))
    Trainer(args, rank).run(Shards(args.shards), held)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shards", nargs="+")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--columns", type=int, default=5000, help="pixel columns of a batch, for each rank")
    parser.add_argument("--lines", type=int, default=24000, help="lines of a pass, fewer than all so that new shards are soon shown")
    parser.add_argument("--held", nargs="*", default=[])
    parser.add_argument("--held-lines", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bf16", action="store_true", help="where the processor gains by it")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--port", type=int, default=29517)
    args = parser.parse_args()
    if args.ranks > 1:
        torch.multiprocessing.spawn(work, (args,), nprocs=args.ranks)
    else:
        work(0, args)


if __name__ == "__main__":
    main()
