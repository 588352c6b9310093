// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/synthetic_checkpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/base/thread_pool.h"
#include "core/tensor/float16.h"
#include "tests/support/byte_writer.h"

namespace halftone::test {
namespace {

namespace fs = std::filesystem;

struct Entry {
    std::string name;
    std::vector<int64_t> shape;
    int shard = 0;
    [[nodiscard]] int64_t count() const { return shape.size() == 1 ? shape[0] : shape[0] * shape[1]; }
};

std::vector<Entry> entriesOf(const SyntheticShape& s) {
    const int64_t kv = s.hidden / s.heads * s.kvHeads;
    std::vector<Entry> entries{{"model.embed_tokens.weight", {s.vocab, s.hidden}}};
    for (int64_t layer = 0; layer < s.layers; ++layer) {
        const std::string prefix = fmt::format("model.layers.{}.", layer);
        const auto add = [&](std::string_view part, std::vector<int64_t> shape) {
            entries.push_back({prefix + std::string(part), std::move(shape)});
        };
        add("input_layernorm.weight", {s.hidden});
        add("mlp.down_proj.weight", {s.hidden, s.ffn});
        add("mlp.gate_proj.weight", {s.ffn, s.hidden});
        add("mlp.up_proj.weight", {s.ffn, s.hidden});
        add("post_attention_layernorm.weight", {s.hidden});
        add("self_attn.k_proj.weight", {kv, s.hidden});
        add("self_attn.o_proj.weight", {s.hidden, s.hidden});
        add("self_attn.q_proj.weight", {s.hidden, s.hidden});
        add("self_attn.v_proj.weight", {kv, s.hidden});
    }
    entries.push_back({"model.norm.weight", {s.hidden}});
    if (!s.isTied) entries.push_back({"lm_head.weight", {s.vocab, s.hidden}});
    const auto count = static_cast<int>(entries.size());
    for (int i = 0; i < count; ++i)
        entries[static_cast<size_t>(i)].shard = static_cast<int>(int64_t{i} * s.shards / count);
    return entries;
}

std::string shardName(const SyntheticShape& shape, int shard) {
    if (shape.shards == 1) return "model.safetensors";
    return fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shape.shards);
}

/// Normal numbers that are the same with every standard library (Box-Muller on a Mersenne twister).
void fillNormal(std::span<float> out, uint64_t seed, float mean, float deviation) {
    constexpr double kTwoPi = 6.283185307179586;
    std::mt19937_64 random(seed);
    const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; };
    for (size_t i = 0; i < out.size(); i += 2) {
        const double radius = std::sqrt(-2.0 * std::log(uniform())), angle = kTwoPi * uniform();
        out[i] = mean + deviation * static_cast<float>(radius * std::cos(angle));
        if (i + 1 < out.size()) out[i + 1] = mean + deviation * static_cast<float>(radius * std::sin(angle));
    }
}

void encode(std::span<const float> values, DType dtype, std::byte* out) {
    for (size_t i = 0; i < values.size(); ++i) {
        if (dtype == DType::kF32) {
            std::memcpy(out + 4 * i, &values[i], 4);
            continue;
        }
        const uint16_t bits = dtype == DType::kF16 ? floatToHalf(values[i]) : floatToBfloat(values[i]);
        std::memcpy(out + 2 * i, &bits, 2);
    }
}

/// The bytes of one tensor.
std::vector<std::byte> makeData(const Entry& entry, const SyntheticShape& shape, const ThreadPool& pool) {
    constexpr int64_t kChunk = 1 << 16;
    const auto elementBytes = static_cast<int64_t>(dtypeInfo(shape.dtype).blockBytes());
    std::vector<std::byte> data(static_cast<size_t>(entry.count() * elementBytes));
    const uint64_t nameSeed = hashBytes(std::as_bytes(std::span(entry.name)), shape.seed);
    const bool isNorm = entry.shape.size() == 1;
    pool.parallelFor(entry.count(), kChunk, [&](int64_t begin, int64_t end) {
        std::vector<float> values(static_cast<size_t>(end - begin), 1.0f);
        if (!isNorm) fillNormal(values, nameSeed + static_cast<uint64_t>(begin), 0.0f, 0.02f);
        encode(values, shape.dtype, data.data() + begin * elementBytes);
    });
    return data;
}

