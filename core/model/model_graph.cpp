// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_graph.h"

namespace halftone {

WeightId ModelGraph::findWeight(std::string_view canonicalName) const {
    for (size_t index = 0; index < weights.size(); ++index) {
        if (weights[index].name == canonicalName) return static_cast<WeightId>(index);
    }
    return -1;
}

}  // namespace halftone
