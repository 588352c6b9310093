// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/inference/synthetic_model.h"

#include <cmath>
#include <fstream>
#include <numbers>
#include <random>

namespace halftone::test {

void SyntheticModel::add(const std::string& name, std::vector<int64_t> shape, float scale, float centre) {
    std::mt19937_64 random(m_seed++);
    int64_t count = 1;
    for (const int64_t dim : shape) count *= dim;
    Tensor tensor{std::move(shape), std::vector<float>(static_cast<size_t>(count))};
    for (float& value : tensor.values) {
        value = centre + scale * static_cast<float>(double(random() >> 11) * 0x1p-52 - 1.0);
    }
    tensors[name] = std::move(tensor);
}

void SyntheticModel::write(const std::filesystem::path& folder) const {
    std::ofstream(folder / "config.json") << config.dump(2);
    nlohmann::json header;
    uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        const uint64_t end = offset + tensor.values.size() * sizeof(float);
        header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    const uint64_t length = text.size();
    std::ofstream file(folder / "model.safetensors", std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof(length));
    file << text;
    for (const auto& [name, tensor] : tensors) {
        file.write(reinterpret_cast<const char*>(tensor.values.data()),
                   static_cast<std::streamsize>(tensor.values.size() * sizeof(float)));
    }
}

SyntheticModel makeSyntheticModel(const SyntheticOptions& options) {
    constexpr int64_t kWidth = 48, kFfn = 80, kVocabulary = 97, kHeads = 4, kKvHeads = 2, kBlocks = 3;
    SyntheticModel model;
    model.config = {
        {"model_type", options.modelType}, {"vocab_size", kVocabulary},           {"hidden_size", kWidth},
        {"intermediate_size", kFfn},       {"num_hidden_layers", kBlocks},        {"num_attention_heads", kHeads},
        {"num_key_value_heads", kKvHeads}, {"max_position_embeddings", 160},      {"rms_norm_eps", 1e-5},
        {"rope_theta", 10000.0},           {"tie_word_embeddings", options.tied}, {"hidden_act", "silu"},
        {"head_dim", options.headDim}};
    model.config.update(options.extra);
    model.add("model.embed_tokens.weight", {kVocabulary, kWidth}, 1.0f);
    model.add("model.norm.weight", {kWidth}, 0.3f, 1.0f);
    if (!options.tied) model.add("lm_head.weight", {kVocabulary, kWidth}, 0.5f);
    const int64_t qSize = kHeads * options.headDim, kvSize = kKvHeads * options.headDim;
    for (int64_t block = 0; block < kBlocks; ++block) {
        const std::string prefix = "model.layers." + std::to_string(block) + ".";
        model.add(prefix + "input_layernorm.weight", {kWidth}, 0.3f, 1.0f);
        model.add(prefix + "post_attention_layernorm.weight", {kWidth}, 0.3f, 1.0f);
        const std::pair<const char*, int64_t> projections[] = {
            {"q_proj", qSize}, {"k_proj", kvSize}, {"v_proj", kvSize}};
        for (const auto& [name, rows] : projections) {
            model.add(prefix + "self_attn." + name + ".weight", {rows, kWidth}, 0.3f);
            if (options.qkvBias) model.add(prefix + "self_attn." + name + ".bias", {rows}, 0.5f);
        }
        model.add(prefix + "self_attn.o_proj.weight", {kWidth, qSize}, 0.2f);
        if (options.outputBias) model.add(prefix + "self_attn.o_proj.bias", {kWidth}, 0.3f);
        if (options.headNorms) {
            model.add(prefix + "self_attn.q_norm.weight", {options.headDim}, 0.5f, 1.5f);
            model.add(prefix + "self_attn.k_norm.weight", {options.headDim}, 0.5f, 1.5f);
        }
        model.add(prefix + "mlp.gate_proj.weight", {kFfn, kWidth}, 0.3f);
        model.add(prefix + "mlp.up_proj.weight", {kFfn, kWidth}, 0.3f);
        model.add(prefix + "mlp.down_proj.weight", {kWidth, kFfn}, 0.2f);
    }
    return model;
}

namespace {

using Row = std::vector<double>;

/// The equations of the llama family, one token and one head at a time.
class PlainModel {
  public:
    explicit PlainModel(const SyntheticModel& model) : m_model(model), m_config(model.config) {}

