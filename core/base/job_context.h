// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stop_token>

#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/thread_pool.h"

namespace halftone {

/// What a long-running function needs from whoever started it; always the last argument, passed by const reference.
/// Cheap to copy. A function that takes one checks cancelled() at least every 100 ms.
struct JobContext {
    std::stop_token stop;
    Progress* progress = nullptr;  ///< not owned; null: nobody watches
    ThreadPool pool;

    [[nodiscard]] bool cancelled() const { return stop.stop_requested(); }

    /// kCancelled if a stop was asked for. Use as HT_TRY(context.checkpoint()).
    [[nodiscard]] Status checkpoint() const {
        if (cancelled()) return makeError(ErrorCode::kCancelled, "The job was cancelled.");
        return {};
    }
    void start(std::string stage, int64_t total, std::string unit = {}) const {
        if (progress) progress->start(std::move(stage), total, std::move(unit));
    }
    void advance(int64_t amount) const {
        if (progress) progress->add(amount);
    }
};

}  // namespace halftone
