// SPDX-License-Identifier: GPL-3.0-or-later
// What an edit costs: evaluation_bench [CHECKPOINT TEXT [FORMAT]] evaluates about 4k tokens of a text with an
// EvaluationSession, edits one tensor per block and prints the time of each answer as a part of a full run, beside the
// bound (L - k) / L. Without arguments: the bundled sample on its own README, repeated. Then: what stores of a
// reference keep, and how far their divergences are from the exact one. Times are the least of
// seven, in processor seconds of all threads; the time to the first answer is by the clock.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

#include "core/evaluation/evaluation_session.h"
#include "core/evaluation/logit_rows.h"
#include "core/pipeline/loaded_model.h"
#include "core/quant/formats/codec.h"
#include "core/tensor/float16.h"

namespace {

using namespace halftone;

constexpr int64_t kTokens = 4096;
constexpr int kRepeats = 7;

/// Processor time of all threads, which other work on the machine changes little.
double secondsOf(const std::function<void()>& body) {
    const std::clock_t start = std::clock();
    body();
    return double(std::clock() - start) / CLOCKS_PER_SEC;
}

template <typename T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
}

std::string readFile(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The tensor in another format, with the order of its rows turned by `turn` so that every edit has bytes of its own.
PackedTensor requantized(const PackedTensor& tensor, const Format& format, int64_t turn) {
    std::vector<float> values(static_cast<size_t>(tensor.rows * tensor.cols()));
    (void)decodeRows(tensor.layout, tensor.bytes, tensor.rows, values);
    values.front() += static_cast<float>(turn) * 0.25f;
    PackedTensor changed;
    changed.layout = PackedLayout::of(format, tensor.cols());
    changed.rows = tensor.rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(tensor.rows * changed.layout.rowBytes));
    (void)encodeRows(changed.layout, values, tensor.rows, {}, *bytes);
    changed.bytes = *bytes;
    changed.owner = bytes;
    return changed;
}

struct Setting {
    LoadedModel model;
    ModelWeights original;
    std::vector<TokenId> tokens;
    std::vector<EvaluationWindow> windows;
    Protocol protocol;
    Format format;
    std::unique_ptr<Executable> executable;
    JobContext context;
    int64_t turn = 0;

    void use(ProtocolKind kind) {
        protocol = {kind, std::min<int64_t>(512, model.graph->config.contextLength)};
        windows = must(
            makeWindows(tokens, protocol, evaluationBos(protocol, *model.tokenizer), kTokens / protocol.contextLength));
    }
    ModelWeights edited(const ModelWeights& weights, const std::string& name) {
        const WeightId id = model.graph->findWeight(name);
        const bool isVector = model.graph->weights[static_cast<size_t>(id)].isVector;
        return weights.with(*model.graph, name, requantized(original.at(id), isVector ? Format() : format, ++turn));
    }
};

Setting prepare(const std::string& checkpoint, std::string text, const std::string& format) {
    Setting setting;
    setting.model = must(LoadedModel::open(checkpoint));
    setting.original = must(ModelWeights::fromCheckpoint(*setting.model.graph, setting.model.checkpoint));
    setting.format = must(Format::parse(format));
    setting.tokens = must(setting.model.tokenize(text));
    while (static_cast<int64_t>(setting.tokens.size()) < kTokens + 600) {
        const std::vector<TokenId> once = setting.tokens;
        setting.tokens.insert(setting.tokens.end(), once.begin(), once.end());
    }
    setting.use(ProtocolKind::kFullWindow);
    setting.executable = must(createCpuBackend()->compile(setting.model.graph, setting.original, setting.context));
    return setting;
}

struct EditCost {
    double full, edit, firstAnswer;
};

/// A full evaluation and one after an edit of `tensor`, taken in turns; the least of each.
EditCost measureEdit(Setting& setting, EvaluationSession& session, const std::string& tensor) {
    EditCost cost{1e9, 1e9, 1e9};
    for (int i = 0; i < kRepeats; ++i) {
        const ModelWeights weights = setting.edited(setting.original, tensor);
        // A fresh edit of the last norm brings back the original's states, whose scores are remembered, outside the
        // clock.
        (void)must(session.evaluate(setting.edited(setting.original, "output_norm.weight"), {}, {}, setting.context));
        const auto start = std::chrono::steady_clock::now();
        bool isFirst = true;
        const SessionObserver observer = [&](const SessionFigures&) {
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
            if (isFirst) cost.firstAnswer = std::min(cost.firstAnswer, passed.count());
            isFirst = false;
        };
        cost.edit = std::min(cost.edit,
                             secondsOf([&] { (void)must(session.evaluate(weights, {}, observer, setting.context)); }));
        cost.full = std::min(cost.full, secondsOf([&] {
                                 (void)must(evaluateAgainst(*setting.executable, setting.windows, setting.protocol,
                                                            *session.reference(), {}, setting.context));
                             }));
    }
    return cost;
}

