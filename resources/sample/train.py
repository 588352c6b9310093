#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the bundled sample checkpoint: texts, tokenizer, model and reference numbers.

Without an action, all of them run in this order: --prepare --train --export --reference --evaluate --samples.
Needs Debian 12's packages python3-torch, python3-numpy, libopenblas0-pthread, bible-kjv and bible-kjv-text.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import tempfile
from pathlib import Path

# PyTorch's own threads split the products up; BLAS threads inside them would only contend. Read when torch is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import torch  # noqa: E402

from training import bpe, checkpoint, corpus, evaluation, loop  # noqa: E402
from training.llama import Llama, LlamaConfig  # noqa: E402

SAMPLE_FOLDER = Path(__file__).resolve().parent
TEXTS_FOLDER = SAMPLE_FOLDER.parent / "texts"
EVALUATION_TEXT = "evaluation.txt"
CALIBRATION_TEXT = "calibration.txt"
ACTIONS = ("prepare", "train", "export", "reference", "evaluate", "samples")
CONFIG = LlamaConfig()

PROMPTS = ("In the beginning", "And the king said unto")
GREEDY_TOKENS = 80
SAMPLE_TOKENS = 160
SAMPLE_TEMPERATURE = 0.8
LOGITS_INPUT_TOKENS = 10


def prepare() -> None:
    """Write the texts, and the tokenizer, which is trained on the training chapters alone."""
    chapters = corpus.read_chapters()
    held_out = corpus.join_chapters(chapter for chapter in chapters if chapter.is_held_out)
    calibration = corpus.join_chapters(chapter for chapter in chapters if chapter.is_calibration)
    checkpoint.write_atomically(TEXTS_FOLDER / EVALUATION_TEXT, held_out.encode("ascii"))
    checkpoint.write_atomically(TEXTS_FOLDER / CALIBRATION_TEXT, calibration.encode("ascii"))
    tokenizer = bpe.train("\n\n".join(corpus.training_books(chapters)), CONFIG.vocab_size)
    checkpoint.write_tokenizer(SAMPLE_FOLDER, tokenizer, CONFIG.max_positions)


def train(plan: loop.TrainingPlan, state: Path) -> None:
    tokenizer = load_tokenizer()
    windows = loop.Windows(tokenizer, corpus.training_books(corpus.read_chapters()), plan)
    loop.train(CONFIG, plan, windows, torch.tensor(evaluation_tokens(tokenizer)), state)


def export(state: Path) -> None:
    """Write the model of a training state, finished or not, as a Hugging Face checkpoint."""
    checkpoint.write_weights(SAMPLE_FOLDER / checkpoint.WEIGHTS, torch.load(state)["model"])
    checkpoint.write_config(SAMPLE_FOLDER, CONFIG)


def reference() -> None:
    """Write reference.json."""
    tokenizer, model = load_tokenizer(), load_model()
    input_ids = [bpe.BOS_ID, *evaluation_tokens(tokenizer)][:LOGITS_INPUT_TOKENS]
    content = {
        "model": "halftone-sample",
        "note": "reference numbers, float64 arithmetic on the stored weights",
        "logits": evaluation.logits_reference(model, input_ids),
        "greedy": [evaluation.greedy_reference(model, tokenizer, prompt, GREEDY_TOKENS) for prompt in PROMPTS],
        "perplexity": [evaluation.perplexity_reference(EVALUATION_TEXT, result) for result in perplexities()],
    }
    checkpoint.write_json(SAMPLE_FOLDER / "reference.json", content)


def evaluate() -> None:
    for result in perplexities():
        print(
            f"protocol {result.protocol}, context {result.context}: perplexity {result.perplexity:.4f} "
            f"+/- {result.standard_error:.4f} (mean NLL {result.mean_nll:.5f} over {result.tokens_scored} "
            f"of {result.tokens_in_text} tokens)"
        )


def perplexities() -> list[evaluation.Perplexity]:
    model, tokens = load_model(), evaluation_tokens(load_tokenizer())
    return [
        evaluation.half_scored_perplexity(model, tokens, CONFIG.max_positions),
        evaluation.full_window_perplexity(model, tokens, CONFIG.max_positions),
    ]


def samples() -> None:
    """Print a greedy and a sampled continuation of each prompt."""
    tokenizer, model = load_tokenizer(), load_model()
    for prompt in PROMPTS:
        for temperature in (0.0, SAMPLE_TEMPERATURE):
            prompt_ids = [bpe.BOS_ID, *tokenizer.encode(prompt)]
            ids, _ = evaluation.generate(model, prompt_ids, SAMPLE_TOKENS, temperature, seed=1)
            print(f"--- temperature {temperature}\n{prompt}{tokenizer.decode(ids)}\n")


def load_tokenizer() -> bpe.Tokenizer:
    return bpe.Tokenizer.load(SAMPLE_FOLDER / checkpoint.TOKENIZER)


def load_model() -> Llama:
    return checkpoint.load_model(SAMPLE_FOLDER, CONFIG)


def evaluation_tokens(tokenizer: bpe.Tokenizer) -> list[int]:
    return tokenizer.encode((TEXTS_FOLDER / EVALUATION_TEXT).read_text(encoding="ascii"))


def keep_freed_memory() -> None:
    """Have glibc keep large freed blocks for reuse: a step's activations are not paged in anew at every step."""
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of mallopt(3)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_threshold, 2**30)
        libc.mallopt(trim_threshold, 2**31 - 1)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for action in ACTIONS:
        parser.add_argument(f"--{action}", action="append_const", dest="actions", const=action)
    parser.add_argument("--steps", type=int, default=loop.TrainingPlan.steps, help="training steps (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads (%(default)s)")
    default_state = Path(tempfile.gettempdir()) / "halftone-sample.pt"
    state_help = "training state, resumed if present (%(default)s)"
    parser.add_argument("--state", type=Path, default=default_state, help=state_help)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    keep_freed_memory()
    runs = {
        "prepare": prepare,
        "train": lambda: train(loop.TrainingPlan(steps=arguments.steps), arguments.state),
        "export": lambda: export(arguments.state),
        "reference": reference,
        "evaluate": evaluate,
        "samples": samples,
    }
    for action in ACTIONS:
        if action in (arguments.actions or ACTIONS):
            runs[action]()


if __name__ == "__main__":
    main()
