// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/inference/model_weights.h"
#include "core/inference/run_format.h"
#include "core/quant/methods/calibration.h"
#include "core/stats/tensor_stats.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone {

class EncodeDevice;
class OpProfile;

/// Receives rows of logits in position order, a few at a time. `logits` holds rowCount * vocabSize floats and is only
/// valid during the call. Called on the thread that called forward().
using LogitsSink = std::function<Status(int64_t firstPosition, int64_t rowCount, std::span<const float> logits)>;

/// Collects the activations that enter the linear layers, keyed by the canonical name of the weight they meet.
/// Backends may reduce on the device and merge partial results here.
struct ActivationCapture {
    std::map<std::string, ActivationStats> byWeight;
};

/// How inputs meet packed weights in matrix products.
enum class Arithmetic {
    kFloat,    ///< F32: what figures are made of
    kInteger,  ///< where the device has it: inputs rounded to 8 bits per 32 values, products of integers; faster
};

/// What the inputs of linear layers have in common: sums over tokens of squares, magnitudes and products of channels
/// (Hessians), gathered where an executable computes (Executable::createInputMoments). Must not outlive the executable.
/// Not thread-safe, and not to be used while the executable runs, but by it.
class InputMoments {
  public:
    virtual ~InputMoments() = default;
    /// The sums of all calls since the last one, by canonical name of the weight that the inputs meet; the layers that
    /// share an input share its Hessian. Tokens whose inputs are not finite are left out. Layers that have not run are
    /// not there. After a call of the executable that failed the sums mean nothing.
    virtual Result<std::map<std::string, InputStatistics>> take(const JobContext& context) = 0;
    /// Inputs that the processor sums up because the device has no room for their sums.
    [[nodiscard]] virtual int64_t inputsLeftToProcessor() const { return 0; }
};

/// What one row of logits says, summed up where the logits are.
struct RowFigures {
    double logNormalizer = 0;  ///< log of the sum of e^logit: log softmax(row)[i] = row[i] - logNormalizer
    float targetLogit = 0;     ///< of the token that stands there
    int64_t rank = 0;          ///< of that token: 1 is the likeliest; of equals the one of the smaller id is first
    TokenId top = 0;           ///< the likeliest token, the first of equals
    double entropy = 0;        ///< of the distribution, nats
    double divergence = 0;     ///< KL(kept row || this row), nats; 0 where there is nothing to compare with
    bool isFinite = false;     ///< false: the row holds NaN or infinity and the rest means nothing
    [[nodiscard]] double logProb() const { return double(targetLogit) - logNormalizer; }
};

/// Rows of logits that stay on the device that made them (Executable::createLogitRows).
class LogitRows {
  public:
    virtual ~LogitRows() = default;
    [[nodiscard]] virtual int64_t capacity() const = 0;  ///< rows
};

/// Reductions of rows of logits on the device; the rows are the positions of a call that have a target, in order. For
/// executables with sumsUpRows(); the others refuse.
struct RowReduction {
    std::span<RowFigures> figures{};         ///< one a target of the call, by position; those without are left alone
    LogitRows* keep = nullptr;               ///< the rows are kept here
    const LogitRows* compareWith = nullptr;  ///< what another run kept for the same positions
    int64_t firstKept = 0;                   ///< index there of the first row of this call
    int64_t idsPerRow = 0;                   ///< logits of these tokens come back as well, the same number in each row
    std::span<const uint32_t> ids{};         ///< outside the vocabulary: 0 comes back
    std::span<float> logits{};               ///< one for each of `ids`
};

/// What to compute and return besides advancing the cache.
struct ForwardOptions {
    /// Backends and formats without integer products ignore it, and so do layers whose inputs the sequence's format
    /// rounds. One sequence may mix both.
    Arithmetic arithmetic = Arithmetic::kFloat;

    /// Logits of the positions [logitsBegin, logitsEnd) relative to the first token of this call; empty range: none,
    /// and the epilogue is skipped.
    int64_t logitsBegin = 0;
    int64_t logitsEnd = 0;
    LogitsSink logitsSink;

    /// Natural-log probability of `targets[i]` at position i of this call, written to logProbs[i]; entries with a
    /// negative target are skipped. Reduced where the logits are, they never leave the device.
    std::span<const TokenId> targets;
    std::span<float> logProbs;
    /// More of the same positions; logProbs may then be empty. Not together with logits.
    std::optional<RowReduction> reduction;

    ActivationCapture* capture = nullptr;  ///< not owned
    /// The inputs of every linear layer that runs inside a block are added to it. Not owned; made by this executable.
    InputMoments* moments = nullptr;

    /// Start from the hidden state at the entry of this block instead of from token ids: hiddenIn holds tokens *
    /// hiddenSize floats. 0 with empty hiddenIn: the normal path. Blocks before firstBlock are skipped and their cache
    /// is left alone, so a sequence filled this way may only be continued from the same or a later block.
    int firstBlock = 0;
    std::span<const float> hiddenIn;
    /// Called with the hidden state at the entry of block b for b in (firstBlock, blockCount], in order.
    std::function<Status(int block, std::span<const float> hidden)> boundarySink;
};

/// The key-value cache of one sequence on one executable, and how it is run.
class Sequence {
  public:
    virtual ~Sequence() = default;
    [[nodiscard]] virtual const RunFormat& format() const = 0;
    [[nodiscard]] virtual int64_t position() const = 0;  ///< tokens held
    [[nodiscard]] virtual int64_t capacity() const = 0;
    /// Forgets everything past `position`.
    virtual void truncate(int64_t position) = 0;
};

