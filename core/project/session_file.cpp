// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/session_file.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/text_file.h"

namespace halftone {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::string_view kMagic = "halftone-session";
constexpr int64_t kMaxSessionBytes = 64 << 20;
constexpr size_t kMaxRuns = 100000;
constexpr size_t kMaxPrompts = 10000;
constexpr size_t kMaxLocked = 1 << 20;

struct OptionalField {
    const char* key;
    std::optional<double> RecordedRun::*member;
};
constexpr std::array<OptionalField, 8> kOptionalFields{{{"kld_mean", &RecordedRun::kldMean},
                                                        {"kld_stderr", &RecordedRun::kldError},
                                                        {"kld_p99", &RecordedRun::kldP99},
                                                        {"kld_max", &RecordedRun::kldMax},
                                                        {"bleu", &RecordedRun::bleu},
                                                        {"rouge_l", &RecordedRun::rougeL},
                                                        {"tokens_per_second", &RecordedRun::tokensPerSecond},
                                                        {"top1_agreement", &RecordedRun::top1Agreement}}};

Json runToJson(const RecordedRun& run) {
    Json json{{"recipe", run.recipeText},
              {"protocol", run.protocol},
              {"text", run.textPath},
              {"bytes", run.bytes},
              {"bits_per_weight", run.bitsPerWeight},
              {"perplexity", run.perplexity},
              {"perplexity_stderr", run.perplexityError},
              {"device", run.device},
              {"seconds", run.seconds},
              {"when", run.when},
              {"weights", run.weights}};
    for (const OptionalField& field : kOptionalFields) {
        if (run.*field.member) json[field.key] = *(run.*field.member);
    }
    return json;
}

/// Typed look-ups in one object; a value of another type counts as missing.
class JsonReader {
  public:
    explicit JsonReader(const Json& object) : m_object(object) {}

    [[nodiscard]] std::string string(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_string() ? found->get<std::string>() : std::string();
    }
    [[nodiscard]] std::optional<double> number(const char* key) const {
        const auto found = m_object.find(key);
        if (found == m_object.end() || !found->is_number()) return std::nullopt;
        return found->get<double>();
    }
    [[nodiscard]] int64_t integer(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_number_integer() ? found->get<int64_t>() : 0;
    }
    [[nodiscard]] const Json* object(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_object() ? &*found : nullptr;
    }
    /// The strings of an array, `limit` of them at most.
    [[nodiscard]] std::vector<std::string> strings(const char* key, size_t limit) const {
        std::vector<std::string> out;
        const Json* list = array(key);
        if (!list) return out;
        for (const Json& entry : *list) {
            if (entry.is_string() && out.size() < limit) out.push_back(entry.get<std::string>());
        }
        return out;
    }
    [[nodiscard]] const Json* array(const char* key) const {
        const auto found = m_object.find(key);
        return found != m_object.end() && found->is_array() ? &*found : nullptr;
    }

  private:
    const Json& m_object;
};

RecordedRun runFromJson(const Json& json) {
    const JsonReader reader(json);
    RecordedRun run;
    run.recipeText = reader.string("recipe");
    run.protocol = reader.string("protocol");
    run.textPath = reader.string("text");
    run.bytes = reader.integer("bytes");
    run.bitsPerWeight = reader.number("bits_per_weight").value_or(0);
    run.perplexity = reader.number("perplexity").value_or(0);
    run.perplexityError = reader.number("perplexity_stderr").value_or(0);
    run.device = reader.string("device");
    run.seconds = reader.number("seconds").value_or(0);
    run.when = reader.string("when");
    run.weights = reader.string("weights");
    for (const OptionalField& field : kOptionalFields) run.*field.member = reader.number(field.key);
    return run;
}

/// What no window could be cut with is no calibration.
std::optional<RecordedCalibration> calibrationFromJson(const Json& json) {
    const JsonReader reader(json);
    RecordedCalibration calibration{reader.string("text"), reader.integer("context"), reader.integer("tokens"), true};
    if (calibration.text.empty() || calibration.contextLength <= 0 || calibration.maxTokens <= 0) return std::nullopt;
    const auto used = json.find("used");
    calibration.isUsed = used == json.end() || !used->is_boolean() || used->get<bool>();
    return calibration;
}

Result<Json> parseSession(const std::string& text, const fs::path& path) {
    Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object() || !json.contains(kMagic) ||
        !json[std::string(kMagic)].is_number_integer()) {
        return makeError(ErrorCode::kInvalidData, fmt::format("{} is not a saved session.", path.string()));
    }
    const auto version = json[std::string(kMagic)].get<int64_t>();
    if (version > SessionFile::kVersion) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format(
                "{} was saved by a newer version of this program (session version {}, this program reads up to {}).",
                path.string(), version, SessionFile::kVersion));
    }
    return json;
}

