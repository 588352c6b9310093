// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/compare_service.h"

#include <algorithm>
#include <thread>

#include "app/session/message_log.h"
#include "app/session/recipe_editor.h"
#include "app/session/turn_taking.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("compare");
}

struct CompareService::Request {
    CompareOptions options;
    EngineRequest engineRequest;
    WeightsRequest weights;
    std::shared_ptr<Engine> engine;
};

struct CompareService::Outcome {
    std::array<Result<GenerateResult>, 2> results{GenerateResult{}, GenerateResult{}};
};

CompareService::CompareService(ModelJobs& modelJobs, QObject* parent) : QObject(parent), m_modelJobs(modelJobs) {
    connect(&m_modelJobs.recipe(), &RecipeEditor::changed, this, &CompareService::stateChanged);
}

void CompareService::reset() {
    m_modelJobs.jobs().cancelTag(kTag);
    m_columns = {};
    m_divergence = -1;
    emit started();
    emit stateChanged();
}

bool CompareService::isRunning() const {
    return m_modelJobs.jobs().hasTag(kTag);
}

void CompareService::stop() {
    m_modelJobs.jobs().cancelTag(kTag);
}

bool CompareService::isStale() const {
    const auto& column = m_columns[Quantized];
    return !column.tokens.isEmpty() && column.weightsKey != m_modelJobs.weightsKey();
}

Result<std::shared_ptr<CompareService::Outcome>> CompareService::generateBoth(
    ModelJobs& modelJobs, Request request, const JobControl& control,
    const std::function<void(Side, const GeneratedToken&)>& onToken) {
    using Shared = std::shared_ptr<Outcome>;
    const auto& context = control.context();
    return request.engine->run<Shared>(request.engineRequest, modelJobs.lostHandler(control), [&]() -> Result<Shared> {
        HT_ASSIGN_OR_RETURN(auto* original, request.engine->original(request.engineRequest, context));
        HT_ASSIGN_OR_RETURN(auto* quantized,
                            request.engine->quantized(request.engineRequest, request.weights, context));
        context.start("generating", 2 * request.options.generate.maxTokens, "tokens");
        auto outcome = std::make_shared<Outcome>();
        TurnTaking turns;
        const JobContext quiet{context.stop, nullptr, context.pool};
        const auto generate = [&](Executable& executable, Side side) {
            turns.await(side);
            outcome->results[side] = generateText(
                executable, request.engineRequest.model->tokenizer, request.options.prompt.toStdString(),
                request.options.generate,
                [&](const GeneratedToken& token) {
                    context.advance(1);
                    onToken(side, token);
                    turns.pass(side);
                },
                quiet);
            turns.leave(side);
        };
        {
            const std::jthread second([&] { generate(*quantized, Quantized); });
            generate(*original, Original);
        }
        for (const auto& result : outcome->results) {
            if (!result && result.error().code == ErrorCode::kDeviceLost) return tl::unexpected(result.error());
        }
        return outcome;
    });
}

void CompareService::start(const CompareOptions& options) {
    if (const QString why = m_modelJobs.whyNot(); !why.isEmpty()) {
        m_modelJobs.messages().warn(why);
        return;
    }
    m_columns = {};
    m_columns[Quantized].weightsKey = m_modelJobs.weightsKey();
    m_divergence = -1;
    m_prompt = options.prompt;
    Request request{options, m_modelJobs.engineRequest(), m_modelJobs.weightsRequest(), m_modelJobs.engine()};
    m_modelJobs.jobs().start<std::shared_ptr<Outcome>>(
        {tr("Generating text"), JobLane::Compute, kTag}, this,
        [this, request](const JobControl& control) {
            return generateBoth(m_modelJobs, request, control,
                                [this, &control](Side side, const GeneratedToken& token) {
                                    control.post([this, side, token] { addToken(side, token); });
                                });
        },
        [this](const Result<std::shared_ptr<Outcome>>& outcome) {
            if (outcome) {
                store(**outcome);
            } else if (outcome.error().code != ErrorCode::kCancelled) {
                for (auto& column : m_columns) column.problem = QString::fromStdString(outcome.error().message);
                m_modelJobs.messages().fail(tr("Generation"), outcome.error());
            }
            emit stateChanged();
        });
    emit started();
    emit stateChanged();
}

void CompareService::addToken(Side side, const GeneratedToken& token) {
    m_columns[side].tokens.append(token);
    const auto& first = m_columns[Original].tokens;
    const auto& second = m_columns[Quantized].tokens;
    const int at = int(m_columns[side].tokens.size()) - 1;
    if (m_divergence < 0 && at < first.size() && at < second.size() && first[at].id != second[at].id) m_divergence = at;
    emit tokenAdded(side);
}

void CompareService::store(const Outcome& outcome) {
    for (const Side side : {Original, Quantized}) {
        auto& column = m_columns[side];
        const auto& result = outcome.results[side];
        column.finished = true;
        if (!result) {
            if (result.error().code == ErrorCode::kCancelled) continue;
            column.problem = QString::fromStdString(result.error().message);
            m_modelJobs.messages().fail(tr("Generation"), result.error());
            continue;
        }
        column.reason = result->reason;
        column.promptSeconds = result->promptSeconds;
        column.generateSeconds = result->generateSeconds;
        column.promptTokens = int64_t(result->promptIds.size());
    }
}

}  // namespace halftone::app
