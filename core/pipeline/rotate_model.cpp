// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/rotate_model.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/quant/formats/packed_values.h"
#include "core/recipe/recipe.h"

namespace halftone {
namespace {

constexpr std::string_view kHeadName = "output.weight";

/// Follows the residual stream through a graph and notes what happens to each weight.
class RotationPlanner {
  public:
    RotationPlanner(std::shared_ptr<const Checkpoint> checkpoint, const ModelGraph& graph,
                    const RotationSettings& settings)
        : m_checkpoint(std::move(checkpoint)), m_graph(graph), m_settings(settings) {}

    Result<ModelRotation> run() {
        HT_ASSIGN_OR_RETURN(m_stream, rotationOf(m_graph.config.hiddenSize));
        if (m_settings.headValues) {
            HT_ASSIGN_OR_RETURN(m_head, rotationOf(m_graph.config.headDim));
        }
        m_plan.separatesHead = m_graph.config.tiedEmbeddings;
        for (size_t i = 0; i < m_graph.ops.size(); ++i) HT_TRY(follow(i));
        return std::move(m_plan);
    }

  private:
    Result<std::shared_ptr<const Rotation>> rotationOf(int64_t size) const {
        HT_ASSIGN_OR_RETURN(Rotation rotation, Rotation::create(size, m_settings.seed));
        return std::make_shared<const Rotation>(std::move(rotation));
    }

    Status follow(size_t index) {
        const Op& op = m_graph.ops[index];
        switch (op.kind) {
            case OpKind::kEmbed:
                m_plan.matrices[nameOf(op.weight)].right = m_stream;
                return {};
            case OpKind::kRmsNorm:
                return followNorm(op);
            case OpKind::kLinear:
                return followLinear(index);
            case OpKind::kAttention:
                if (m_head) followAttention(index);
                return {};
            case OpKind::kAdd:
                if (op.in != m_graph.hidden || m_residual == op.in2) return {};
                return refuse("something other than a layer's output is added to their residual stream");
            case OpKind::kLayerNorm:
            case OpKind::kAddPosition:
                return refuse("their norms take off the mean, which a rotation does not keep (LayerNorm)");
            default:
                if (op.in != m_graph.hidden && op.out != m_graph.hidden) return {};
                return refuse("their residual stream goes through more than norms and sums");
        }
    }

    Status followNorm(const Op& op) {
        if (op.in != m_graph.hidden) return refuse("they have norms outside the residual stream");
        const std::string& name = nameOf(op.weight);
        const TensorInfo* info = m_checkpoint->find(name);
        HT_CHECK(info != nullptr);
        HT_ASSIGN_OR_RETURN(const auto rows, openRows(m_checkpoint, *info));
        m_normValue = op.out;
        m_normWeight.resize(static_cast<size_t>(rows->cols()));
        HT_TRY(rows->readRows(0, 1, m_normWeight));
        m_plan.normSizes[name] = rows->cols();
        return {};
    }

    Status followLinear(size_t index) {
        const Op& op = m_graph.ops[index];
        if (op.in == m_graph.hidden) return refuse("their residual stream goes through more than norms and sums");
        const bool isHead = op.out == m_graph.logits;
        MatrixRotation& rotation = m_plan.matrices[isHead ? std::string(kHeadName) : nameOf(op.weight)];
        if (op.in == m_normValue) {
            rotation.columnScale = m_normWeight;
            rotation.right = m_stream;
        }
        if (isHead) return {};
        if (isAddedToStream(index)) {
            m_residual = op.out;
            rotation.left = m_stream;
            if (op.bias >= 0) m_plan.biases[nameOf(op.bias)] = m_stream;
        }
        return {};
    }

    /// The values of each head are rotated where one layer makes them and one layer reads what attention makes of them.
    void followAttention(size_t index) {
        const Op& attention = m_graph.ops[index];
        const Op* maker = nullptr;
        for (size_t i = index; i-- > 0 && m_graph.ops[i].block == attention.block && !maker;) {
            const Op& op = m_graph.ops[i];
            if (op.out == attention.in3 || op.out2 == attention.in3 || op.out3 == attention.in3) maker = &op;
        }
        const Op& reader = m_graph.ops[index + 1];
        if (!maker || maker->kind != OpKind::kLinear || reader.kind != OpKind::kLinear || reader.in != attention.out)
            return;
        m_plan.matrices[nameOf(maker->weight)].left = m_head;
        if (maker->bias >= 0) m_plan.biases[nameOf(maker->bias)] = m_head;
        m_plan.matrices[nameOf(reader.weight)].right = m_head;
    }

