// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/byte_writer.h"

namespace halftone::test {

/// A GGUF file put together by hand. Counts, offsets and the preamble can be set to anything.
class GgufBuilder {
  public:
    uint32_t magic = 0x46554747u;
    uint32_t version = 3;
    std::optional<uint64_t> claimedTensors, claimedMetadata;
    uint64_t alignment = 32;
    bool padsLastTensor = true;

    struct Tensor {
        std::string name;
        std::vector<uint64_t> dimensions;  ///< fastest-varying first, as in the file
        uint32_t typeId = 0;
        std::string data;
        std::optional<uint64_t> offset;  ///< computed where not given
        std::optional<uint32_t> rank;    ///< dimensions.size() where not given
    };

    /// An entry whose value bytes are given.
    GgufBuilder& entry(std::string_view key, uint32_t typeId, std::string_view valueBytes);
    GgufBuilder& text(std::string_view key, std::string_view value);
    GgufBuilder& u32(std::string_view key, uint32_t value);
    GgufBuilder& u16(std::string_view key, uint16_t value);
    GgufBuilder& i32(std::string_view key, int32_t value);
    GgufBuilder& tensor(Tensor tensor);
    [[nodiscard]] std::string build() const;

  private:
    std::vector<std::string> m_entries;
    std::vector<Tensor> m_tensors;
};

/// A valid file of a few hundred bytes that has every kind of metadata value and three tensors (F32, Q8_0, F16).
std::string smallGguf();
/// The same tensors under Hugging Face names as a safetensors file.
std::string smallSafetensors();
/// 8 bytes of length, the header, the data.
std::string safetensorsFile(std::string_view headerJson, std::string_view data);

/// A file that must be refused, and words that its message must contain.
struct BrokenFile {
    std::string name;  ///< fit for a file name, says what is wrong
    std::string bytes;
    std::string expectedWords;
};
std::vector<BrokenFile> brokenGgufFiles();
std::vector<BrokenFile> brokenSafetensorsFiles();
std::vector<BrokenFile> brokenSafetensorsIndexes();

}  // namespace halftone::test
