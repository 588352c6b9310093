// SPDX-License-Identifier: GPL-3.0-or-later
// make-checkpoint: makes Llama checkpoints of any shape, with random weights or as sparse files, for tests and
// benchmarks.
//   make-checkpoint /tmp/llama-7b --preset llama-7b --sparse --shards 2
//   make-checkpoint /tmp/small --hidden 512 --ffn 1536 --layers 8 --heads 8 --kv-heads 4 --tokenizer FOLDER
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "tests/support/synthetic_checkpoint.h"

int main(int argc, char** argv) {
    using halftone::test::SyntheticShape;
    SyntheticShape shape;
    std::string folder, preset, dtype;
    CLI::App app{"Makes a Llama checkpoint in Hugging Face layout for tests and benchmarks."};
    app.add_option("folder", folder, "where to write it")->required();
    app.add_option("--preset", preset, "llama-7b or mistral-7b; the other options change it")
        ->check(CLI::IsMember({"llama-7b", "mistral-7b"}));
    int64_t hidden = 0, ffn = 0, layers = 0, heads = 0, kvHeads = 0, vocab = 0, context = 0;
    app.add_option("--hidden", hidden, "hidden size");
    app.add_option("--ffn", ffn, "feed-forward size");
    app.add_option("--layers", layers, "number of blocks");
    app.add_option("--heads", heads, "attention heads");
    app.add_option("--kv-heads", kvHeads, "key and value heads");
    app.add_option("--vocab", vocab, "vocabulary size");
    app.add_option("--context", context, "context length");
    app.add_option("--dtype", dtype, "f32, f16 or bf16");
    app.add_option("--shards", shape.shards, "number of safetensors files");
    app.add_option("--seed", shape.seed, "seed of the weights");
    app.add_option("--tokenizer", shape.tokenizerFolder, "folder whose tokenizer files are copied");
    app.add_flag("--tied", shape.isTied, "no lm_head");
    app.add_flag("--sparse", shape.isSparse, "holes instead of weights: takes no room");
    CLI11_PARSE(app, argc, argv);

    SyntheticShape chosen = preset == "mistral-7b" ? halftone::test::mistral7bShape() : halftone::test::llama7bShape();
    const auto choose = [](int64_t& field, int64_t value) {
        if (value > 0) field = value;
    };
    choose(chosen.hidden, hidden);
    choose(chosen.ffn, ffn);
    choose(chosen.layers, layers);
    choose(chosen.heads, heads);
    choose(chosen.kvHeads, kvHeads > 0 ? kvHeads : heads);
    choose(chosen.vocab, vocab);
    choose(chosen.context, context);
    if (!dtype.empty()) {
        const auto type = halftone::dtypeFromName(dtype);
        if (!type) {
            fmt::print(stderr, "Unknown type {}.\n", dtype);
            return 2;
        }
        chosen.dtype = *type;
    }
    chosen.shards = shape.shards;
    chosen.seed = shape.seed;
    chosen.tokenizerFolder = shape.tokenizerFolder;
    chosen.isTied = shape.isTied;
    chosen.isSparse = shape.isSparse;
    if (const auto status = halftone::test::writeSyntheticCheckpoint(folder, chosen); !status) {
        fmt::print(stderr, "{}\n", status.error().message);
        return 1;
    }
    return 0;
}
