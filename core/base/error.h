// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace halftone {

/// What kind of thing went wrong. Callers branch on the code; people read the message.
enum class ErrorCode {
    kInvalidArgument,  ///< the request itself makes no sense (bad option, empty text, ...)
    kNotFound,         ///< a file, tensor, device or key that was asked for does not exist
    kInvalidData,      ///< a file breaks its format
    kUnsupported,      ///< well-formed, but this program cannot do it
    kIo,               ///< the operating system refused a read or write
    kOutOfMemory,      ///< host or device memory
    kDeviceLost,       ///< the GPU stopped; the CPU backend can take over
    kCancelled,        ///< the user asked to stop
    kInternal,         ///< a bug of ours that was caught
};

/// One failure. `message` is a full sentence: what happened, where, and what to do about it.
/// `context` holds further detail for the log (paths, offsets, driver codes); it may be empty.
struct Error {
    ErrorCode code = ErrorCode::kInternal;
    std::string message;
    std::string context;
};

/// The value, or why there is none. Every call that can fail for a reason outside our control returns one.
template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> makeError(ErrorCode code, std::string message, std::string context = {}) {
    return tl::unexpected<Error>(Error{code, std::move(message), std::move(context)});
}

/// Short lower-case name of a code ("invalid data"), for logs and JSON.
[[nodiscard]] std::string_view errorCodeName(ErrorCode code);

/// Ends the process with file and line. For broken invariants of our own code only, never for input.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line);

}  // namespace halftone

/// Invariant of our own code; stays on in release builds.
#define HT_CHECK(condition) ((condition) ? void(0) : ::halftone::checkFailed(#condition, __FILE__, __LINE__))

#define HT_CONCAT_IMPL(a, b) a##b
#define HT_CONCAT(a, b) HT_CONCAT_IMPL(a, b)

/// Returns the error of a Status or Result expression to the caller, if it is one.
#define HT_TRY(expression)                                                                         \
    do {                                                                                           \
        if (auto htStatus_ = (expression); !htStatus_) return tl::unexpected(std::move(htStatus_.error())); \
    } while (false)

/// HT_ASSIGN_OR_RETURN(auto x, f()): declares x from the Result, or returns its error to the caller.
#define HT_ASSIGN_OR_RETURN(declaration, expression) \
    HT_ASSIGN_OR_RETURN_IMPL(HT_CONCAT(htResult_, __LINE__), declaration, expression)
#define HT_ASSIGN_OR_RETURN_IMPL(result, declaration, expression)          \
    auto result = (expression);                                            \
    if (!result) return tl::unexpected(std::move(result.error()));         \
    declaration = std::move(*result)
