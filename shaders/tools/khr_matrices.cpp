// SPDX-License-Identifier: GPL-3.0-or-later
#include "shaders/tools/khr_matrices.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string_view>

namespace halftone {
namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5, kBoundWord = 3;
constexpr std::string_view kNvExtension = "SPV_NV_cooperative_matrix", kKhrExtension = "SPV_KHR_cooperative_matrix";

enum Capability : uint32_t { kCooperativeMatrixNv = 5357, kCooperativeMatrixKhr = 6022 };

enum Op : uint32_t {
    kUndef = 1,
    kExtension = 10,
    kCapability = 17,
    kTypeInt = 21,
    kConstantTrue = 41,
    kConstantFalse = 42,
    kConstant = 43,
    kConstantComposite = 44,
    kConstantNull = 46,
    kLoad = 61,
    kCompositeConstruct = 80,
    kCompositeExtract = 81,
    kCopyObject = 83,
    kPhi = 245,
    kTypeMatrixNv = 5358,
    kMatrixLoadNv = 5359,
    kMatrixStoreNv = 5360,
    kMatrixMulAddNv = 5361,
    kMatrixLengthNv = 5362,
    kTypeMatrixKhr = 4456,
    kMatrixLoadKhr = 4457,
    kMatrixStoreKhr = 4458,
    kMatrixMulAddKhr = 4459,
    kMatrixLengthKhr = 4460,
};

/// What a KHR type says of itself, and the first ids of a module's three constants for it. Row major and column major
/// are 0 and 1 too.
enum Use : uint32_t { kLeft = 0, kRight = 1, kSum = 2 };

struct Instruction {
    uint32_t op = 0;
    std::span<const uint32_t> operands;
};

/// Instructions that give a matrix a value; type and result are their first operands.
bool makesMatrix(uint32_t op) {
    constexpr std::array<uint32_t, 10> kSuch{kUndef,        kConstantComposite, kConstantNull,       kLoad,
                                             kPhi,          kCopyObject,        kCompositeConstruct, kCompositeExtract,
                                             kMatrixLoadNv, kMatrixMulAddNv};
    return std::ranges::find(kSuch, op) != kSuch.end();
}

std::string_view textOf(std::span<const uint32_t> words) {
    const auto* text = reinterpret_cast<const char*>(words.data());
    return {text, strnlen(text, words.size_bytes())};
}

std::vector<uint32_t> wordsOf(std::string_view text) {
    std::vector<uint32_t> words(text.size() / 4 + 1);
    std::memcpy(words.data(), text.data(), text.size());
    return words;
}

class Translation {
  public:
    explicit Translation(std::span<const uint32_t> module) : m_module(module) {}

    TranslatedModule run() {
        if (!split()) return {{}, "The input is not a SPIR-V module."};
        learnTypes();
        if (!learnUses()) return {{}, m_error};
        m_out.assign(m_module.begin(), m_module.begin() + kHeaderWords);
        m_firstUse = m_out[kBoundWord];
        m_out[kBoundWord] += 3;
        for (const Instruction& instruction : m_instructions) {
            if (!translate(instruction)) return {{}, m_error};
        }
        return {std::move(m_out), {}};
    }

  private:
    bool split() {
        if (m_module.size() < kHeaderWords || m_module[0] != kMagic) return false;
        for (size_t at = kHeaderWords; at < m_module.size();) {
            const uint32_t count = m_module[at] >> 16;
            if (count == 0 || count > m_module.size() - at) return false;
            m_instructions.push_back({m_module[at] & 0xFFFFu, m_module.subspan(at + 1, count - 1)});
            at += count;
        }
        return true;
    }

    void learnTypes() {
        for (const auto& [op, operands] : m_instructions) {
            if (makesMatrix(op) && operands.size() >= 2) m_typeOf[operands[1]] = operands[0];
            if ((op == kConstantTrue || op == kConstantFalse) && operands.size() == 2)
                m_isColumnMajor[operands[1]] = op == kConstantTrue;
        }
    }

