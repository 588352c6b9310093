# SPDX-License-Identifier: GPL-3.0-or-later
"""The training run: batches, schedule, checkpoints."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from .bpe import BOS_ID, EOS_ID, Tokenizer
from .llama import Llama, LlamaConfig
from .optimizer import Muon


@dataclass(frozen=True)
class TrainingPlan:
    steps: int = 3600
    batch: int = 8
    window: int = 512
    matrix_lr: float = 0.015
    matrix_decay: float = 0.1
    other_lr: float = 0.004
    dropout: float = 0.1
    warmup_steps: int = 100
    cooldown_share: float = 0.5
    seed: int = 1611
    report_every: int = 20
    evaluate_every: int = 200
    checkpoint_seconds: float = 180.0

    def lr_factor(self, step: int) -> float:
        """Linear warm-up, a constant stretch, and a linear descent to zero over the last ``cooldown_share``."""
        warmup = (step + 1) / self.warmup_steps
        cooldown = (self.steps - step) / (self.cooldown_share * self.steps)
        return min(1.0, warmup, cooldown)


class Windows:
    """Cuts the training stream into windows, differently in every epoch.

    A window of n target tokens is fed as BOS and its first n-1 tokens. Half of the windows are moved to the nearest
    beginning of a line after them, so that the model learns to begin there.
    """

    def __init__(self, tokenizer: Tokenizer, books: list[str], plan: TrainingPlan) -> None:
        stream = [token for book in books for token in [BOS_ID, *tokenizer.encode(book), EOS_ID]]
        newline = tokenizer.encode("\n")[0]
        self.stream = torch.tensor(stream)
        self.line_starts = torch.nonzero(self.stream[:-1] == newline).flatten() + 1
        self.plan = plan
        self.batches_per_epoch = (len(stream) // plan.window - 2) // plan.batch
        self._epoch = -1
        self._starts = torch.empty(0, dtype=torch.int64)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Input and target ids of one step."""
        epoch, index = divmod(step, self.batches_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._starts = epoch, self._cut(epoch)
        starts = self._starts[index * self.plan.batch : (index + 1) * self.plan.batch]
        targets = self.stream[starts.unsqueeze(1) + torch.arange(self.plan.window)]
        inputs = F.pad(targets[:, :-1], (1, 0), value=BOS_ID)
        return inputs, targets

    def _cut(self, epoch: int) -> Tensor:
        window = self.plan.window
        generator = torch.Generator().manual_seed(self.plan.seed + epoch)
        offset = int(torch.randint(window, (), generator=generator))
        starts = torch.arange(offset, len(self.stream) - 2 * window, window)
        starts = starts[torch.randperm(len(starts), generator=generator)]
        next_lines = self.line_starts[torch.searchsorted(self.line_starts, starts)]
        moved = (torch.rand(len(starts), generator=generator) < 0.5) & (next_lines - starts < window)
        return torch.where(moved, next_lines, starts)


def train(config: LlamaConfig, plan: TrainingPlan, windows: Windows, held_out: Tensor, checkpoint: Path) -> Llama:
    """Train, resuming from the checkpoint file if there is one. The numbers of steps may then differ."""
    model = Llama(config)
    model.initialize(torch.Generator().manual_seed(plan.seed))
    model.set_half_matmul(True)
    model.dropout = plan.dropout
    matrices = [p for name, p in model.named_parameters() if p.dim() == 2 and "embed_tokens" not in name]
    others = [p for name, p in model.named_parameters() if p.dim() == 1 or "embed_tokens" in name]
    optimizers = [
        Muon(matrices, lr=plan.matrix_lr, momentum=0.95, weight_decay=plan.matrix_decay),
        torch.optim.AdamW(others, lr=plan.other_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    peak_lrs = (plan.matrix_lr, plan.other_lr)
    first_step = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        first_step = saved["step"]
        model.load_state_dict(saved["model"])
        for optimizer, state in zip(optimizers, saved["optimizers"]):
            optimizer.load_state_dict(state)

    def save(step: int) -> None:
        partial = checkpoint.with_suffix(".partial")
        states = [optimizer.state_dict() for optimizer in optimizers]
        torch.save({"step": step, "model": model.state_dict(), "optimizers": states}, partial)
        os.replace(partial, checkpoint)

    saved_at = reported_at = time.monotonic()
    losses: list[float] = []
    for step in range(first_step, plan.steps):
        model.train()
        torch.manual_seed(plan.seed + step)  # dropout: a resumed run draws what an unbroken one would
        inputs, targets = windows.batch(step)
        loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        loss.backward()
        for optimizer, peak_lr in zip(optimizers, peak_lrs):
            for group in optimizer.param_groups:
                group["lr"] = peak_lr * plan.lr_factor(step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())

        done = step + 1
        if done % plan.report_every == 0:
            now = time.monotonic()
            speed = len(losses) * targets.numel() / (now - reported_at)
            print(f"step {done}/{plan.steps}  loss {sum(losses) / len(losses):.4f}  {speed:.0f} tokens/s", flush=True)
            reported_at = now
            losses.clear()
        if done % plan.evaluate_every == 0 or done == plan.steps:
            print(f"step {done}/{plan.steps}  held-out loss {window_loss(model, held_out):.4f}", flush=True)
        if time.monotonic() - saved_at > plan.checkpoint_seconds or done == plan.steps:
            save(done)
            saved_at = time.monotonic()
    return model


@torch.no_grad()
def window_loss(model: Llama, tokens: Tensor) -> float:
    """Mean loss over consecutive full windows, each fed with BOS before it: a quick figure to watch while training."""
    model.eval()
    window = model.config.max_positions
    targets = tokens[: len(tokens) // window * window].view(-1, window)
    inputs = F.pad(targets[:, :-1], (1, 0), value=BOS_ID)
    losses = [
        F.cross_entropy(model(some_inputs).flatten(0, 1), some_targets.flatten()).item() * len(some_targets)
        for some_inputs, some_targets in zip(inputs.split(8), targets.split(8))
    ]
    return sum(losses) / len(targets)
