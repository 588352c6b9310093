// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/distribution/distribution_panel.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include "app/language/core_text.h"
#include "app/models/tensor_table_model.h"
#include "app/plots/channel_map_data.h"
#include "app/plots/channel_values.h"
#include "app/plots/distribution_plot.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {
const QString kTag = QStringLiteral("distribution");
const QString kLitTag = QStringLiteral("distribution-channels");
const QString kRangeTag = QStringLiteral("distribution-range");
constexpr size_t kMostLit = 32, kMostNamed = 6;
}  // namespace

DistributionPanel::DistributionPanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("distributionPanel"));
    createToggles();
    createLayout();
    connect(&m_session.selection(), &Selection::changed, this, &DistributionPanel::refresh);
    connect(&m_session, &Session::tensorsChanged, this, &DistributionPanel::refreshIfShown);
    connect(&m_session.selection(), &Selection::channelsChanged, this, &DistributionPanel::lightUp);
    connect(m_plot, &DistributionPlot::rangeChanged, this, &DistributionPanel::updateCaption);
    connect(m_plot, &DistributionPlot::rangeChosen, this, &DistributionPanel::traceRange);
    connect(m_plot, &DistributionPlot::probed, this, &DistributionPanel::probed);
    refresh();
}

void DistributionPanel::createToggles() {
    const auto toggle = [this](const QString& text, const QString& tip, bool checked) {
        auto* button = new QToolButton(this);
        button->setText(text);
        button->setToolTip(tip);
        button->setCheckable(true);
        button->setChecked(checked);
        return button;
    };
    m_weights = toggle(tr("weights"), tr("The tensor's own numbers"), true);
    m_activations = toggle(tr("activations"), tr("What enters the layer on the calibration text"), false);
    m_logCounts = toggle(tr("log y"), tr("Counts on a logarithmic axis"), true);
    m_logCounts->setObjectName(QStringLiteral("logCounts"));
    m_logValues = toggle(tr("log x"),
                         tr("Values on a symmetric logarithmic axis, which is linear around 0: centre and outliers of "
                            "both signs at once"),
                         false);
    m_logValues->setObjectName(QStringLiteral("logValues"));
    m_fullRange = toggle(tr("full range"),
                         tr("From the smallest to the largest value, as on a logarithmic axis; otherwise the middle "
                            "99.98 %"),
                         false);
    m_fullRange->setObjectName(QStringLiteral("fullRange"));
    auto* group = new QButtonGroup(this);
    group->addButton(m_weights);
    group->addButton(m_activations);
    connect(m_activations, &QToolButton::toggled, this, [this] {
        m_shownTensor = -1;
        refresh();
    });
}

void DistributionPanel::createLayout() {
    m_title = new QLabel(this);
    m_caption = mutedLabel({}, this);
    m_caption->setTextFormat(Qt::RichText);
    auto* content = new QWidget(this);
    m_plot = new DistributionPlot(content);
    auto* plotLayout = new QVBoxLayout(content);
    plotLayout->setContentsMargins(0, 0, 0, 0);
    plotLayout->setSpacing(0);
    plotLayout->addWidget(m_plot, 1);
    m_stack = new StateStack(content, this);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 0);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    bar->addWidget(m_title, 1);
    for (auto* button : {m_weights, m_activations, m_logCounts, m_logValues, m_fullRange}) bar->addWidget(button);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(bar);
    layout->addWidget(m_stack, 1);
    m_caption->setContentsMargins(8, 0, 8, 4);
    layout->addWidget(m_caption);
    connect(m_logCounts, &QToolButton::toggled, m_plot, &DistributionPlot::setLogCounts);
    connect(m_logValues, &QToolButton::toggled, m_plot, &DistributionPlot::setLogValues);
    connect(m_logValues, &QToolButton::toggled, m_fullRange, &QWidget::setDisabled);
    connect(m_fullRange, &QToolButton::toggled, m_plot, &DistributionPlot::setFullRange);
}

QString DistributionPanel::titleOf(int tensor) const {
    const auto& info = m_session.tensor(tensor);
    return QStringLiteral("<b>%1</b>  %2")
        .arg(QString::fromStdString(info.canonicalName).toHtmlEscaped(), shapeText(info.shape));
}

void DistributionPanel::refreshIfShown(const QList<int>& tensors) {
    const int current = m_session.selection().current();
    if (current < 0 || (!tensors.isEmpty() && !tensors.contains(current))) return;
    refresh();
}

void DistributionPanel::refresh() {
    const int tensor = m_session.selection().current();
    if (tensor < 0 || tensor >= m_session.tensorCount()) {
        m_shownTensor = -1;
        m_data.reset();
        lightUp();
        m_title->clear();
        m_caption->clear();
        m_stack->showSentence(tr("Select a tensor in the table or the matrix to see the distribution of its weights."));
        return;
    }
    if (m_activations->isChecked()) {
        showActivations(tensor);
    } else {
        showWeights(tensor);
    }
}

