// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/broken_files.h"

#include <fstream>
#include <functional>

#include <fmt/format.h>

namespace halftone::test {
namespace {

constexpr uint32_t kTypeU32 = 4, kTypeString = 8, kTypeArray = 9;

std::string stringBytes(std::string_view text) {
    return ByteWriter().string(text).bytes();
}

GgufBuilder::Tensor floatTensor(std::string name, uint64_t count = 8) {
    return {std::move(name), {count}, 0, std::string(count * 4, '\1'), {}, {}};
}

/// A builder with an architecture and one tensor: the ground on which one thing is broken.
GgufBuilder sound() {
    GgufBuilder builder;
    builder.text("general.architecture", "llama").tensor(floatTensor("output_norm.weight"));
    return builder;
}

/// A builder whose only tensor is `tensor`.
GgufBuilder with(GgufBuilder::Tensor tensor) {
    GgufBuilder builder;
    builder.text("general.architecture", "llama").tensor(std::move(tensor));
    return builder;
}

std::string changed(const std::function<void(GgufBuilder&)>& change) {
    GgufBuilder builder = sound();
    change(builder);
    return builder.build();
}

std::string withEntry(std::string_view key, uint32_t typeId, std::string_view value) {
    return changed([&](GgufBuilder& b) { b.entry(key, typeId, value); });
}

std::vector<BrokenFile> brokenGgufPreambles() {
    return {
        {"empty", "", "truncated"},
        {"wrong-magic", changed([](GgufBuilder& b) { b.magic = 0x4C4D4747u; }), "does not start with the letters GGUF"},
        {"version-0", changed([](GgufBuilder& b) { b.version = 0; }), "states version 0"},
        {"version-1", changed([](GgufBuilder& b) { b.version = 1; }), "states version 1"},
        {"version-4", changed([](GgufBuilder& b) { b.version = 4; }), "states version 4"},
        {"big-endian", changed([](GgufBuilder& b) { b.version = 0x03000000u; }), "big-endian"},
        {"absurd-tensor-count", changed([](GgufBuilder& b) { b.claimedTensors = uint64_t{1} << 60; }),
         "tensors, more than"},
        {"negative-tensor-count", changed([](GgufBuilder& b) { b.claimedTensors = ~uint64_t{0}; }),
         "tensors, more than"},
        {"absurd-metadata-count", changed([](GgufBuilder& b) { b.claimedMetadata = uint64_t{1} << 60; }),
         "metadata entries, more than"},
    };
}

std::vector<BrokenFile> brokenGgufMetadata() {
    const auto array = [](uint32_t elementType, uint64_t count) {
        return ByteWriter().number(elementType).number(count).bytes();
    };
    return {
        {"absurd-string-length", withEntry("k", kTypeString, ByteWriter().number(uint64_t{1} << 62).bytes()),
         "claims a string of"},
        {"string-past-the-end", withEntry("k", kTypeString, ByteWriter().number(uint64_t{100000}).bytes()),
         "truncated"},
        {"absurd-array-count", withEntry("k", kTypeArray, array(kTypeU32, uint64_t{1} << 61)), "claims an array of"},
        {"array-past-the-end", withEntry("k", kTypeArray, array(kTypeU32, 100000)), "truncated"},
        {"string-array-past-the-end", withEntry("k", kTypeArray, array(kTypeString, 100000)), "truncated"},
        {"array-of-arrays", withEntry("k", kTypeArray, array(kTypeArray, 1)), "array of arrays"},
        {"unknown-element-type", withEntry("k", kTypeArray, array(77, 1)), "array element type 77"},
        {"unknown-value-type", withEntry("k", 13, "xxxx"), "value type 13"},
        {"empty-key", withEntry("", kTypeU32, "1234"), "empty key"},
        {"duplicate-key", withEntry("general.architecture", kTypeString, stringBytes("gpt2")), "repeats a key"},
        {"key-not-utf8", withEntry("bad\xFFkey", kTypeU32, "1234"), "not valid UTF-8"},
        {"architecture-not-utf8", GgufBuilder().text("general.architecture", "\xC3\x28").build(), "not valid UTF-8"},
        {"alignment-zero", changed([](GgufBuilder& b) { b.u32("general.alignment", 0); }), "general.alignment"},
        {"alignment-not-a-power-of-two", changed([](GgufBuilder& b) { b.u32("general.alignment", 24); }),
         "general.alignment"},
        {"alignment-absurd", changed([](GgufBuilder& b) { b.u32("general.alignment", 1u << 31); }),
         "general.alignment"},
        {"alignment-of-wrong-type", changed([](GgufBuilder& b) { b.text("general.alignment", "32"); }),
         "not of type u32"},
    };
}

std::vector<BrokenFile> brokenGgufTensors() {
    const uint64_t big = uint64_t{1} << 40;
    return {
        {"name-too-long", with(floatTensor(std::string(64, 'n'))).build(), "name of 64 bytes"},
        {"name-empty", with(floatTensor("")).build(), "empty name"},
        {"name-not-utf8", with(floatTensor("blk.\xF0\x28.weight")).build(), "not valid UTF-8"},
        {"name-with-nul", with(floatTensor(std::string("a\0b", 3))).build(), "not valid UTF-8 text"},
        {"duplicate-tensor", changed([](GgufBuilder& b) { b.tensor(floatTensor("output_norm.weight")); }),
         "repeats the name"},
        {"five-dimensions", with({"t", {1, 1, 1, 1, 1}, 0, "1234", {}, {}}).build(), "has 5 dimensions"},
        {"absurd-rank", with({"t", {8}, 0, std::string(32, 'x'), {}, 0xFFFFFFFFu}).build(), "dimensions; the most"},
        {"negative-dimension", with({"t", {~uint64_t{0}}, 0, "", {}, {}}).build(), "impossible dimension"},
        {"dimension-product-overflows", with({"t", {big, big, big}, 0, "", {}, {}}).build(), "overflows"},
        {"byte-size-overflows", with({"t", {uint64_t{1} << 62}, 0, "", {}, {}}).build(), "overflows"},
        {"removed-type", with({"t", {32}, 4, std::string(64, 'x'), {}, {}}).build(), "data type 4, which was removed"},
        {"unknown-type", with({"t", {32}, 1000, std::string(64, 'x'), {}, {}}).build(),
         "data type 1000, which is not known"},
        {"row-not-whole-blocks", with({"t", {33, 2}, 8, std::string(68, 'x'), {}, {}}).build(), "blocks of 32"},
        {"offset-past-the-end", with({"t", {8}, 0, std::string(32, 'x'), big, {}}).build(), "past the end"},
        {"offset-absurd", with({"t", {8}, 0, std::string(32, 'x'), ~uint64_t{31}, {}}).build(), "past the end"},
        {"offset-not-aligned", with({"t", {8}, 0, std::string(64, 'x'), 4, {}}).build(), "multiple of the alignment"},
        {"overlapping-tensors", changed([](GgufBuilder& b) {
             b.tensor({"t", {8}, 0, std::string(32, 'x'), 0, {}});
         }),
         "overlaps"},
        {"gap-between-tensors", changed([](GgufBuilder& b) {
             b.tensor({"t", {8}, 0, std::string(96, 'x'), 64, {}});
         }),
         "leaves a gap"},
        {"data-missing", with({"t", {1024}, 0, "", {}, {}}).build(), "truncated"},
    };
}

std::string safetensorsWith(std::string_view header, size_t dataBytes) {
    return safetensorsFile(header, std::string(dataBytes, 'd'));
}

}  // namespace

void writeFile(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

GgufBuilder& GgufBuilder::entry(std::string_view key, uint32_t typeId, std::string_view valueBytes) {
    m_entries.push_back(ByteWriter().string(key).number(typeId).raw(valueBytes).bytes());
    return *this;
}

GgufBuilder& GgufBuilder::text(std::string_view key, std::string_view value) {
    return entry(key, kTypeString, stringBytes(value));
}
GgufBuilder& GgufBuilder::u32(std::string_view key, uint32_t value) {
    return entry(key, kTypeU32, ByteWriter().number(value).bytes());
}
GgufBuilder& GgufBuilder::u16(std::string_view key, uint16_t value) {
    return entry(key, 2, ByteWriter().number(value).bytes());
}
GgufBuilder& GgufBuilder::i32(std::string_view key, int32_t value) {
    return entry(key, 5, ByteWriter().number(value).bytes());
}

GgufBuilder& GgufBuilder::tensor(Tensor tensor) {
    m_tensors.push_back(std::move(tensor));
    return *this;
}

std::string GgufBuilder::build() const {
    ByteWriter file;
    file.number(magic)
        .number(version)
        .number(claimedTensors.value_or(m_tensors.size()))
        .number(claimedMetadata.value_or(m_entries.size()));
    for (const std::string& entry : m_entries) file.raw(entry);
    uint64_t offset = 0;
    for (const Tensor& tensor : m_tensors) {
        file.string(tensor.name).number(tensor.rank.value_or(static_cast<uint32_t>(tensor.dimensions.size())));
        for (const uint64_t size : tensor.dimensions) file.number(size);
        file.number(tensor.typeId).number(tensor.offset.value_or(offset));
        offset += (tensor.data.size() + alignment - 1) / alignment * alignment;
    }
    if (!m_tensors.empty()) file.padTo(alignment);
    for (size_t i = 0; i < m_tensors.size(); ++i) {
        file.raw(m_tensors[i].data);
        if (i + 1 < m_tensors.size() || padsLastTensor) file.padTo(alignment);
    }
    return file.bytes();
}

std::string smallGguf() {
    GgufBuilder builder;
    builder.text("general.architecture", "llama").text("general.name", "Small").u32("llama.block_count", 1);
    builder.entry("a.u8", 0, ByteWriter().number<uint8_t>(200).bytes());
    builder.entry("a.i8", 1, ByteWriter().number<int8_t>(-100).bytes());
    builder.u16("a.u16", 60000);
    builder.entry("a.i16", 3, ByteWriter().number<int16_t>(-30000).bytes());
    builder.i32("a.i32", -2000000000);
    builder.entry("a.f32", 6, ByteWriter().number(1.5f).bytes());
    builder.entry("a.bool", 7, ByteWriter().number<uint8_t>(1).bytes());
    builder.entry("a.u64", 10, ByteWriter().number(~uint64_t{0}).bytes());
    builder.entry("a.i64", 11, ByteWriter().number<int64_t>(-5).bytes());
    builder.entry("a.f64", 12, ByteWriter().number(2.25).bytes());
    builder.entry("a.strings", kTypeArray,
                  ByteWriter().number(kTypeString).number<uint64_t>(2).string("one").string("").bytes());
    builder.entry("a.bools", kTypeArray,
                  ByteWriter().number<uint32_t>(7).number<uint64_t>(3).raw(std::string("\0\1\2", 3)).bytes());
    builder.entry("a.floats", kTypeArray,
                  ByteWriter().number<uint32_t>(6).number<uint64_t>(2).number(0.5f).number(-0.5f).bytes());
    builder.tensor(floatTensor("output_norm.weight"));
    builder.tensor({"blk.0.attn_q.weight", {32, 2}, 8, std::string(68, '\2'), {}, {}});
    builder.tensor({"token_embd.weight", {4, 3}, 1, std::string(24, '\3'), {}, {}});
    return builder.build();
}

std::string safetensorsFile(std::string_view headerJson, std::string_view data) {
    return ByteWriter().string(headerJson).raw(data).bytes();
}

std::string smallSafetensors() {
    return safetensorsWith(
        R"({"__metadata__":{"format":"pt"},)"
        R"("model.norm.weight":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},)"
        R"("model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[2,32],"data_offsets":[32,160]},)"
        R"("model.embed_tokens.weight":{"dtype":"F16","shape":[3,4],"data_offsets":[160,184]}}   )",
        184);
}

