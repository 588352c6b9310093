// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/statistics_service.h"

#include <numeric>

#include "app/language/core_text.h"
#include "app/session/message_log.h"
#include "app/session/tensor_queue.h"
#include "core/quant/formats/packed_tensor.h"

namespace halftone::app {

namespace {

const QString kTag = QStringLiteral("statistics");
// A histogram takes some tens of kilobytes; beyond this many tensors they are recomputed when looked at.
constexpr size_t kMostHistograms = 1024;

struct PassSummary {
    double seconds = 0;
};

Result<TensorStats> statsOf(const std::shared_ptr<const Checkpoint>& checkpoint, int tensor,
                            const JobContext& context) {
    const auto& info = checkpoint->tensors()[size_t(tensor)];
    HT_ASSIGN_OR_RETURN(const auto rows, openRows(checkpoint, info));
    // The tensor's own progress is not shown: the job counts bytes of the whole checkpoint.
    const JobContext quiet{context.stop, nullptr, context.pool};
    auto stats = computeTensorStats(*rows, quiet);
    // A pass over a file larger than memory must not push everything else out.
    checkpoint->dropPages(info);
    context.advance(int64_t(info.sizeBytes));
    return stats;
}

}  // namespace

StatisticsService::StatisticsService(JobManager& jobs, MessageLog& messages, QObject* parent)
    : QObject(parent), m_jobs(jobs), m_messages(messages) {}

void StatisticsService::start(std::shared_ptr<const Checkpoint> checkpoint) {
    m_checkpoint = std::move(checkpoint);
    m_readyCount = 0;
    m_entries.assign(m_checkpoint ? m_checkpoint->tensors().size() : 0, Entry{FigureState::Pending, nullptr, {}});
    emit reset();
    if (!m_checkpoint) {
        m_jobs.cancelTag(kTag);
        return;
    }
    QList<int> order(qsizetype(m_entries.size()));
    std::iota(order.begin(), order.end(), 0);
    m_queue = std::make_shared<TensorQueue>(order);
    m_jobs.start<PassSummary>(
        {tr("Statistics of the weights"), JobLane::Statistics, kTag, false, true}, this,
        [this, source = m_checkpoint, queue = m_queue](const JobControl& control) -> Result<PassSummary> {
            const auto& context = control.context();
            context.start("statistics", int64_t(source->totalTensorBytes()), "B");
            while (const auto tensor = queue->take()) {
                HT_TRY(context.checkpoint());
                auto stats = std::make_shared<Result<TensorStats>>(statsOf(source, *tensor, context));
                if (!stats->has_value() && stats->error().code == ErrorCode::kCancelled) break;
                control.post([this, index = *tensor, stats] { store(index, std::move(*stats)); });
            }
            HT_TRY(context.checkpoint());
            return PassSummary{};
        },
        [this](Result<PassSummary> result) {
            if (!result) m_messages.fail([] { return tr("Statistics"); }, result.error());
            emit finished();
        });
}

void StatisticsService::store(int tensor, Result<TensorStats> stats) {
    if (tensor < 0 || size_t(tensor) >= m_entries.size()) return;
    auto& entry = m_entries[size_t(tensor)];
    if (!stats) {
        entry.state = FigureState::Failed;
        entry.problem = errorText(stats.error());
    } else {
        entry.state = FigureState::Ready;
        if (!histogramsKept()) stats->histogram = FloatHistogram(0);
        entry.stats = std::make_shared<const TensorStats>(std::move(*stats));
    }
    ++m_readyCount;
    emit tensorReady(tensor);
}

std::shared_ptr<const TensorStats> StatisticsService::of(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_entries.size() ? m_entries[size_t(tensor)].stats : nullptr;
}

FigureState StatisticsService::state(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_entries.size() ? m_entries[size_t(tensor)].state : FigureState::None;
}

QString StatisticsService::problem(int tensor) const {
    return tensor >= 0 && size_t(tensor) < m_entries.size() ? m_entries[size_t(tensor)].problem : QString();
}

bool StatisticsService::histogramsKept() const {
    return m_entries.size() <= kMostHistograms;
}

void StatisticsService::prioritize(const QList<int>& tensors) {
    if (m_queue) m_queue->prioritize(tensors);
}

}  // namespace halftone::app