void DistributionPanel::showActivations(int tensor) {
    m_session.jobs().cancelTag(kTag);
    m_title->setText(titleOf(tensor));
    m_shownTensor = -1;
    if (!m_session.calibration().hasData()) {
        m_data.reset();
        m_caption->clear();
        m_stack->showSentence(tr("Activations are known after a calibration run: see the Calibration panel."));
        return;
    }
    const auto layer = m_session.calibration().of(tensor);
    if (!layer) {
        m_data.reset();
        m_caption->clear();
        m_stack->showSentence(tr("Nothing is multiplied by this tensor in a linear layer, so it has no activations."));
        return;
    }
    auto distribution = std::make_shared<DistributionData>();
    distribution->stats = std::make_shared<const TensorStats>(layer->summary);
    showData(std::move(distribution));
}

void DistributionPanel::showWeights(int tensor) {
    DistributionRequest request{m_session.checkpoint(), tensor, m_session.statistics().of(tensor), std::nullopt,
                                m_session.quantization().plan()};
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (resolved && resolved->quantizable && !resolved->kept) request.target = *resolved;
    // Another checkpoint may have a tensor of the same number.
    if (m_shownCheckpoint.lock() != request.checkpoint) {
        m_shownTensor = -1;
        m_data.reset();
    }
    m_shownCheckpoint = request.checkpoint;
    const bool hasStatistics = request.stats != nullptr;
    const auto roundedBy = request.target ? std::pair(request.target->format, request.target->method)
                                          : std::pair(Format(), MethodChoice());
    if (tensor == m_shownTensor && request.target.has_value() == m_hadTarget && roundedBy == m_roundedBy &&
        request.plan == m_plan && (hasStatistics == m_hadStatistics || m_data))
        return;
    m_title->setText(titleOf(tensor));
    m_shownTensor = tensor;
    m_hadTarget = request.target.has_value();
    m_roundedBy = roundedBy;
    m_plan = request.plan;
    m_hadStatistics = hasStatistics;
    if (hasStatistics && !request.stats->histogram.empty()) {
        // The original is there at once; the quantized line follows when it is computed.
        auto distribution = std::make_shared<DistributionData>();
        distribution->stats = request.stats;
        showData(std::move(distribution));
        if (!request.target) return;
    } else if (!m_data) {
        m_stack->showSentence(tr("Reading the tensor…"));
    }
    using Shared = std::shared_ptr<const DistributionData>;
    m_session.jobs().start<Shared>(
        {tr("Distribution"), JobLane::Plots, kTag, true}, this,
        [request](const JobControl& control) { return computeDistribution(request, control.context()); },
        [this](const Result<Shared>& distribution) {
            if (distribution) {
                showData(*distribution);
            } else if (distribution.error().code != ErrorCode::kCancelled) {
                m_data.reset();
                m_caption->clear();
                m_stack->showSentence(errorText(distribution.error()));
            }
        });
}

void DistributionPanel::showData(std::shared_ptr<const DistributionData> distribution) {
    // The quantized line that follows the original belongs to the same tensor.
    if (!m_data || m_data->stats != distribution->stats) forgetRange();
    m_data = std::move(distribution);
    m_plot->setChoosesRanges(!m_activations->isChecked());
    m_stack->showContent();
    m_plot->setData(m_data);
    lightUp();
    updateCaption();
}

/// What of the histogram comes from the channels that are brushed. Of activations only their maxima are known.
void DistributionPanel::lightUp() {
    const auto& checkpoint = m_session.checkpoint();
    const int tensor = m_data && !m_activations->isChecked() ? m_shownTensor : -1;
    ChannelValuesRequest request{checkpoint, tensor, m_session.selection().channels(), 0};
    if (checkpoint) request.streamWidth = streamWidth(checkpoint->tensors());
    const bool meets = checkpoint && tensor >= 0 && streamPlaceOf(m_session.tensor(tensor), request.streamWidth);
    const std::pair wanted(tensor, meets ? request.channels : QList<int>());
    if (wanted == m_lit) return;
    m_lit = wanted;
    m_session.jobs().cancelTag(kLitTag);
    m_plot->setLit(nullptr);
    if (wanted.second.isEmpty()) return updateCaption();
    using Shared = std::shared_ptr<const FloatHistogram>;
    m_session.jobs().start<Shared>(
        {tr("Values of channels"), JobLane::Plots, kLitTag, true}, this,
        [request](const JobControl& control) { return valuesOfChannels(request, control.context()); },
        [this, wanted](const Result<Shared>& values) {
            if (!values || wanted != m_lit) return;
            m_plot->setLit(*values);
            updateCaption();
        });
}

/// Which channels the values of a range stand in: those with most of them are lit everywhere. Of activations only the
/// maxima of channels are known.
void DistributionPanel::traceRange(std::optional<DraggedRange> range) {
    m_session.jobs().cancelTag(kRangeTag);
    const auto& checkpoint = m_session.checkpoint();
    m_range = checkpoint && m_shownTensor >= 0 && !m_activations->isChecked() ? range : std::nullopt;
    m_rangeChannels.reset();
    updateCaption();
    if (!m_range) return;
    const ChannelsOfRangeRequest request{checkpoint, m_shownTensor, *m_range, streamWidth(checkpoint->tensors())};
    m_session.jobs().start<ChannelsOfRange>(
        {tr("Channels of a range"), JobLane::Plots, kRangeTag, true}, this,
        [request](const JobControl& control) { return channelsOfRange(request, control.context()); },
        [this, request](const Result<ChannelsOfRange>& found) {
            if (found && m_range == request.range && m_shownTensor == request.tensor) showChannels(*found);
        });
}