    bool learnUses() {
        for (const auto& [op, operands] : m_instructions) {
            if (op != kMatrixMulAddNv || operands.size() < 5) continue;
            for (const Use use : {kLeft, kRight, kSum}) {
                const auto type = m_typeOf.find(operands[2 + use]);
                if (type == m_typeOf.end()) return fail("The type of a factor is not known.");
                if (m_uses.try_emplace(type->second, use).first->second != use)
                    return fail(
                        "A matrix type has two parts in products: give the three sizes constants of their own.");
            }
        }
        return true;
    }

    bool translate(const Instruction& instruction) {
        const auto& [op, operands] = instruction;
        switch (op) {
            case kCapability:
                return emit(op, {operands[0] == kCooperativeMatrixNv ? kCooperativeMatrixKhr : operands[0]});
            case kExtension:
                return emit(op, textOf(operands) == kNvExtension ? wordsOf(kKhrExtension) : copyOf(operands));
            case kTypeInt:
                if (operands[1] == 32 && operands[2] == 0) m_uint = operands[0];
                return emit(op, copyOf(operands));
            case kTypeMatrixNv:
                return translateType(operands);
            case kMatrixLoadNv:
                return translateAccess(kMatrixLoadKhr, operands, 3);
            case kMatrixStoreNv:
                return translateAccess(kMatrixStoreKhr, operands, 2);
            case kMatrixMulAddNv:
                return emit(kMatrixMulAddKhr, copyOf(operands));
            case kMatrixLengthNv:
                return emit(kMatrixLengthKhr, copyOf(operands));
            default:
                return emit(op, copyOf(operands));
        }
    }

    bool translateType(std::span<const uint32_t> operands) {
        const auto use = m_uses.find(operands[0]);
        if (use == m_uses.end()) return fail("A matrix type takes part in no product.");
        if (!m_hasConstants) {
            if (m_uint == 0) return fail("The module has no unsigned integers before its first matrix type.");
            for (const Use each : {kLeft, kRight, kSum}) emit(kConstant, {m_uint, m_firstUse + each, each});
            m_hasConstants = true;
        }
        std::vector<uint32_t> words = copyOf(operands);
        words.push_back(m_firstUse + use->second);
        return emit(kTypeMatrixKhr, words);
    }

    /// "stride, is column major" becomes "layout, stride".
    bool translateAccess(uint32_t op, std::span<const uint32_t> operands, size_t stride) {
        const auto major =
            operands.size() > stride + 1 ? m_isColumnMajor.find(operands[stride + 1]) : m_isColumnMajor.end();
        if (major == m_isColumnMajor.end()) return fail("The layout of a matrix in memory is not a constant.");
        std::vector<uint32_t> words = copyOf(operands);
        words[stride] = m_firstUse + (major->second ? 1u : 0u);
        words[stride + 1] = operands[stride];
        return emit(op, words);
    }

    static std::vector<uint32_t> copyOf(std::span<const uint32_t> operands) {
        return {operands.begin(), operands.end()};
    }

    bool emit(uint32_t op, const std::vector<uint32_t>& operands) {
        m_out.push_back(static_cast<uint32_t>(operands.size() + 1) << 16 | op);
        m_out.insert(m_out.end(), operands.begin(), operands.end());
        return true;
    }

    bool fail(std::string error) {
        m_error = std::move(error);
        return false;
    }

    std::span<const uint32_t> m_module;
    std::vector<Instruction> m_instructions;
    std::map<uint32_t, uint32_t> m_typeOf;
    std::map<uint32_t, bool> m_isColumnMajor;
    std::map<uint32_t, Use> m_uses;
    std::vector<uint32_t> m_out;
    std::string m_error;
    uint32_t m_uint = 0;
    uint32_t m_firstUse = 0;
    bool m_hasConstants = false;
};

}  // namespace

TranslatedModule translateMatrices(std::span<const uint32_t> module) {
    return Translation(module).run();
}

}  // namespace halftone
