# SPDX-License-Identifier: GPL-3.0-or-later
"""A Llama decoder in plain PyTorch: grouped-query attention, SwiGLU, RMSNorm, half-split rotary embedding.

Parameter names are those of a Hugging Face ``LlamaForCausalLM`` checkpoint with tied embeddings, so the state
dictionary of this module is what the checkpoint stores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Queries are attended in blocks of this many positions. A block sees only the keys up to its own end, which spares
# most of the masked half of the score matrix and keeps each piece of it small.
QUERY_BLOCK = 128


@dataclass(frozen=True)
class LlamaConfig:
    """The shape of the model."""

    vocab_size: int = 2048
    hidden_size: int = 256
    intermediate_size: int = 512
    num_layers: int = 6
    num_heads: int = 8
    num_kv_heads: int = 4
    max_positions: int = 512
    rope_theta: float = 10000.0
    rms_norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.num_heads


class Linear(nn.Module):
    """A linear map without bias. With ``half_matmul`` set, the product alone is computed in bfloat16."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.half_matmul = False

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.half_matmul)


def linear(x: Tensor, weight: Tensor, half_matmul: bool) -> Tensor:
    if half_matmul:
        return F.linear(x.bfloat16(), weight.bfloat16()).to(x.dtype)
    return F.linear(x, weight)


def batched_matmul(a: Tensor, b: Tensor, half_matmul: bool) -> Tensor:
    if half_matmul:
        return torch.bmm(a.bfloat16(), b.bfloat16()).to(a.dtype)
    return torch.bmm(a, b)


def dropout(x: Tensor, probability: float) -> Tensor:
    """Dropout whose probability is rounded to 1/256: one random byte an element is far cheaper than one float."""
    threshold = round(probability * 256)
    if threshold == 0:
        return x
    random_bytes = torch.empty((x.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None).view(torch.uint8)
    kept = random_bytes[: x.numel()].view(x.shape) >= threshold
    return x * (kept * (256 / (256 - threshold)))


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight


class Attention(nn.Module):
    """Causal self-attention in which every key-value head serves ``num_heads / num_kv_heads`` query heads."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.kv_heads = config.num_kv_heads
        self.group = config.num_heads // config.num_kv_heads
        self.head_dim = config.head_dim
        self.half_matmul = False
        kv_size = config.num_kv_heads * config.head_dim
        self.q_proj = Linear(config.hidden_size, config.hidden_size)
        self.k_proj = Linear(config.hidden_size, kv_size)
        self.v_proj = Linear(config.hidden_size, kv_size)
        self.o_proj = Linear(config.hidden_size, config.hidden_size)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, _ = x.shape
        kv_shape = (batch, length, self.kv_heads, self.head_dim)
        q = rotate(self.q_proj(x).view(batch, length, self.kv_heads * self.group, self.head_dim), cos, sin)
        k = rotate(self.k_proj(x).view(kv_shape), cos, sin)
        v = self.v_proj(x).view(kv_shape)
        # The query heads of a group become extra rows of one matrix product per key-value head.
        q = q.view(batch, length, self.kv_heads, self.group, self.head_dim).permute(0, 2, 3, 1, 4)
        q = q * (1.0 / math.sqrt(self.head_dim))
        k = k.permute(0, 2, 3, 1).reshape(batch * self.kv_heads, self.head_dim, length)
        v = v.permute(0, 2, 1, 3).reshape(batch * self.kv_heads, length, self.head_dim)
        blocks = []
        for begin in range(0, length, QUERY_BLOCK):
            end = min(begin + QUERY_BLOCK, length)
            rows = q[:, :, :, begin:end].reshape(batch * self.kv_heads, self.group * (end - begin), self.head_dim)
            scores = batched_matmul(rows, k[:, :, :end], self.half_matmul)
            scores = scores + causal_mask(begin, end, x).repeat(self.group, 1)
            attended = batched_matmul(torch.softmax(scores, dim=-1), v[:, :end], self.half_matmul)
            blocks.append(attended.view(batch, self.kv_heads, self.group, end - begin, self.head_dim))
        mixed = torch.cat(blocks, dim=3).permute(0, 3, 1, 2, 4).reshape(batch, length, -1)
        return self.o_proj(mixed)


def causal_mask(begin: int, end: int, like: Tensor) -> Tensor:
    """Additive mask for queries ``begin..end-1`` over keys ``0..end-1``."""
    mask = torch.full((end - begin, end), -math.inf, dtype=like.dtype)
    return mask.triu(begin + 1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of ``[batch, position, head, dim]`` in the half-split layout: pairs are (j, j + dim/2)."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class FeedForward(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.gate_proj = Linear(config.hidden_size, config.intermediate_size)
        self.up_proj = Linear(config.hidden_size, config.intermediate_size)
        self.down_proj = Linear(config.intermediate_size, config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = FeedForward(config)
        self.input_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, drop: float) -> Tensor:
        x = x + dropout(self.self_attn(self.input_layernorm(x), cos, sin), drop)
        return x + dropout(self.mlp(self.post_attention_layernorm(x)), drop)


class Decoder(nn.Module):
    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_layers))
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)


class Llama(nn.Module):
    """The language model: token ids ``[batch, length]`` to logits ``[batch, length, vocab]``."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.dropout = 0.0
        self.half_matmul = False
        self.model = Decoder(config)

    def initialize(self, generator: torch.Generator) -> None:
        """Normal(0, 0.02) matrices; those that write to the residual stream are scaled down with depth."""
        depth_scale = 1.0 / math.sqrt(2 * self.config.num_layers)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                writes_residual = name.endswith(("o_proj.weight", "down_proj.weight"))
                std = 0.02 * (depth_scale if writes_residual else 1.0)
                with torch.no_grad():
                    parameter.normal_(0.0, std, generator=generator)

    def set_half_matmul(self, enabled: bool) -> None:
        """Compute the matrix products in bfloat16 (weights, activations and sums between them keep their type)."""
        self.half_matmul = enabled
        for module in self.modules():
            if isinstance(module, (Linear, Attention)):
                module.half_matmul = enabled

    def forward(self, ids: Tensor) -> Tensor:
        decoder = self.model
        drop = self.dropout if self.training else 0.0
        x = dropout(decoder.embed_tokens(ids), drop)
        cos, sin = self.rotary_tables(ids.shape[1], x.dtype)
        for layer in decoder.layers:
            x = layer(x, cos, sin, drop)
        return linear(decoder.norm(x), decoder.embed_tokens.weight, self.half_matmul)

    def rotary_tables(self, length: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        exponents = torch.arange(0, self.config.head_dim, 2, dtype=torch.float64) / self.config.head_dim
        angles = torch.outer(torch.arange(length, dtype=torch.float64), self.config.rope_theta**-exponents)
        return angles.cos().to(dtype).unsqueeze(1), angles.sin().to(dtype).unsqueeze(1)