void readLists(const JsonReader& reader, SessionFile& session) {
    session.prompts = reader.strings("prompts", kMaxPrompts);
    session.lockedTensors = reader.strings("locked_tensors", kMaxLocked);
    if (const Json* votes = reader.object("votes")) {
        const JsonReader counts(*votes);
        // A count below zero can only come from an edited file.
        const auto count = [&](const char* key) { return std::max<int64_t>(0, counts.integer(key)); };
        session.votes = {.original = count("original"), .recipe = count("recipe"), .ties = count("ties")};
    }
    if (const Json* runs = reader.array("runs")) {
        for (const Json& run : *runs) {
            if (run.is_object() && session.runs.size() < kMaxRuns) session.runs.push_back(runFromJson(run));
        }
    }
}

}  // namespace

Status SessionFile::save(const fs::path& path) const {
    Json json{{kMagic, kVersion},
              {"checkpoint", checkpoint.string()},
              {"fingerprint", fingerprint},
              {"recipe", recipe.toText()},
              {"locked_tensors", lockedTensors},
              {"evaluation_text", evaluationText.string()},
              {"calibration_text", calibrationText.string()},
              {"protocol", protocol},
              {"prompts", prompts},
              {"cache", cacheFormat},
              {"activations", activationFormat},
              {"votes", {{"original", votes.original}, {"recipe", votes.recipe}, {"ties", votes.ties}}},
              {"runs", Json::array()},
              {"ui_state", uiState}};
    if (target) json["target"] = *target;
    if (calibration) {
        json["calibration"] = {{"text", calibration->text.string()},
                               {"context", calibration->contextLength},
                               {"tokens", calibration->maxTokens},
                               {"used", calibration->isUsed}};
    }
    for (const RecordedRun& run : runs) json["runs"].push_back(runToJson(run));
    // Paths may hold bytes that are not UTF-8; they are replaced rather than losing the session.
    return writeFileAtomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<SessionFile> SessionFile::load(const fs::path& path) {
    HT_ASSIGN_OR_RETURN(const std::string text, readTextFile(path, kMaxSessionBytes));
    HT_ASSIGN_OR_RETURN(const Json json, parseSession(text, path));
    const JsonReader reader(json);
    SessionFile session;
    session.checkpoint = reader.string("checkpoint");
    session.fingerprint = reader.string("fingerprint");
    const auto recipe = Recipe::parse(reader.string("recipe"));
    if (!recipe) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The recipe in {} is broken: {}", path.string(), recipe.error().message));
    }
    session.recipe = *recipe;
    session.evaluationText = reader.string("evaluation_text");
    session.calibrationText = reader.string("calibration_text");
    session.protocol = reader.string("protocol");
    session.uiState = reader.string("ui_state");
    if (json.contains("target")) session.target = reader.string("target");
    session.cacheFormat = reader.string("cache");
    session.activationFormat = reader.string("activations");
    if (const Json* calibration = reader.object("calibration")) session.calibration = calibrationFromJson(*calibration);
    readLists(reader, session);
    return session;
}

}  // namespace halftone
