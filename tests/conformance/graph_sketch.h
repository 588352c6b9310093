// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <random>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone::test {

/// Numbers that are the same on every machine: normal-ish (sum of uniforms), standard deviation about `scale`.
class RandomValues {
  public:
    explicit RandomValues(uint64_t seed) : m_random(seed) {}
    float next(float scale = 1.0f);
    std::vector<float> vector(int64_t count, float scale = 1.0f);
    int64_t index(int64_t bound) { return static_cast<int64_t>(m_random() % static_cast<uint64_t>(bound)); }

  private:
    std::mt19937_64 m_random;
};

/// Values packed in a format by the codec of core/quant. Corrections that the format has are random and as large as the
/// values.
PackedTensor pack(const Format& format, std::span<const float> values, int64_t rows);

/// A graph of a few operations without a model around it. How the suite runs one operation:
///   - the input goes in as the hidden state (ForwardOptions::hiddenIn at block 0, so token ids do not matter);
///   - the operations are block 0 of a model with one block;
///   - what they compute is brought back into the hidden state by returnToHidden, a multiplication with an F32 matrix
///   of
///     zeros and ones, which is exact on any hardware;
///   - the hidden state is read through ForwardOptions::boundarySink at block 1.
/// Operations of the prologue are added with block -1 and run from token ids; a head makes logits.
class GraphSketch {
  public:
    GraphSketch(const ModelConfig& config, int64_t hiddenWidth);

    [[nodiscard]] ValueId hidden() const { return 0; }
    ValueId value(int64_t width);
    WeightId matrix(PackedTensor tensor);
    WeightId vector(const std::vector<float>& values);
    Op& op(OpKind kind, ValueId in, ValueId out);
    /// A row of the same operations before block 0.
    void beginPrologue() { m_block = -1; }
    void beginBlock();
    /// hidden[i] = value[first + i], 0 past its end.
    void returnToHidden(ValueId value, int64_t first = 0);
    /// The head: logits = weight * hidden.
    void head(PackedTensor weight);

    [[nodiscard]] const ModelGraph& graph() const { return m_graph; }
    Result<std::unique_ptr<Executable>> compile(Backend& backend) const;

  private:
    ModelGraph m_graph;
    std::vector<PackedTensor> m_tensors;
    int m_block = 0;
};

/// A configuration of one block that any sketch can start from.
ModelConfig sketchConfig();

struct MatrixShape {
    int64_t rows, cols;
};
/// hidden = the last rows of W hidden + a random bias.
GraphSketch productSketch(PackedTensor matrix, const MatrixShape& shape);

/// The hidden state after block 0 for `input` (tokens x hidden width), on a fresh sequence.
Result<std::vector<float>> runHidden(const ModelRun& run, std::span<const float> input, int64_t tokens,
                                     Arithmetic arithmetic = Arithmetic::kFloat);
/// The same, continuing a sequence.
Result<std::vector<float>> continueHidden(Executable& executable, Sequence& sequence, std::span<const float> input,
                                          int64_t tokens, Arithmetic arithmetic = Arithmetic::kFloat);
/// The hidden state after block 0 for token ids.
Result<std::vector<float>> runTokenIds(Executable& executable, Sequence& sequence, std::span<const TokenId> tokens);

/// max |a - b| / max |b|; infinite where sizes differ or `a` is not finite.
double relativeDifference(std::span<const float> a, std::span<const float> b);

/// Counts of tokens that hit every tail of every tile, up to `most`.
std::vector<int64_t> oddTokenCounts(int64_t most);

}  // namespace halftone::test
