// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/pipeline_cache_file.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "core/base/cache_folder.h"
#include "core/base/hash.h"

namespace halftone::vk {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = uint64_t{256} << 20;

/// In front of the driver's data: drivers are not bound to survive damaged data of their own.
struct Header {
    std::array<char, 8> magic{'H', 'T', 'P', 'I', 'P', 'E', '0', '1'};
    uint64_t sizeBytes = 0;
    uint64_t hash = 0;
};

std::string uuidText(const std::array<uint8_t, VK_UUID_SIZE>& uuid) {
    std::string text;
    for (const uint8_t byte : uuid) text += fmt::format("{:02x}", byte);
    return text;
}

}  // namespace

fs::path pipelineCachePath(const PhysicalDeviceSnapshot& snapshot) {
    const fs::path folder = cacheFolder();
    if (folder.empty()) return {};
    return folder / fmt::format("pipelines-{}-{}.bin", uuidText(snapshot.deviceUuid), uuidText(snapshot.driverUuid));
}

std::vector<std::byte> loadPipelineCache(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    Header header;
    const Header expected;
    if (!file.read(reinterpret_cast<char*>(&header), sizeof(header))) return {};
    if (header.magic != expected.magic || header.sizeBytes > kMostBytes) return {};
    std::vector<std::byte> data(header.sizeBytes);
    if (!file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(data.size()))) return {};
    if (hashBytes(data) != header.hash) return {};
    return data;
}

Status savePipelineCache(const fs::path& path, std::span<const std::byte> data) {
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    const fs::path temporary = path.string() + fmt::format(".{}", ::getpid());
    Header header;
    header.sizeBytes = data.size();
    header.hash = hashBytes(data);
    {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file.write(reinterpret_cast<const char*>(&header), sizeof(header));
        file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
        if (!file.flush()) {
            file.close();
            fs::remove(temporary, failed);
            return makeError(ErrorCode::kIo, fmt::format("The pipeline cache {} could not be written.", path.string()));
        }
    }
    fs::rename(temporary, path, failed);
    if (!failed) return {};
    const std::string reason = failed.message();
    fs::remove(temporary, failed);
    return makeError(ErrorCode::kIo,
                     fmt::format("The pipeline cache {} could not be written: {}.", path.string(), reason));
}

}  // namespace halftone::vk
