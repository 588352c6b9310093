// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace halftone {

std::string_view errorCodeName(ErrorCode code) {
    switch (code) {
        case ErrorCode::kInvalidArgument: return "invalid argument";
        case ErrorCode::kNotFound: return "not found";
        case ErrorCode::kInvalidData: return "invalid data";
        case ErrorCode::kUnsupported: return "unsupported";
        case ErrorCode::kIo: return "input/output";
        case ErrorCode::kOutOfMemory: return "out of memory";
        case ErrorCode::kDeviceLost: return "device lost";
        case ErrorCode::kCancelled: return "cancelled";
        case ErrorCode::kInternal: return "internal";
    }
    return "unknown";
}

void checkFailed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: internal check failed: %s\n", file, line, expression);
    std::abort();
}

}  // namespace halftone
