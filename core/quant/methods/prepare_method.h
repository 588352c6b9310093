// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/gptq.h"
#include "core/quant/methods/method.h"
#include "core/quant/methods/quantize.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

/// Keeps the last factored Hessian: q, k and v, or gate and up, share theirs. Not thread-safe.
class FactorCache {
  public:
    Result<std::shared_ptr<const GptqFactor>> get(const std::shared_ptr<const Hessian>& hessian,
                                                  const GptqSettings& settings, const JobContext& context);

  private:
    std::shared_ptr<const Hessian> m_hessian;
    GptqSettings m_settings;
    std::shared_ptr<const GptqFactor> m_factor;
};

/// What a method is to be made ready for.
struct MethodRequest {
    Format format;
    int64_t cols = 0;
    MethodChoice method;
    const InputStatistics* statistics = nullptr;  ///< of the layer's inputs; null: none
    std::span<const float> channelScale;          ///< factors on the columns, undone on the inputs; empty: none
    bool mayClip = true;                          ///< AWQ does not clip q and k
    std::string tensor;                           ///< for messages
};

struct PreparedMethod {
    std::shared_ptr<const RowEncoder> encoder;  ///< null: the default, with `importance`
    std::vector<float> importance;              ///< for the default encoder; empty: none
    std::vector<float> pruneWeights;            ///< QuantizeOptions::pruneWeights
    /// As the scaled layer sees its inputs, for corrections; null: there are none, or nothing is known.
    std::shared_ptr<const InputStatistics> inputs;
    std::vector<std::string> notes;  ///< sentences to show beside the result
    /// For quantizeTensor(); valid as long as this is.
    [[nodiscard]] QuantizeOptions options(std::string tensorName) const {
        return {.importance = importance,
                .tensorName = std::move(tensorName),
                .encoder = encoder.get(),
                .pruneWeights = pruneWeights,
                .statistics = inputs.get()};
    }
};

/// AutoRound learns whole blocks before its tensors are prepared (MethodPlan); here it is the default with importance.
/// kInvalidArgument with a sentence where the method makes no sense for the format, or where the calibration it needs
/// is missing or belongs to another model.
Result<PreparedMethod> prepareMethod(const MethodRequest& request, FactorCache& factors, const JobContext& context);

}  // namespace halftone