    std::vector<Row> run(const std::vector<int32_t>& tokens) {
        std::vector<Row> states;
        for (const int32_t token : tokens) states.push_back(rowOf("model.embed_tokens.weight", token));
        for (int64_t block = 0; block < number("num_hidden_layers"); ++block) runBlock(block, states);
        const bool tied = m_config["tie_word_embeddings"].get<bool>();
        for (Row& state : states)
            state = multiply(tied ? "model.embed_tokens" : "lm_head", norm("model.norm.weight", state));
        return states;
    }

  private:
    [[nodiscard]] int64_t number(const char* key) const { return m_config.at(key).get<int64_t>(); }
    [[nodiscard]] const SyntheticModel::Tensor& tensor(const std::string& name) const {
        return m_model.tensors.at(name);
    }

    [[nodiscard]] Row rowOf(const std::string& name, int64_t row) const {
        const auto& t = tensor(name);
        const auto begin = t.values.begin() + row * t.shape[1];
        return Row(begin, begin + t.shape[1]);
    }
    [[nodiscard]] Row multiply(const std::string& name, const Row& x) const {
        const auto& t = tensor(name + ".weight");
        Row y(static_cast<size_t>(t.shape[0]));
        for (size_t r = 0; r < y.size(); ++r) {
            for (size_t c = 0; c < x.size(); ++c) y[r] += double(t.values[r * x.size() + c]) * x[c];
            if (m_model.tensors.contains(name + ".bias")) y[r] += double(tensor(name + ".bias").values[r]);
        }
        return y;
    }
    [[nodiscard]] Row norm(const std::string& name, Row x) const {
        double squares = 0;
        for (const double value : x) squares += value * value;
        const double scale =
            1.0 / std::sqrt(squares / double(x.size()) + double(m_config["rms_norm_eps"].get<float>()));
        for (size_t i = 0; i < x.size(); ++i) x[i] *= scale * double(tensor(name).values[i]);
        return x;
    }

    /// Frequency of pair j with the scalings that the tests use.
    [[nodiscard]] double frequency(int64_t pair, int64_t headDim) const {
        const double base = m_config["rope_theta"].get<double>();
        const double plain = std::pow(base, -2.0 * double(pair) / double(headDim));
        if (!m_config.contains("rope_scaling")) return plain;
        const auto& scaling = m_config["rope_scaling"];
        const double factor = scaling["factor"].get<double>();
        if (scaling["rope_type"] == "linear") return plain / factor;
        const double original = scaling["original_max_position_embeddings"].get<double>();
        const double rotations = original * plain / (2.0 * std::numbers::pi);
        if (scaling["rope_type"] == "llama3") {
            const double low = scaling["low_freq_factor"].get<double>(),
                         high = scaling["high_freq_factor"].get<double>();
            if (rotations > high) return plain;
            if (rotations < low) return plain / factor;
            const double share = (rotations - low) / (high - low);
            return (1.0 - share) * plain / factor + share * plain;
        }
        // yarn: between 32 and 1 rotations over the original context, by the index of the pair
        const auto pairAt = [&](double turns) {
            return double(headDim) * std::log(original / (turns * 2.0 * std::numbers::pi)) / (2.0 * std::log(base));
        };
        const double first = std::max(std::floor(pairAt(32.0)), 0.0),
                     last = std::min(std::ceil(pairAt(1.0)), double(headDim - 1));
        const double share = std::min(std::max((double(pair) - first) / std::max(last - first, 0.001), 0.0), 1.0);
        return plain / factor * share + plain * (1.0 - share);
    }
    [[nodiscard]] double rotationGain() const {
        if (!m_config.contains("rope_scaling") || m_config["rope_scaling"]["rope_type"] != "yarn") return 1.0;
        return 0.1 * std::log(m_config["rope_scaling"]["factor"].get<double>()) + 1.0;
    }