void measureEdits(Setting& setting) {
    const auto blocks = static_cast<int>(setting.model.graph->config.blockCount);
    const auto session =
        must(EvaluationSession::create(*setting.executable, setting.original, setting.windows, setting.protocol));
    const double reference =
        secondsOf([&] { (void)must(session->runReference(int64_t{4} << 30, {}, setting.context)); });
    (void)must(session->evaluate(setting.original, {}, {}, setting.context));
    std::printf(
        "\n%s: %lld tokens in %zu windows, %d blocks; reference run %.3f s; states %.1f MB, reference %.1f MB\n",
        setting.protocol.name().c_str(), static_cast<long long>(kTokens), setting.windows.size(), blocks, reference,
        double(session->boundaryBytes()) / 1e6, double(session->reference()->sizeBytes()) / 1e6);
    std::printf("%-10s %10s %10s %10s %10s %10s %14s\n", "edit in", "full", "edit", "of full", "(L-k)/L", "plus 10 %",
                "first answer");
    const auto line = [&](const std::string& label, const std::string& tensor, double bound) {
        const EditCost cost = measureEdit(setting, *session, tensor);
        const double part = cost.edit / cost.full;
        std::printf("%-10s %8.4f s %8.4f s %10.3f %10.3f %10s %12.4f s\n", label.c_str(), cost.full, cost.edit, part,
                    bound, part <= bound + 0.1 ? "met" : "missed", cost.firstAnswer);
    };
    for (int block = 0; block < blocks; ++block) {
        line("block " + std::to_string(block), "blk." + std::to_string(block) + ".ffn_down.weight",
             double(blocks - block) / double(blocks));
    }
    line("last norm", "output_norm.weight", 0.0);
    const double undo = secondsOf([&] { (void)must(session->evaluate(setting.original, {}, {}, setting.context)); });
    std::printf("%-10s %10s %8.4f s\n", "undo", "", undo);
}

/// A way to keep a row: its divergence to another row, and the bytes it takes.
struct Store {
    std::string name;
    double bytesPerRow;
    std::function<double(std::span<const float> row, const RowSummary&, std::span<const float> own, const RowSummary&)>
        compare;
};

/// Keeps logits relative to the largest as `code(value)` and normalizes what is kept.
double codedDivergence(std::span<const float> row, const RowSummary& summary, std::span<const float> own,
                       const RowSummary& ownSummary, const std::function<float(float)>& code) {
    std::vector<float> kept(row.size());
    const float largest = row[static_cast<size_t>(summary.top)];
    for (size_t i = 0; i < row.size(); ++i) kept[i] = code(row[i] - largest);
    return rowDivergence(kept, summarizeRow(kept), own, ownSummary);
}

std::vector<Store> stores(int64_t vocabSize) {
    std::vector<Store> all;
    all.push_back({"F16 logits", 2.0 * double(vocabSize) + 8, [](auto row, auto& summary, auto own, auto& ownSummary) {
                       return codedDivergence(row, summary, own, ownSummary,
                                              [](float value) { return halfToFloat(floatToHalf(value)); });
                   }});
    all.push_back(
        {"16 bits over 16 nats", 2.0 * double(vocabSize) + 8, [](auto row, auto& summary, auto own, auto& ownSummary) {
             return codedDivergence(row, summary, own, ownSummary, [](float value) {
                 return std::round(std::max(value, -16.0f) * (65535.0f / 16.0f)) * (16.0f / 65535.0f);
             });
         }});
    all.push_back(
        {"8 bits over 32 nats", double(vocabSize) + 8, [](auto row, auto& summary, auto own, auto& ownSummary) {
             return codedDivergence(row, summary, own, ownSummary, [](float value) {
                 return std::round(std::max(value, -32.0f) * (255.0f / 32.0f)) * (32.0f / 255.0f);
             });
         }});
    for (const auto& [exact, sampled] : std::vector<std::pair<int64_t, int64_t>>{
             {128, 0}, {1024, 0}, {32, 32}, {64, 64}, {128, 64}, {128, 128}, {256, 64}}) {
        const ReferenceRows shape(vocabSize, {exact, sampled});
        if (shape.isWhole()) continue;
        all.push_back(
            {std::to_string(exact) + " exact, " + (sampled ? std::to_string(sampled) + " sampled" : "rest's mass"),
             double(shape.bytesPerRow()),
             [shape, row64 = int64_t{0}](auto row, auto& summary, auto own, auto& ownSummary) mutable {
                 static thread_local int64_t at = 0;
                 ReferenceRows one = shape;
                 (void)one.resize(++at % 512 + 1);
                 one.store(at % 512, row, summary);
                 return one.compare(at % 512, own, ownSummary).divergence;
             }});
    }
    return all;
}

