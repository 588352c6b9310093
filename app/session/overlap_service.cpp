// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/overlap_service.h"

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "core/tokenizer/chat_template.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("overlap");
}

struct OverlapService::Request {
    std::vector<std::string> prompts;
    GenerateOptions generate;
    EngineRequest engineRequest;
    WeightsRequest weights;
    std::shared_ptr<Engine> engine;
};

OverlapService::OverlapService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {}

bool OverlapService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

void OverlapService::stop() {
    m_modelJobs.jobs().cancelTag(kTag);
}

/// What the models read; nothing after a warning where the chat template is not known.
std::vector<std::string> OverlapService::promptsFor(const OverlapOptions& options) {
    const auto& model = *m_modelJobs.model();
    std::vector<std::string> prompts;
    for (const auto& prompt : options.prompts) {
        if (prompt.trimmed().isEmpty()) continue;
        prompts.push_back(prompt.toStdString());
        if (!options.chatTemplate || !model.chatTemplate) continue;
        auto rendered = model.chatTemplate->render(prompts.back(), *model.tokenizer);
        if (!rendered) {
            m_modelJobs.messages().warn([error = rendered.error()] { return errorText(error); });
            return {};
        }
        prompts.back() = std::move(*rendered);
    }
    return prompts;
}

Result<TextOverlap> OverlapService::measure(ModelJobs& modelJobs, Request request, const JobControl& control) {
    const auto& context = control.context();
    return request.engine->run<TextOverlap>(
        request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<TextOverlap> {
            HT_ASSIGN_OR_RETURN(auto* original, request.engine->original(request.engineRequest, context));
            HT_ASSIGN_OR_RETURN(auto* quantized,
                                request.engine->quantized(request.engineRequest, request.weights, context));
            const auto& tokenizer = request.engineRequest.model->tokenizer;
            const JobContext quiet{context.stop, nullptr, context.pool};
            context.start("generating", 2 * int64_t(request.prompts.size()) * request.generate.maxTokens, "tokens");
            const auto written = [&](Executable& model, const std::string& prompt) -> Result<std::vector<TokenId>> {
                HT_ASSIGN_OR_RETURN(const auto text, generateText(
                                                         model, tokenizer, prompt, request.generate,
                                                         [&](const GeneratedToken&) { context.advance(1); }, quiet));
                std::vector<TokenId> ids;
                for (const auto& token : text.tokens) ids.push_back(token.id);
                return ids;
            };
            TextOverlap overlap;
            for (const auto& prompt : request.prompts) {
                HT_ASSIGN_OR_RETURN(const auto reference, written(*original, prompt));
                HT_ASSIGN_OR_RETURN(const auto candidate, written(*quantized, prompt));
                HT_TRY(context.checkpoint());
                overlap.add(reference, candidate);
            }
            return overlap;
        });
}

void OverlapService::start(const OverlapOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) return m_modelJobs.messages().warn(why);
    Request request{promptsFor(options), options.generate, m_modelJobs.engineRequest(), m_modelJobs.weightsRequest(),
                    m_modelJobs.engine()};
    if (request.prompts.empty()) return;
    const quint64 key = request.weights.key;
    stop();
    m_modelJobs.jobs().start<TextOverlap>(
        {tr("Overlap of texts"), JobLane::Compute, kTag}, this,
        [this, request = std::move(request)](const JobControl& control) {
            return measure(m_modelJobs, request, control);
        },
        [this, key](const Result<TextOverlap>& overlap) {
            if (overlap) {
                emit measured(key, *overlap);
            } else if (overlap.error().code != ErrorCode::kCancelled) {
                m_modelJobs.messages().fail([] { return tr("Overlap of texts"); }, overlap.error());
            }
        });
}

}  // namespace halftone::app