    /// One head out of a projection, normalized where the model does that, rotated.
    [[nodiscard]] Row head(const Row& all, int64_t index, const std::string& normName, int64_t position) const {
        const int64_t headDim = number("head_dim");
        Row x(all.begin() + index * headDim, all.begin() + (index + 1) * headDim);
        if (m_model.tensors.contains(normName)) x = norm(normName, x);
        Row y = x;
        for (int64_t j = 0; j < headDim / 2; ++j) {
            const double angle = double(position) * frequency(j, headDim), gain = rotationGain();
            const auto a = static_cast<size_t>(j), b = static_cast<size_t>(j + headDim / 2);
            y[a] = (x[a] * std::cos(angle) - x[b] * std::sin(angle)) * gain;
            y[b] = (x[b] * std::cos(angle) + x[a] * std::sin(angle)) * gain;
        }
        return y;
    }

    [[nodiscard]] int64_t window(int64_t block) const {
        const bool has = m_config.contains("sliding_window") && m_config["sliding_window"].is_number();
        if (!has) return INT64_MAX;
        if (m_config["model_type"] == "mistral") return number("sliding_window");
        if (!m_config.value("use_sliding_window", false) || block < m_config.value("max_window_layers", int64_t{28}))
            return INT64_MAX;
        return number("sliding_window");
    }

    void runBlock(int64_t block, std::vector<Row>& states) {
        const std::string prefix = "model.layers." + std::to_string(block) + ".";
        const int64_t heads = number("num_attention_heads"), kvHeads = number("num_key_value_heads"),
                      headDim = number("head_dim");
        std::vector<Row> queries, keys, values;
        for (const Row& state : states) {
            const Row x = norm(prefix + "input_layernorm.weight", state);
            queries.push_back(multiply(prefix + "self_attn.q_proj", x));
            keys.push_back(multiply(prefix + "self_attn.k_proj", x));
            values.push_back(multiply(prefix + "self_attn.v_proj", x));
        }
        const auto count = static_cast<int64_t>(states.size());
        for (int64_t i = 0; i < count; ++i) {
            Row joined;
            for (int64_t h = 0; h < heads; ++h) {
                const int64_t kv = h / (heads / kvHeads);
                const Row q = head(queries[static_cast<size_t>(i)], h, prefix + "self_attn.q_norm.weight", i);
                Row sum(static_cast<size_t>(headDim));
                double total = 0;
                for (int64_t j = 0; j <= i; ++j) {
                    if (i - j >= window(block)) continue;
                    const Row k = head(keys[static_cast<size_t>(j)], kv, prefix + "self_attn.k_norm.weight", j);
                    double score = 0;
                    for (size_t d = 0; d < k.size(); ++d) score += q[d] * k[d];
                    const double weight = std::exp(score / std::sqrt(double(headDim)));
                    total += weight;
                    for (size_t d = 0; d < k.size(); ++d)
                        sum[d] += weight * values[static_cast<size_t>(j)][static_cast<size_t>(kv * headDim) + d];
                }
                for (const double value : sum) joined.push_back(value / total);
            }
            const Row change = multiply(prefix + "self_attn.o_proj", joined);
            for (size_t d = 0; d < change.size(); ++d) states[static_cast<size_t>(i)][d] += change[d];
        }
        for (Row& state : states) {
            const Row x = norm(prefix + "post_attention_layernorm.weight", state);
            Row gate = multiply(prefix + "mlp.gate_proj", x);
            const Row up = multiply(prefix + "mlp.up_proj", x);
            for (size_t d = 0; d < gate.size(); ++d) gate[d] = gate[d] / (1.0 + std::exp(-gate[d])) * up[d];
            const Row change = multiply(prefix + "mlp.down_proj", gate);
            for (size_t d = 0; d < change.size(); ++d) state[d] += change[d];
        }
    }

    const SyntheticModel& m_model;
    const nlohmann::json& m_config;
};

}  // namespace

std::vector<std::vector<double>> plainForward(const SyntheticModel& model, const std::vector<int32_t>& tokens) {
    return PlainModel(model).run(tokens);
}

}  // namespace halftone::test