Status writeShard(const fs::path& path, const std::vector<Entry>& entries, int shard, const SyntheticShape& shape) {
    std::string header = R"({"__metadata__":{"format":"pt"})";
    uint64_t offset = 0;
    for (const Entry& entry : entries) {
        if (entry.shard != shard) continue;
        const uint64_t end = offset + dtypeBytes(shape.dtype, static_cast<uint64_t>(entry.count())).value();
        header += fmt::format(R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", entry.name,
                              dtypeInfo(shape.dtype).safetensorsName, fmt::join(entry.shape, ","), offset, end);
        offset = end;
    }
    header += "}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::ofstream file(path, std::ios::binary);
    const std::string start = ByteWriter().string(header).bytes();
    file.write(start.data(), static_cast<std::streamsize>(start.size()));
    const ThreadPool pool;
    for (const Entry& entry : entries) {
        if (entry.shard != shard || shape.isSparse) continue;
        const auto data = makeData(entry, shape, pool);
        file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
    }
    file.close();
    std::error_code error;
    if (file && shape.isSparse) fs::resize_file(path, start.size() + offset, error);
    if (!file || error) return makeError(ErrorCode::kIo, fmt::format("Cannot write {}.", path.string()));
    return {};
}

std::string configJson(const SyntheticShape& s) {
    const std::string_view type = s.dtype == DType::kF32 ? "float32" : s.dtype == DType::kF16 ? "float16" : "bfloat16";
    return fmt::format(R"({{
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "hidden_size": {}, "intermediate_size": {}, "num_hidden_layers": {},
  "num_attention_heads": {}, "num_key_value_heads": {}, "vocab_size": {}, "max_position_embeddings": {},
  "hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "rope_scaling": null,
  "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": {}, "bos_token_id": 1, "eos_token_id": 2,
  "torch_dtype": "{}"
}}
)",
                       s.hidden, s.ffn, s.layers, s.heads, s.kvHeads, s.vocab, s.context, s.isTied, type);
}

std::string indexJson(const std::vector<Entry>& entries, const SyntheticShape& shape) {
    uint64_t total = 0;
    std::vector<std::string> lines;
    for (const Entry& entry : entries) {
        total += dtypeBytes(shape.dtype, static_cast<uint64_t>(entry.count())).value();
        lines.push_back(fmt::format(R"("{}":"{}")", entry.name, shardName(shape, entry.shard)));
    }
    return fmt::format(R"({{"metadata":{{"total_size":{}}},"weight_map":{{{}}}}})", total, fmt::join(lines, ","));
}

Status checkShape(const SyntheticShape& s) {
    const bool isPositive = std::min({s.hidden, s.ffn, s.layers, s.heads, s.kvHeads, s.vocab, int64_t{s.shards}}) > 0;
    const bool isPlain = s.dtype == DType::kF32 || s.dtype == DType::kF16 || s.dtype == DType::kBF16;
    if (isPositive && isPlain && s.hidden % s.heads == 0 && s.heads % s.kvHeads == 0) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     "The shape must be positive, heads must divide the hidden size, and kv heads the heads.");
}

}  // namespace

SyntheticShape llama7bShape() {
    return {};
}

SyntheticShape mistral7bShape() {
    SyntheticShape shape;
    shape.ffn = 14336;
    shape.kvHeads = 8;
    shape.context = 32768;
    shape.dtype = DType::kBF16;
    return shape;
}

Status writeSyntheticCheckpoint(const fs::path& folder, const SyntheticShape& shape) {
    HT_TRY(checkShape(shape));
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return makeError(ErrorCode::kIo, fmt::format("Cannot create {}: {}.", folder.string(), error.message()));
    const auto entries = entriesOf(shape);
    writeFile(folder / "config.json", configJson(shape));
    for (int shard = 0; shard < shape.shards; ++shard)
        HT_TRY(writeShard(folder / shardName(shape, shard), entries, shard, shape));
    if (shape.shards > 1) writeFile(folder / "model.safetensors.index.json", indexJson(entries, shape));
    if (shape.tokenizerFolder.empty()) return {};
    for (const char* name : {"tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json"}) {
        if (!fs::exists(shape.tokenizerFolder / name, error)) continue;
        fs::copy_file(shape.tokenizerFolder / name, folder / name, fs::copy_options::overwrite_existing, error);
        if (error) return makeError(ErrorCode::kIo, fmt::format("Cannot copy {}: {}.", name, error.message()));
    }
    return {};
}

}  // namespace halftone::test
