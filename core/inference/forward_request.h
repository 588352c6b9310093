// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/inference/backend.h"

namespace halftone {

/// What every backend refuses in the same words. Pure functions; any thread.

/// Arguments of Executable::forward: token ids inside the vocabulary, room in the sequence, ranges inside the call,
/// hiddenIn of the right size, buffers for what was asked.
Status checkForwardArguments(const ModelGraph& graph, const Sequence& sequence, std::span<const TokenId> tokens,
                             const ForwardOptions& options);

/// Argument of Executable::forwardTogether: no sequence twice.
Status checkDistinctSequences(std::span<const SequenceInput> inputs);

/// Argument of Executable::createSequence. Models with learned positions end at their context; rotary ones may run past
/// what they were trained on (generation does not, see generateText).
Status checkSequenceCapacity(const ModelGraph& graph, int64_t capacity);

/// First operation of the epilogue (ops.size() where there is none).
[[nodiscard]] int32_t epilogueBegin(const ModelGraph& graph);

}  // namespace halftone