std::vector<BrokenFile> brokenGgufFiles() {
    std::vector<BrokenFile> all = brokenGgufPreambles();
    for (auto* make : {brokenGgufMetadata, brokenGgufTensors}) {
        for (BrokenFile& file : make()) all.push_back(std::move(file));
    }
    return all;
}

std::vector<BrokenFile> brokenSafetensorsFiles() {
    const auto one = [](std::string_view fields, size_t bytes) {
        return safetensorsWith(fmt::format(R"({{"t":{{{}}}}})", fields), bytes);
    };
    const auto two = [](std::string_view first, std::string_view second, size_t bytes) {
        return safetensorsWith(
            fmt::format(
                R"({{"a":{{"dtype":"F32","shape":[2],"data_offsets":{}}},"b":{{"dtype":"F32","shape":[2],"data_offsets":{}}}}})",
                first, second),
            bytes);
    };
    const std::string f32x2 = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";
    return {
        {"empty", "", "truncated"},
        {"seven-bytes", "1234567", "truncated"},
        {"absurd-header-length", ByteWriter().number(~uint64_t{0}).raw("{}").bytes(), "claims"},
        {"header-past-the-end", ByteWriter().number<uint64_t>(1000).raw("{}").bytes(), "truncated"},
        {"no-header", ByteWriter().number<uint64_t>(0).bytes(), "opening brace"},
        {"header-starts-with-space", safetensorsFile(" {}", ""), "opening brace"},
        {"not-json", safetensorsFile("{\"a\":", ""), "not valid JSON"},
        {"two-documents", safetensorsFile("{}{}", ""), "not valid JSON"},
        {"nested-too-deeply", safetensorsFile(R"({"a":{"x":[[[[[[[[[[1]]]]]]]]]]}})", ""), "nested too deeply"},
        {"header-not-utf8", safetensorsFile("{\"a\xFF\":{}}", ""), "not valid UTF-8"},
        {"duplicate-tensor", safetensorsWith(fmt::format(R"({{"t":{{{0}}},"t":{{{0}}}}})", f32x2), 8), "listed twice"},
        {"duplicate-field", one(R"("dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8])", 8), "twice"},
        {"metadata-not-strings", safetensorsFile(R"({"__metadata__":{"a":1}})", ""), "not a string"},
        {"metadata-not-an-object", safetensorsFile(R"({"__metadata__":[]})", ""), "__metadata__"},
        {"tensor-not-an-object", safetensorsFile(R"({"t":5})", ""), "not described"},
        {"name-empty", safetensorsWith(fmt::format(R"({{"":{{{}}}}})", f32x2), 8), "empty name"},
        {"name-with-nul", safetensorsWith(fmt::format(R"({{"a\u0000b":{{{}}}}})", f32x2), 8), "NUL"},
        {"name-too-long", safetensorsWith(fmt::format(R"({{"{}":{{{}}}}})", std::string(2000, 'n'), f32x2), 8),
         "name of 2000 bytes"},
        {"no-dtype", one(R"("shape":[2],"data_offsets":[0,8])", 8), "no dtype"},
        {"unknown-dtype", one(R"("dtype":"Q4","shape":[2],"data_offsets":[0,8])", 8), "unknown dtype"},
        {"no-shape", one(R"("dtype":"F32","data_offsets":[0,8])", 8), "no shape"},
        {"negative-dimension", one(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])", 8), "dimension"},
        {"fractional-dimension", one(R"("dtype":"F32","shape":[2.5],"data_offsets":[0,8])", 8), "dimension"},
        {"huge-dimension", one(R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8])", 8), "dimension"},
        {"too-many-dimensions",
         one(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])", 4), "dimensions"},
        {"dimension-product-overflows", one(R"("dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8])", 8),
         "overflows"},
        {"byte-size-overflows", one(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8])", 8),
         "overflows"},
        {"half-a-byte", one(R"("dtype":"F4","shape":[3],"data_offsets":[0,1])", 1), "whole number of bytes"},
        {"no-offsets", one(R"("dtype":"F32","shape":[2])", 8), "data_offsets"},
        {"three-offsets", one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])", 8), "data_offsets"},
        {"negative-offset", one(R"("dtype":"F32","shape":[2],"data_offsets":[-8,0])", 8), "data_offsets"},
        {"backwards-offsets", one(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])", 8), "backwards"},
        {"offset-past-the-end", one(R"("dtype":"F32","shape":[2],"data_offsets":[0,80])", 8), "truncated"},
        {"size-does-not-fit-shape", one(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])", 8), "by its shape"},
        {"hole", two("[0,8]", "[16,24]", 24), "hole"},
        {"hole-at-the-start", one(R"("dtype":"F32","shape":[2],"data_offsets":[8,16])", 16), "hole"},
        {"overlap", two("[0,8]", "[4,12]", 12), "overlaps"},
        {"trailing-bytes", one(f32x2, 9), "follow the last tensor"},
    };
}