/// One sequence of Executable::forwardTogether().
struct SequenceInput {
    Sequence* sequence = nullptr;  ///< not owned; different in every part
    std::span<const TokenId> tokens;
    ForwardOptions options;
};

/// A graph bound to weights on a device. Not thread-safe: one call at a time; several executables may coexist.
class Executable {
  public:
    virtual ~Executable() = default;
    [[nodiscard]] virtual const ModelGraph& graph() const = 0;
    /// kInvalidArgument for a capacity below one or beyond the model's context, or a format that the model cannot have;
    /// kOutOfMemory names the bytes needed. One executable may run sequences of different formats.
    virtual Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity, const RunFormat& format) = 0;
    /// One that keeps everything in F32.
    Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity) { return createSequence(capacity, RunFormat()); }
    /// Runs `tokens` (at least one) at the sequence's current position. kInvalidArgument if they do not fit the
    /// capacity or an id is outside the vocabulary. On error or cancel the sequence's position is unchanged.
    virtual Status forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                           const JobContext& context) = 0;
    /// forward() for several sequences. Where weights do not fit the device, they pass through it once for all of them.
    /// On error or cancel no position is changed. Results are those of single calls.
    virtual Status forwardTogether(std::span<const SequenceInput> inputs, const JobContext& context);
    /// Tokens that are worth handing over in one forwardTogether(); 0: it brings nothing.
    [[nodiscard]] virtual int64_t tokensWorthTogether() const { return 0; }
    /// Whether ForwardOptions::reduction works here. Otherwise the caller takes the logits and does it himself.
    [[nodiscard]] virtual bool sumsUpRows() const { return false; }
    /// Room for rows of logits on the device. kUnsupported without sumsUpRows(), kOutOfMemory in a sentence.
    virtual Result<std::unique_ptr<LogitRows>> createLogitRows(int64_t rows);
    /// Whether rows that were kept by another executable can be compared with this one's.
    [[nodiscard]] virtual bool canCompareWith(const LogitRows&) const { return false; }
    /// Room for sums over the inputs of the linear layers inside blocks, for ForwardOptions::moments. Sums that do not
    /// fit the device are the processor's. kUnsupported where an executable has none.
    virtual Result<std::unique_ptr<InputMoments>> createInputMoments(bool withHessians);
    /// Bytes of weights that do not fit the device and pass through it whenever the model runs; 0: all of them stay.
    [[nodiscard]] virtual int64_t streamedWeightBytes() const { return 0; }
    /// Adds what its operations take from now on to `profile`; null: no more. Nothing is timed while there is none.
    /// Borrowed. kUnsupported with a sentence where operations cannot be timed.
    virtual Status profileInto(OpProfile* profile);
    /// The same executable with other weights where they differ from the current ones (an edit). Keeps what is shared.
    virtual Status updateWeights(const ModelWeights& weights, const JobContext& context) = 0;
};

/// A model as somebody wants it run: an executable and the format of the sequences made on it. Borrows.
struct ModelRun {
    // NOLINTNEXTLINE(google-explicit-constructor): an executable alone is one that keeps everything.
    ModelRun(Executable& on, RunFormat as = {}) : executable(on), format(std::move(as)) {}
    Executable& executable;
    RunFormat format;
};

/// What a device can do at most, measured and not read from a data sheet.
struct DeviceRates {
    double copiedBytes = 0;  ///< a second, of a plain copy in its memory: bytes read plus bytes written
    double operations = 0;   ///< a second, of binary32 multiply-adds on registers, two operations each
    /// The same on matrix units, binary16 with sums in binary32, where prompts run on them; 0: they do not.
    double matrixOperations = 0;
    /// What products of many tokens are held against.
    [[nodiscard]] double peakOperations() const { return matrixOperations > 0 ? matrixOperations : operations; }
};

/// Something that executes graphs: the scalar CPU reference, the vectorized CPU engine, a Vulkan device.
class Backend {
  public:
    virtual ~Backend() = default;
    [[nodiscard]] virtual std::string name() const = 0;         ///< "cpu", "cpu-reference", "vulkan:0"
    [[nodiscard]] virtual std::string description() const = 0;  ///< "AMD Radeon 780M (RADV)", "AVX-512, 8 threads"
    virtual Result<std::unique_ptr<Executable>> compile(std::shared_ptr<const ModelGraph> graph,
                                                        const ModelWeights& weights, const JobContext& context) = 0;
    /// Takes well under a second. kUnsupported where it is not known how: the scalar reference has no limits to reach.
    virtual Result<DeviceRates> measureRates(const JobContext& context);
    /// What quantizes on the backend's device (QuantizeOptions::device); null where the processor is better at it. Made
    /// when first asked for.
    virtual std::shared_ptr<EncodeDevice> encoder() { return nullptr; }
};

/// Scalar binary32/binary64 arithmetic, one thread of control, no tricks: what every other backend is held against.
std::shared_ptr<Backend> createCpuReferenceBackend();
/// Vectorized (Highway, run-time dispatch), multi-threaded through the JobContext's pool. What users without a GPU live
/// on.
std::shared_ptr<Backend> createCpuBackend();

}  // namespace halftone
