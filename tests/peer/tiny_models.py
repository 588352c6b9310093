# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes small checkpoints with random weights in Hugging Face's layout, one for each thing an architecture can have.

The scales are chosen so that every part shows in the perplexity: layers that change the residual stream as much as the
embedding does, biases as large as what they are added to, logits with a standard deviation of about 2.
"""
import array
import json
import math
import pathlib
import random
import shutil
import struct

TOKENIZER_FILES = ["tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
                   "vocab.json", "merges.txt"]
LOGIT_DEVIATION = 2.0


class Weights:
    """Tensors in F32, cut out of one pool of normal numbers: quick without any library, and the same every time."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.pool = array.array("f", (self.random.gauss(0.0, 1.0) for _ in range(1 << 17)))
        self.tensors: list[tuple[str, list[int], bytes]] = []

    def add(self, name: str, shape: list[int], deviation: float, mean: float = 0.0) -> None:
        count = math.prod(shape)
        scaled = array.array("f", (mean + deviation * value for value in self.pool))
        values = array.array("f")
        while len(values) < count:
            start = self.random.randrange(len(scaled) - 4096)
            values.extend(scaled[start:start + min(4096, count - len(values))])
        self.tensors.append((name, shape, values.tobytes()))

    def matrix(self, name: str, rows: int, cols: int, transposed: bool = False) -> None:
        self.add(name, [cols, rows] if transposed else [rows, cols], 1.0 / math.sqrt(cols))

    def write(self, path: pathlib.Path) -> None:
        header, offset = {}, 0
        for name, shape, data in self.tensors:
            header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(data)]}
            offset += len(data)
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for _, _, data in self.tensors:
                file.write(data)


def vocabulary_size(tokenizer: pathlib.Path) -> int:
    if (tokenizer / "tokenizer.json").is_file():
        root = json.loads((tokenizer / "tokenizer.json").read_text(encoding="utf-8"))
        ids = list(root["model"]["vocab"].values()) + [token["id"] for token in root.get("added_tokens", [])]
    else:
        ids = list(json.loads((tokenizer / "vocab.json").read_text(encoding="utf-8")).values())
    return max(ids) + 1


def add_llama_block(weights: Weights, config: dict, prefix: str) -> None:
    hidden, ffn, head = config["hidden_size"], config["intermediate_size"], config["head_dim"]
    query, kv = config["num_attention_heads"] * head, config["num_key_value_heads"] * head
    biased = config["model_type"] == "qwen2" or config.get("attention_bias", False)
    for part, rows, cols in [("self_attn.q_proj", query, hidden), ("self_attn.k_proj", kv, hidden),
                             ("self_attn.v_proj", kv, hidden), ("self_attn.o_proj", hidden, query),
                             ("mlp.gate_proj", ffn, hidden), ("mlp.up_proj", ffn, hidden), ("mlp.down_proj", hidden, ffn)]:
        weights.matrix(f"{prefix}{part}.weight", rows, cols)
        is_input = part.startswith("self_attn") and part != "self_attn.o_proj"
        has_bias = biased and is_input or config.get("attention_bias", False) and part == "self_attn.o_proj"
        if has_bias:
            weights.add(f"{prefix}{part}.bias", [rows], 0.7)
    for part in ("input_layernorm", "post_attention_layernorm"):
        weights.add(f"{prefix}{part}.weight", [hidden], 0.3, 1.0)
    if config["model_type"] == "qwen3":
        for part in ("q_norm", "k_norm"):
            weights.add(f"{prefix}self_attn.{part}.weight", [head], 0.3, 1.0)


def make_llama_like(weights: Weights, config: dict) -> None:
    hidden, vocabulary = config["hidden_size"], config["vocab_size"]
    weights.add("model.embed_tokens.weight", [vocabulary, hidden], 1.0)
    for block in range(config["num_hidden_layers"]):
        add_llama_block(weights, config, f"model.layers.{block}.")
    weights.add("model.norm.weight", [hidden], 0.02, LOGIT_DEVIATION / math.sqrt(hidden))
    if not config["tie_word_embeddings"]:
        weights.add("lm_head.weight", [vocabulary, hidden], 1.0)


def make_gpt2(weights: Weights, config: dict) -> None:
    hidden = config["n_embd"]
    weights.add("transformer.wte.weight", [config["vocab_size"], hidden], 1.0)
    weights.add("transformer.wpe.weight", [config["n_positions"], hidden], 0.7)
    for block in range(config["n_layer"]):
        prefix = f"transformer.h.{block}."
        for part, rows, cols in [("attn.c_attn", 3 * hidden, hidden), ("attn.c_proj", hidden, hidden),
                                 ("mlp.c_fc", 4 * hidden, hidden), ("mlp.c_proj", hidden, 4 * hidden)]:
            weights.matrix(f"{prefix}{part}.weight", rows, cols, transposed=True)
            weights.add(f"{prefix}{part}.bias", [rows], 0.5)
        for part in ("ln_1", "ln_2"):
            weights.add(f"{prefix}{part}.weight", [hidden], 0.3, 1.0)
            weights.add(f"{prefix}{part}.bias", [hidden], 0.3)
    weights.add("transformer.ln_f.weight", [hidden], 0.02, LOGIT_DEVIATION / math.sqrt(hidden))
    weights.add("transformer.ln_f.bias", [hidden], 0.02)


def base_config(kind: str) -> dict:
    if kind == "gpt2":
        return {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 256, "n_layer": 2, "n_head": 4,
                "n_positions": 256, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5,
                "tie_word_embeddings": True}
    head = 32 if kind == "qwen3" else 64
    return {"model_type": kind, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": head, "max_position_embeddings": 512,
            "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False}


def make(folder: pathlib.Path, shape: dict, data: pathlib.Path) -> pathlib.Path:
    """`shape`: "kind" (model_type), "tokenizer" (folder under `data`), and whatever else config.json is to say."""
    folder.mkdir(parents=True, exist_ok=True)
    extra = {key: value for key, value in shape.items() if key not in ("kind", "tokenizer")}
    tokenizer = data / shape["tokenizer"]
    config = base_config(shape["kind"]) | {"vocab_size": vocabulary_size(tokenizer)} | extra
    weights = Weights(seed=1)
    (make_gpt2 if shape["kind"] == "gpt2" else make_llama_like)(weights, config)
    weights.write(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    for name in TOKENIZER_FILES:
        if (tokenizer / name).is_file():
            shutil.copy(tokenizer / name, folder / name)
    return folder