/// Rows of the model's logits on the first windows.
std::vector<std::vector<float>> logitRows(Setting& setting, const ModelWeights& weights, size_t windows) {
    std::vector<std::vector<float>> rows;
    (void)setting.executable->updateWeights(weights, setting.context);
    const auto width = static_cast<size_t>(setting.model.graph->config.vocabSize);
    for (size_t i = 0; i < std::min(windows, setting.windows.size()); ++i) {
        const auto sequence =
            must(setting.executable->createSequence(static_cast<int64_t>(setting.windows[i].tokens.size())));
        ForwardOptions options;
        options.logitsBegin = setting.windows[i].scoreBegin;
        options.logitsEnd = setting.windows[i].scoreEnd;
        options.logitsSink = [&](int64_t, int64_t count, std::span<const float> logits) -> Status {
            for (size_t row = 0; row < static_cast<size_t>(count); ++row) {
                const auto part = logits.subspan(row * width, width);
                rows.emplace_back(part.begin(), part.end());
            }
            return {};
        };
        (void)setting.executable->forward(*sequence, setting.windows[i].tokens, options, setting.context);
    }
    return rows;
}

void compareStores(const std::string& label, const std::vector<std::vector<float>>& original,
                   const std::vector<std::vector<float>>& changed) {
    double exact = 0;
    std::vector<double> exactRows;
    for (size_t i = 0; i < original.size(); ++i) {
        exactRows.push_back(
            rowDivergence(original[i], summarizeRow(original[i]), changed[i], summarizeRow(changed[i])));
        exact += exactRows.back() / double(original.size());
    }
    std::printf("\n%s: %zu rows of %zu, exact divergence %.3e\n", label.c_str(), original.size(), original[0].size(),
                exact);
    std::printf("  %-26s %12s %14s %14s %16s\n", "store", "bytes/row", "of the same", "error of mean",
                "error of a row");
    for (const Store& store : stores(static_cast<int64_t>(original[0].size()))) {
        double same = 0, mean = 0, squares = 0;
        for (size_t i = 0; i < original.size(); ++i) {
            const RowSummary summary = summarizeRow(original[i]), ownSummary = summarizeRow(changed[i]);
            same += store.compare(original[i], summary, original[i], summary) / double(original.size());
            const double error = store.compare(original[i], summary, changed[i], ownSummary) - exactRows[i];
            mean += error / double(original.size());
            squares += error * error / double(original.size());
        }
        std::printf("  %-26s %12.0f %14.2e %13.3f%% %15.2f%%\n", store.name.c_str(), store.bytesPerRow, same,
                    100 * mean / exact, 100 * std::sqrt(squares) / exact);
    }
}

void measureStores(Setting& setting) {
    const auto original = logitRows(setting, setting.original, 2);
    for (const char* format : {"q8_0", "q4_0", "int3_g32_asym"}) {
        ModelWeights weights = setting.original;
        for (const WeightSlot& slot : setting.model.graph->weights) {
            if (slot.isVector || slot.cols % 32 != 0) continue;
            weights = weights.with(*setting.model.graph, slot.name,
                                   requantized(setting.original.at(setting.model.graph->findWeight(slot.name)),
                                               Format::parse(format).value(), 0));
        }
        compareStores(format, original, logitRows(setting, weights, 2));
    }
    // A vocabulary as large as today's: likely tokens and a tail, moved by noise.
    std::mt19937_64 random(1);
    std::normal_distribution<float> spread(0.0f, 2.8f), noise(0.0f, 0.2f);
    std::vector<std::vector<float>> rows, moved;
    for (int row = 0; row < 300; ++row) {
        rows.emplace_back(128256);
        for (float& logit : rows.back()) logit = spread(random);
        moved.push_back(rows.back());
        for (float& logit : moved.back()) logit += noise(random);
    }
    compareStores("made up, noise of 0.2", rows, moved);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string checkpoint = argc > 1 ? argv[1] : HT_BENCH_SAMPLE;
    const std::string text = argc > 2 ? readFile(argv[2]).substr(0, 40000) : readFile(checkpoint + "/README.md");
    Setting setting = prepare(checkpoint, text, argc > 3 ? argv[3] : "q8_0");
    for (const ProtocolKind kind : {ProtocolKind::kHalfScored, ProtocolKind::kFullWindow}) {
        setting.use(kind);
        measureEdits(setting);
    }
    measureStores(setting);
    return 0;
}
