// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/backend.h"

namespace halftone::test {

/// One backend under test and how far it may be from the scalar reference. Errors are relative to norms, see each test.
/// To add a backend, write a function that returns its entries and call it in backend_table.cpp.
struct ConformanceBackend {
    std::string name;  ///< letters, digits and underscores
    std::function<Result<std::shared_ptr<Backend>>()> create;  ///< kNotFound: skip (no such device here)
    double linearTolerance = 2e-6;     ///< of |difference| / (|weight row| |input|)
    double opTolerance = 4e-6;         ///< of |difference| / largest |expected|, norms, rotation, activations
    double attentionTolerance = 4e-6;  ///< the same for attention (a cache in F16 needs more)
    double modelTolerance = 1e-5;      ///< the same for the logits of whole models
    int64_t maxTokens = 129;           ///< fewer for devices that are emulated
    bool integers = false;             ///< multiplies all formats of whole numbers as such where the caller allows it
    bool halves = false;               ///< ... many tokens as binary16 instead, on matrix units
    std::vector<std::string> formats;  ///< weight formats that matrix products are tested in; empty: all
};

std::vector<ConformanceBackend> conformanceBackends();

/// The backend, created once per process, or a skip with the reason. Use as: const auto backend = openBackend(GetParam()).
Result<std::shared_ptr<Backend>> openBackend(const ConformanceBackend& entry);

inline void PrintTo(const ConformanceBackend& backend, std::ostream* stream) { *stream << backend.name; }

}  // namespace halftone::test

/// Declares `variable` as the opened backend, or skips where the device is absent.
#define HT_OPEN_BACKEND_OR_SKIP(variable, entry)                                                                          \
    const auto variable##Result_ = ::halftone::test::openBackend(entry);                                                  \
    if (!variable##Result_ && variable##Result_.error().code == ::halftone::ErrorCode::kNotFound)                         \
        GTEST_SKIP() << variable##Result_.error().message;                                                                \
    HT_ASSERT_OK(variable##Result_);                                                                                      \
    ::halftone::Backend& variable = **variable##Result_
