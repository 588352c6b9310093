# SPDX-License-Identifier: GPL-3.0-or-later
"""The Hugging Face folder of the model: safetensors weights and the JSON files beside them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .bpe import BOS, BOS_ID, EOS, EOS_ID, Tokenizer
from .llama import Llama, LlamaConfig

WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"


def write_json(path: Path, content: dict) -> None:
    write_atomically(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))


def write_atomically(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def write_weights(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write tensors, rounded to bfloat16, as a safetensors file in the reference writer's order and padding."""
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    chunks: list[bytes] = []
    offset = 0
    for name in sorted(tensors):
        bits = tensors[name].detach().bfloat16().contiguous().view(torch.int16).numpy().astype("<i2")
        chunk = bits.tobytes()
        end = offset + len(chunk)
        header[name] = {"dtype": "BF16", "shape": list(bits.shape), "data_offsets": [offset, end]}
        chunks.append(chunk)
        offset = end
    encoded = json.dumps(header, separators=(",", ":")).encode("utf-8")
    encoded += b" " * (-len(encoded) % 8)
    write_atomically(path, b"".join([len(encoded).to_bytes(8, "little"), encoded, *chunks]))


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file that ``write_weights`` wrote."""
    content = path.read_bytes()
    data_begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:data_begin])
    del header["__metadata__"]
    tensors = {}
    for name, entry in header.items():
        begin, end = (data_begin + offset for offset in entry["data_offsets"])
        bits = np.frombuffer(content[begin:end], dtype="<i2").astype(np.int16)
        tensors[name] = torch.from_numpy(bits).view(torch.bfloat16).view(entry["shape"])
    return tensors


def write_tokenizer(folder: Path, tokenizer: Tokenizer, model_max_length: int) -> None:
    write_json(folder / TOKENIZER, tokenizer.to_json())
    specials = {"bos_token": BOS, "eos_token": EOS}
    write_json(folder / "special_tokens_map.json", specials)
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            **specials,
            "add_bos_token": True,
            "add_eos_token": False,
            "clean_up_tokenization_spaces": False,
            "model_input_names": ["input_ids", "attention_mask"],
            "model_max_length": model_max_length,
        },
    )


def write_config(folder: Path, config: LlamaConfig) -> None:
    token_ids = {"bos_token_id": BOS_ID, "eos_token_id": EOS_ID}
    write_json(folder / "generation_config.json", token_ids)
    write_json(
        folder / "config.json",
        {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "attention_bias": False,
            "attention_dropout": 0.0,
            **token_ids,
            "head_dim": config.head_dim,
            "hidden_act": "silu",
            "hidden_size": config.hidden_size,
            "initializer_range": 0.02,
            "intermediate_size": config.intermediate_size,
            "max_position_embeddings": config.max_positions,
            "mlp_bias": False,
            "num_attention_heads": config.num_heads,
            "num_hidden_layers": config.num_layers,
            "num_key_value_heads": config.num_kv_heads,
            "rms_norm_eps": config.rms_norm_eps,
            "rope_scaling": None,
            "rope_theta": config.rope_theta,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
            "use_cache": True,
            "vocab_size": config.vocab_size,
        },
    )


def load_model(folder: Path, config: LlamaConfig) -> Llama:
    """The stored model in float64, ready for evaluation."""
    model = Llama(config)
    model.load_state_dict(read_weights(folder / WEIGHTS))
    return model.double().eval()