    [[nodiscard]] bool isAddedToStream(size_t index) const {
        const Op& op = m_graph.ops[index];
        const auto next = std::find_if(m_graph.ops.begin() + std::ptrdiff_t(index) + 1, m_graph.ops.end(),
                                       [&](const Op& later) { return later.in == op.out || later.in2 == op.out; });
        return next != m_graph.ops.end() && next->kind == OpKind::kAdd && next->in == m_graph.hidden;
    }

    [[nodiscard]] Status refuse(std::string_view why) const {
        return makeError(ErrorCode::kUnsupported, fmt::format("{} models cannot be rotated: {}.",
                                                              architectureName(m_graph.config.architecture), why));
    }

    [[nodiscard]] const std::string& nameOf(WeightId id) const { return m_graph.weights[static_cast<size_t>(id)].name; }

    std::shared_ptr<const Checkpoint> m_checkpoint;
    const ModelGraph& m_graph;
    RotationSettings m_settings;
    std::shared_ptr<const Rotation> m_stream, m_head;
    ModelRotation m_plan;
    ValueId m_normValue = -1;         ///< what the last norm wrote
    std::vector<float> m_normWeight;  ///< and its weights
    ValueId m_residual = -1;          ///< the last output that is added to the stream
};

/// The rotation as the exporter asks it.
class RotatedExport final : public ExportMethods {
  public:
    explicit RotatedExport(const ModelRotation& rotation) : m_rotation(rotation) {}

    Result<PreparedMethod> prepare(const ResolvedTensor&, const JobContext&) override { return PreparedMethod{}; }
    [[nodiscard]] bool separatesHead() const override { return m_rotation.separatesHead; }
    [[nodiscard]] bool changes(const std::string& name) const override {
        return m_rotation.matrices.contains(name) || m_rotation.normSizes.contains(name) ||
               m_rotation.biases.contains(name);
    }
    Result<std::shared_ptr<const RowSource>> rows(const std::string& name, std::shared_ptr<const RowSource> rows,
                                                  const JobContext& context) const override {
        if (const auto norm = m_rotation.normSizes.find(name); norm != m_rotation.normSizes.end())
            return rowSourceOf(packedVector(std::vector<float>(static_cast<size_t>(norm->second), 1.0f)));
        if (const auto bias = m_rotation.biases.find(name); bias != m_rotation.biases.end()) {
            std::vector<float> values(static_cast<size_t>(rows->cols()));
            HT_TRY(rows->readRows(0, 1, values));
            HT_TRY(rotateVector(values, *bias->second));
            return rowSourceOf(packedVector(std::move(values)));
        }
        const auto matrix = m_rotation.matrices.find(name);
        if (matrix == m_rotation.matrices.end() || matrix->second.isIdentity()) return rows;
        return rotatedRows(std::move(rows), matrix->second, context);
    }

  private:
    const ModelRotation& m_rotation;
};

}  // namespace

Result<ModelRotation> planRotation(const std::shared_ptr<const Checkpoint>& checkpoint, const ModelGraph& graph,
                                   const RotationSettings& settings) {
    return RotationPlanner(checkpoint, graph, settings).run();
}

Result<ExportReport> exportRotated(const std::shared_ptr<const Checkpoint>& checkpoint, const ModelGraph& graph,
                                   const RotationSettings& settings, DType storage, const std::filesystem::path& target,
                                   const JobContext& context) {
    HT_CHECK(storage == DType::kF32 || storage == DType::kF16 || storage == DType::kBF16);
    HT_ASSIGN_OR_RETURN(const ModelRotation rotation, planRotation(checkpoint, graph, settings));
    Recipe recipe = Recipe::pure(Format::of(storage));
    recipe.name = fmt::format("Rotated by randomized Hadamard matrices: residual stream{}, seed {}",
                              settings.headValues ? " and head values" : "", settings.seed);
    const ResolvedRecipe resolved = resolve(recipe, checkpoint->tensors());
    RotatedExport methods(rotation);
    return exportGguf(checkpoint, resolved, recipe.toText(), ImportanceData{}, target, context, {.methods = &methods});
}

}  // namespace halftone
