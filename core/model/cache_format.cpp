// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/cache_format.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/words.h"

namespace halftone {
namespace {

constexpr std::array kTypes{DType::kF32, DType::kF16, DType::kQ8_0, DType::kQ4_0};

bool isCacheType(DType type) {
    return std::ranges::find(kTypes, type) != kTypes.end();
}

tl::unexpected<Error> noType(std::string_view text) {
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("\"{}\" is no type of a cache; there are f32, f16, q8_0 and q4_0, for keys and values "
                                 "apart as in k=q8_0,v=q4_0.",
                                 text));
}

Result<DType> parseType(std::string_view text) {
    const auto type = dtypeFromName(text);
    if (type && isCacheType(*type)) return *type;
    return noType(text);
}

int64_t rowBytes(DType type, int64_t values) {
    const DTypeInfo& info = dtypeInfo(type);
    return values / info.blockElements * info.blockBytes();
}

}  // namespace

Result<CacheFormat> CacheFormat::parse(std::string_view text) {
    if (text.find('=') == std::string_view::npos) {
        HT_ASSIGN_OR_RETURN(const DType both, parseType(text));
        return CacheFormat{both, both};
    }
    CacheFormat format{DType::kF16, DType::kF16};
    while (!text.empty()) {
        const size_t comma = std::min(text.find(','), text.size());
        const std::string_view part = text.substr(0, comma);
        const bool isKey = part.starts_with("k="), isValue = part.starts_with("v=");
        if (!isKey && !isValue) return noType(text);
        HT_ASSIGN_OR_RETURN(const DType type, parseType(part.substr(2)));
        (isKey ? format.key : format.value) = type;
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return format;
}

std::string CacheFormat::name() const {
    return key == value ? lowerCase(dtypeInfo(key).name)
                        : fmt::format("k={},v={}", lowerCase(dtypeInfo(key).name), lowerCase(dtypeInfo(value).name));
}

std::span<const DType> runnableCacheTypes() {
    return kTypes;
}

Status checkCacheType(const ModelConfig& config, DType type) {
    const DTypeInfo& info = dtypeInfo(type);
    if (!isCacheType(type)) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("A cache cannot have cells of type {}.", info.name));
    }
    if (config.headDim % info.blockElements == 0) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("Heads of {} values are no whole number of {} blocks of {}; take F16 cells.",
                                 config.headDim, info.name, info.blockElements));
}

Status checkCacheFormat(const ModelConfig& config, const CacheFormat& format) {
    HT_TRY(checkCacheType(config, format.key));
    return checkCacheType(config, format.value);
}

int64_t cacheBytesPerToken(const ModelConfig& config, const CacheFormat& format) {
    return config.blockCount * (rowBytes(format.key, config.kvSize()) + rowBytes(format.value, config.kvSize()));
}

}  // namespace halftone
