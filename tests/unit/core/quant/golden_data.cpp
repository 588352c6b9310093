// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/core/quant/golden_data.h"

#include <cstring>
#include <map>

#include <nlohmann/json.hpp>

#include "tests/support/test_paths.h"

namespace halftone::test {
namespace {

using Json = nlohmann::json;

template <typename T>
std::vector<T> slice(const std::string& bytes, size_t firstElement, size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), bytes.data() + firstElement * sizeof(T), count * sizeof(T));
    return values;
}

bool flag(const Json& object, const char* key) {
    return object.value(key, false);
}

}  // namespace

std::vector<GoldenVector> loadGoldenVectors(const std::filesystem::path& folder) {
    const Json index = Json::parse(readFile(folder / "index.json"));
    const std::string inputs = readFile(folder / index["inputs_file"].get<std::string>());
    std::map<std::string, Json> cases;
    for (const Json& entry : index["cases"]) cases[entry["name"].get<std::string>()] = entry;
    std::vector<GoldenVector> vectors;
    for (const Json& type : index["types"]) {
        const std::string packed = readFile(folder / type["quant_file"].get<std::string>());
        const std::string decoded = readFile(folder / type["dequant_file"].get<std::string>());
        for (const Json& entry : type["vectors"]) {
            const Json& source = cases.at(entry["case"].get<std::string>());
            GoldenVector vector;
            vector.name = type["name"].get<std::string>() + "/" + entry["case"].get<std::string>();
            vector.type = dtypeFromGgml(type["id"].get<int>()).value();
            vector.rows = source["rows"].get<int64_t>();
            vector.cols = source["cols"].get<int64_t>();
            const auto count = static_cast<size_t>(vector.rows * vector.cols);
            vector.values = slice<float>(inputs, source["x_offset"].get<size_t>(), count);
            if (!source["imatrix_offset"].is_null()) {
                vector.importance =
                    slice<float>(inputs, source["imatrix_offset"].get<size_t>(), static_cast<size_t>(vector.cols));
            }
            vector.packed =
                slice<std::byte>(packed, entry["quant_offset"].get<size_t>(), entry["quant_bytes"].get<size_t>());
            vector.decoded = slice<float>(decoded, entry["dequant_offset"].get<size_t>(), count);
            vector.undefinedUpstream = flag(entry, "undefined_upstream");
            vector.failsValidation = flag(entry, "fails_row_validation");
            vectors.push_back(std::move(vector));
        }
    }
    return vectors;
}

}  // namespace halftone::test
