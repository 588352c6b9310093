# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stored model gives: perplexities, generated text, and reference numbers for other implementations."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .bpe import BOS_ID, EOS_ID, Tokenizer
from .llama import Llama

EVALUATION_BATCH = 4


@dataclass(frozen=True)
class Perplexity:
    """``standard_error`` is that of the perplexity, from the spread of the tokens' losses."""

    protocol: str
    context: int
    tokens_in_text: int
    tokens_scored: int
    mean_nll: float
    perplexity: float
    standard_error: float


def half_scored_perplexity(model: Llama, tokens: list[int], context: int) -> Perplexity:
    """Protocol L. BOS and the whole text, cut into full pieces of ``context`` tokens; the tail is dropped. The first
    token of each piece is replaced by BOS. Only the piece's tokens ``context/2 + 1`` to ``context - 1`` are scored."""
    stream = torch.tensor([BOS_ID, *tokens])
    pieces = stream[: len(stream) // context * context].view(-1, context).clone()
    pieces[:, 0] = BOS_ID
    losses = token_losses(model, pieces)
    return summarize("L", context, len(tokens), losses[:, context // 2 :].flatten())


def full_window_perplexity(model: Llama, tokens: list[int], context: int) -> Perplexity:
    """Protocol W. The text is cut into pieces of ``context - 1`` tokens, the last one perhaps shorter; each is fed with
    BOS before it, and every token of the text is scored once."""
    pieces = [torch.tensor([[BOS_ID, *tokens[at : at + context - 1]]]) for at in range(0, len(tokens), context - 1)]
    losses = [token_losses(model, torch.cat(pieces[:-1])).flatten(), token_losses(model, pieces[-1]).flatten()]
    return summarize("W", context, len(tokens), torch.cat(losses))


@torch.no_grad()
def token_losses(model: Llama, pieces: Tensor) -> Tensor:
    """Negative log-probability of every token of each piece but the first."""
    losses = []
    for some in pieces.split(EVALUATION_BATCH):
        log_probabilities = torch.log_softmax(model(some[:, :-1]), dim=-1)
        losses.append(-log_probabilities.gather(2, some[:, 1:].unsqueeze(2)).squeeze(2))
    return torch.cat(losses)


def summarize(protocol: str, context: int, tokens_in_text: int, losses: Tensor) -> Perplexity:
    mean = losses.mean().item()
    error = losses.std(unbiased=False).item() / math.sqrt(len(losses) - 1)
    return Perplexity(protocol, context, tokens_in_text, len(losses), mean, math.exp(mean), math.exp(mean) * error)


@torch.no_grad()
def generate(model: Llama, prompt: list[int], count: int, temperature: float, seed: int) -> tuple[list[int], float]:
    """Continue a prompt by ``count`` tokens, or up to EOS; temperature 0 is greedy. The second result is the smallest
    distance between the two highest logits on the way: how far greedy choices stand from a tie."""
    generator = torch.Generator().manual_seed(seed)
    ids = list(prompt)
    margin = math.inf
    while len(ids) < len(prompt) + count:
        logits = model(torch.tensor([ids[-model.config.max_positions :]]))[0, -1]
        first, second = logits.topk(2).values.tolist()
        margin = min(margin, first - second)
        if temperature == 0.0:
            chosen = int(logits.argmax())
        else:
            probabilities = torch.softmax(logits / temperature, dim=-1)
            chosen = int(torch.multinomial(probabilities, 1, generator=generator))
        ids.append(chosen)
        if chosen == EOS_ID:
            break
    return ids[len(prompt) :], margin


def rounded(value: float) -> float:
    return round(value, 6)


def logits_reference(model: Llama, input_ids: list[int]) -> dict:
    with torch.no_grad():
        last = model(torch.tensor([input_ids]))[0, -1]
    top = last.topk(10)
    return {
        "input_ids": input_ids,
        "last_position_top10": [[i, rounded(logit)] for i, logit in zip(top.indices.tolist(), top.values.tolist())],
        "last_position_logits_first16": [rounded(logit) for logit in last[:16].tolist()],
    }


def greedy_reference(model: Llama, tokenizer: Tokenizer, prompt: str, count: int) -> dict:
    prompt_ids = [BOS_ID, *tokenizer.encode(prompt)]
    ids, margin = generate(model, prompt_ids, count, temperature=0.0, seed=0)
    return {
        "prompt": prompt,
        "prompt_ids": prompt_ids,
        "greedy_ids": ids,
        "greedy_text": tokenizer.decode(ids),
        "smallest_top2_margin": rounded(margin),
    }


def perplexity_reference(text_name: str, result: Perplexity) -> dict:
    return {
        "text": text_name,
        "method": result.protocol,
        "n_ctx": result.context,
        "tokens_in_text": result.tokens_in_text,
        "tokens_scored": result.tokens_scored,
        "first_n_tokens_only": False,
        "mean_nll": rounded(result.mean_nll),
        "perplexity": rounded(result.perplexity),
        "standard_error": rounded(result.standard_error),
    }