void DistributionPanel::showChannels(const ChannelsOfRange& found) {
    m_rangeChannels = found;
    if (found.areOfStream) {
        QList<int> channels;
        for (size_t i = 0; i < std::min(found.byCount.size(), kMostLit); ++i) channels.append(found.byCount[i].first);
        std::ranges::sort(channels);
        m_session.selection().selectChannels(channels);
    }
    updateCaption();
}

void DistributionPanel::forgetRange() {
    m_session.jobs().cancelTag(kRangeTag);
    m_range.reset();
    m_rangeChannels.reset();
    m_plot->markRange(std::nullopt);
}

QString DistributionPanel::rangeText() const {
    const QString range = tr("%1 to %2").arg(numberText(m_range->low), numberText(m_range->high));
    if (!m_rangeChannels) return range;
    const auto& found = *m_rangeChannels;
    const QString of = found.areOutputs ? tr("%1 of %2 outputs") : tr("%1 of %2 inputs");
    QStringList named;
    for (size_t i = 0; i < std::min(found.byCount.size(), kMostNamed); ++i)
        named << QStringLiteral("%1 (%2)").arg(found.byCount[i].first).arg(countText(found.byCount[i].second));
    if (found.byCount.size() > kMostNamed) named << QStringLiteral("…");
    return tr("%1: %2 values, from %3: %4")
        .arg(range, countText(found.values),
             of.arg(countText(int64_t(found.byCount.size())), countText(found.channels)),
             named.isEmpty() ? noValue() : named.join(QStringLiteral(", ")));
}

/// How many values groups cut off, and between which bounds. Empty where nothing is.
QString DistributionPanel::clippingText() const {
    const auto& clipping = m_data->clipping;
    if (!m_data->format || clipping.values() == 0) return {};
    QStringList bounds;
    for (const auto* end : {&clipping.low, &clipping.high}) {
        if (end->values == 0) continue;
        const QString least = numberText(double(end->least)), most = numberText(double(end->most));
        bounds << (least == most ? least : tr("%1 to %2").arg(least, most));
    }
    const QString count = countText(clipping.values());
    const QString share = percentText(double(clipping.values()) / double(m_data->distortion.count));
    return bounds.size() == 1 ? tr("clipped %1 (%2) at %3").arg(count, share, bounds[0])
                              : tr("clipped %1 (%2) at %3 and %4").arg(count, share, bounds[0], bounds[1]);
}

void DistributionPanel::updateCaption() {
    if (!m_data) return;
    const auto colors = themeColors(palette());
    QString legend = QStringLiteral("<span style='color:%1'>■</span> %2")
                         .arg(colors.accent.name(), m_activations->isChecked() ? tr("activations") : tr("original"));
    if (m_data->format) {
        legend +=
            QStringLiteral("&nbsp;&nbsp;<span style='color:%1'>■</span> %2")
                .arg(colors.second.name(), tr("after %1").arg(QString::fromStdString(m_data->format->displayName())));
    }
    if (m_plot->lit())
        legend += QStringLiteral("&nbsp;&nbsp;<span style='color:%1'>▒</span> %2")
                      .arg(colors.second.name(), tr("%n selected channels", nullptr, int(m_lit.second.size())));
    if (m_range) {
        m_caption->setText(legend + QStringLiteral("&nbsp;&nbsp; ") + rangeText());
        return;
    }
    const auto& stats = *m_data->stats;
    QStringList parts;
    parts << tr("σ %1").arg(numberText(stats.standardDeviation)) << tr("kurtosis %1").arg(numberText(stats.kurtosis))
          << tr("min %1 · max %2 · |x| up to %3 σ")
                 .arg(numberText(stats.min), numberText(stats.max), numberText(stats.maxOverSigma()))
          << tr("outside: %1").arg(m_plot->outsideText());
    if (stats.nonFiniteCount > 0) parts << tr("%1 not finite").arg(countText(stats.nonFiniteCount));
    if (m_data->format)
        parts << tr("error %1 · SQNR %2 dB")
                     .arg(numberText(m_data->distortion.relativeMse()), fixedText(m_data->distortion.sqnrDb(), 1));
    if (const QString clipped = clippingText(); !clipped.isEmpty()) parts << clipped;
    if (m_data->worst) {
        const auto& worst = *m_data->worst;
        parts << tr("worst group: row %1, columns %2–%3, error %4, %n levels", nullptr, int(worst.levels.size()))
                     .arg(worst.row)
                     .arg(worst.firstColumn)
                     .arg(worst.firstColumn + worst.columns - 1)
                     .arg(numberText(worst.relativeError));
    }
    m_caption->setText(legend + QStringLiteral("&nbsp;&nbsp; ") + parts.join(QStringLiteral(" · ")));
}

}  // namespace halftone::app