std::vector<BrokenFile> brokenSafetensorsIndexes() {
    return {
        {"empty", "", "not valid JSON"},
        {"not-json", "{", "not valid JSON"},
        {"not-an-object", "[]", "weight_map"},
        {"no-weight-map", "{}", "weight_map"},
        {"weight-map-not-an-object", R"({"weight_map":[]})", "weight_map"},
        {"no-tensors", R"({"weight_map":{}})", "lists no tensors"},
        {"not-a-file-name", R"({"weight_map":{"t":5}})", "does not map"},
        {"duplicate-tensor", R"({"weight_map":{"t":"a.safetensors","t":"b.safetensors"}})", "twice"},
        {"parent-folder", R"({"weight_map":{"t":"../a.safetensors"}})", "plain name"},
        {"sub-folder", R"({"weight_map":{"t":"x/a.safetensors"}})", "plain name"},
        {"absolute-path", R"({"weight_map":{"t":"/etc/a.safetensors"}})", "plain name"},
        {"windows-path", R"({"weight_map":{"t":"C:\\a.safetensors"}})", "plain name"},
        {"other-extension", R"({"weight_map":{"t":"passwd"}})", "plain name"},
        {"nul-in-file-name", R"({"weight_map":{"t":"a\u0000.safetensors"}})", "plain name"},
        {"not-utf8", "{\"weight_map\":{\"t\xFF\":\"a.safetensors\"}}", "not valid UTF-8"},
        {"missing-shard", R"({"weight_map":{"t":"nowhere.safetensors"}})", "missing"},
    };
}

}  // namespace halftone::test
