// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/jobs/job_manager.h"
#include "app/session/statistics_service.h"
#include "app/session/tensor_encoder.h"
#include "core/checkpoint/checkpoint.h"
#include "core/pipeline/loaded_model.h"
#include "core/pipeline/method_plan.h"
#include "core/quant/methods/quantize.h"

namespace halftone::app {

class MessageLog;
class RecipeEditor;

/// What a tensor's weights lose in the format that the recipe gives them. Follows the recipe: an edit computes the
/// tensors it changes, in the background; figures of formats tried before come back at once.
class QuantizationService : public QObject {
    Q_OBJECT

  public:
    QuantizationService(JobManager& jobs, MessageLog& messages, RecipeEditor& recipe, QObject* parent = nullptr);

    void reset(std::shared_ptr<const Checkpoint> checkpoint);
    /// What the methods may know of the layers' inputs; null: nothing. All figures are recomputed.
    void setCalibration(std::shared_ptr<const Calibration> calibration);
    /// Whether a calibration is on its way that methods of the recipe may need: they wait for it. Its end, whatever it
    /// brought, recomputes all figures.
    void setAwaitsCalibration(bool awaits);
    /// The model that methods look at; null: the checkpoint does not run here. All figures are recomputed. Until it is
    /// known, after reset(), formats that need it wait.
    void setModel(std::shared_ptr<const LoadedModel> model);
    /// Where figures are made from the next pass on; they are the same to six digits.
    void setDevice(const TensorEncoder::Device& device) { m_device = device; }
    /// What the methods of the recipe in work do; until a pass has found it, what it did before. Null: to nearest.
    [[nodiscard]] const std::shared_ptr<const MethodPlan>& plan() const { return m_plan; }

    /// The last figures there are for the tensor; null if none. isStale(): they belong to another format than the
    /// recipe's.
    [[nodiscard]] const Distortion* of(int tensor) const;
    [[nodiscard]] bool isStale(int tensor) const;
    [[nodiscard]] FigureState state(int tensor) const;
    [[nodiscard]] QString problem(int tensor) const;

  signals:
    void tensorsChanged(const QList<int>& tensors);

  private:
    struct Entry {
        FigureState state = FigureState::None;
        std::optional<Distortion> distortion;
        QString problem;
        std::map<std::pair<Format, std::string>, Distortion> tried;  ///< by format and method
    };
    struct Task {
        int tensor = 0;
        ResolvedTensor target;
    };
    /// What the tasks of a pass share.
    struct Source {
        std::shared_ptr<const Checkpoint> checkpoint;
        std::shared_ptr<const LoadedModel> model;
        std::shared_ptr<const Calibration> calibration;
        ResolvedRecipe recipe;
        TensorEncoder::Device device;
        std::shared_ptr<TensorEncoder> encoder;
    };
    static Result<std::shared_ptr<const MethodPlan>> makePlan(const Source& source, const JobContext& context);
    static Result<Distortion> measure(const Source& source, const Task& task, const MethodPlan* plan,
                                      FactorCache& factors, const JobContext& context);
    void recomputeAll();
    void onRecipeChanged(const QList<int>& tensors);
    [[nodiscard]] bool prepare(int tensor);
    [[nodiscard]] bool takeKnownPlan();
    void keepPlan(quint64 recipe, std::shared_ptr<const MethodPlan> plan);
    void startPending();
    void abandonPending();
    void store(const Task& task, const Result<Distortion>& result);

    JobManager& m_jobs;
    MessageLog& m_messages;
    RecipeEditor& m_recipe;
    std::shared_ptr<const Checkpoint> m_checkpoint;
    std::shared_ptr<const Calibration> m_calibration;
    std::shared_ptr<const LoadedModel> m_model;
    bool m_awaitsModel = false, m_awaitsCalibration = false;
    std::shared_ptr<const MethodPlan> m_plan;
    std::map<quint64, std::shared_ptr<const MethodPlan>> m_plans;  ///< by recipe: an undo needs no pass, but its plan
    TensorEncoder::Device m_device;
    std::shared_ptr<TensorEncoder> m_encoder = std::make_shared<TensorEncoder>();  ///< touched by the lane's jobs only
    std::vector<Entry> m_entries;
};

}  // namespace halftone::app
