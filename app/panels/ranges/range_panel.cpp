// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/ranges/range_panel.h"

#include <QButtonGroup>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <set>

#include "app/plots/channel_map_data.h"
#include "app/session/session.h"
#include "app/widgets/state_stack.h"
#include "app/widgets/theme.h"

namespace halftone::app {

RangePanel::RangePanel(Session& session, QWidget* parent) : QWidget(parent), m_session(session) {
    setObjectName(QStringLiteral("rangePanel"));
    createLayout();
    connect(&m_session.calibration(), &CalibrationService::changed, this, &RangePanel::refresh);
    connect(&m_session.quantization(), &QuantizationService::tensorsChanged, this, [this] {
        if (m_session.quantization().plan() != m_plan) refresh();
    });
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &RangePanel::refresh);
    connect(&m_session.selection(), &Selection::changed, this, &RangePanel::follow);
    connect(&m_session.selection(), &Selection::channelsChanged, this, &RangePanel::refresh);
    connect(&m_session, &Session::checkpointChanged, this, &RangePanel::refresh);
    connect(&m_session, &Session::modelChanged, this, &RangePanel::refresh);
    connect(m_plot, &RangePlot::probed, this, &RangePanel::probed);
    connect(m_plot, &RangePlot::picked, this, [this](int tensor) { m_session.selection().select({tensor}); });
    refresh();
}

QLayout* RangePanel::createBar(QWidget* content) {
    m_roles = new QComboBox(content);
    m_roles->setObjectName(QStringLiteral("rangeRole"));
    m_roles->setAccessibleName(tr("Layer whose inputs are shown"));
    m_roles->setToolTip(m_roles->accessibleName());
    const auto toggle = [content](const char* name, const QString& text, const QString& tip) {
        auto* button = new QToolButton(content);
        button->setObjectName(QString::fromLatin1(name));
        button->setText(text);
        button->setToolTip(tip);
        button->setCheckable(true);
        return button;
    };
    m_values = toggle("rangeValues", tr("values"), tr("How all values that enter the layer are spread"));
    m_channels = toggle("rangeChannels", tr("channel maxima"),
                        tr("How the largest magnitudes of the input channels are spread, before and after smoothing"));
    m_values->setChecked(true);
    auto* group = new QButtonGroup(this);
    group->addButton(m_values);
    group->addButton(m_channels);
    m_caption = captionLabel(content);
    m_caption->setObjectName(QStringLiteral("rangeCaption"));
    m_caption->setContentsMargins(0, 0, 0, 0);
    m_caption->setTextFormat(Qt::RichText);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(8, 4, 8, 0);
    bar->setSpacing(8);
    bar->addWidget(m_roles);
    bar->addWidget(m_caption, 1);
    bar->addWidget(m_values);
    bar->addWidget(m_channels);
    return bar;
}

void RangePanel::createLayout() {
    auto* content = new QWidget(this);
    auto* bar = createBar(content);
    m_plot = new RangePlot(content);
    m_plot->setMinimumSize(200, 80);
    auto* contentLayout = new QVBoxLayout(content);
    contentLayout->setContentsMargins(0, 0, 0, 0);
    contentLayout->setSpacing(0);
    contentLayout->addLayout(bar);
    contentLayout->addWidget(m_plot, 1);
    m_stack = new StateStack(content, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_stack);
    connect(m_roles, &QComboBox::currentIndexChanged, this, &RangePanel::refresh);
    connect(m_values, &QToolButton::toggled, this, &RangePanel::refresh);
}

void RangePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

/// The roles that have inputs, in the order of the model.
void RangePanel::refreshRoles() {
    QList<TensorRole> roles;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        const auto& info = m_session.tensor(tensor);
        if (info.block >= 0 && m_session.calibration().of(tensor) && !roles.contains(info.role))
            roles.append(info.role);
    }
    QList<int> shown;
    for (int i = 0; i < m_roles->count(); ++i) shown.append(m_roles->itemData(i).toInt());
    const bool isSame = std::equal(roles.begin(), roles.end(), shown.begin(), shown.end(),
                                   [](TensorRole role, int number) { return int(role) == number; });
    if (isSame) return;
    const QSignalBlocker blocker(m_roles);
    m_roles->clear();
    for (const auto role : roles) {
        const auto name = roleName(role);
        m_roles->addItem(QString::fromUtf8(name.data(), qsizetype(name.size())), int(role));
    }
    m_roles->setCurrentIndex(std::max(0, m_roles->findData(int(mostStriking(roles)))));
}

/// The layer whose largest input stands out most from its median channel, in any block.
TensorRole RangePanel::mostStriking(const QList<TensorRole>& roles) const {
    TensorRole best = roles.isEmpty() ? TensorRole::kOther : roles.first();
    double most = 0;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        const auto layer = m_session.calibration().of(tensor);
        if (!layer || !roles.contains(m_session.tensor(tensor).role) || m_session.tensor(tensor).block < 0) continue;
        const auto bands = bandsOf(layer->summary.colAbsMax);
        if (!bands || !(bands->median() > 0) || bands->most() / bands->median() <= most) continue;
        most = bands->most() / bands->median();
        best = m_session.tensor(tensor).role;
    }
    return best;
}

/// Shows the layer of the selected tensor, where it has inputs.
void RangePanel::follow() {
    const int tensor = m_session.selection().current();
    if (tensor < 0 || tensor >= m_session.tensorCount()) return;
    const int place = m_roles->findData(int(m_session.tensor(tensor).role));
    if (place >= 0) m_roles->setCurrentIndex(place);
}

/// The weights' columns are multiplied by the factors of the recipe's plan, and the inputs divided.
std::optional<ValueBands> RangePanel::smoothedBands(int tensor, const std::vector<float>& maxima) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    const bool isScaled = resolved && !resolved->kept &&
                          (resolved->method.id == MethodId::kSmoothQuant || resolved->method.id == MethodId::kAwq);
    if (!m_plan || !isScaled) return std::nullopt;
    const auto& factors = m_plan->scaleOf(resolved->name).columns;
    if (factors.size() != maxima.size()) return std::nullopt;
    std::vector<float> smoothed(maxima.size());
    std::transform(maxima.begin(), maxima.end(), factors.begin(), smoothed.begin(),
                   [](float largest, float factor) { return largest / factor; });
    return bandsOf(smoothed);
}

/// Brushed channels are inputs of layers that read the residual stream.
QList<std::pair<int, double>> RangePanel::litOf(const TensorInfo& info, const std::vector<float>& maxima) const {
    const int64_t width = streamWidth(m_session.checkpoint()->tensors());
    const auto place = streamPlaceOf(info, width);
    QList<std::pair<int, double>> lit;
    if (!place || !readsStream(*place)) return lit;
    for (const int channel : m_session.selection().channels()) {
        if (size_t(channel) < maxima.size() && maxima[size_t(channel)] > 0)
            lit.append({channel, double(maxima[size_t(channel)])});
    }
    return lit;
}

QList<RangeColumn> RangePanel::columnsOf(TensorRole role, bool byChannel) const {
    QList<RangeColumn> columns;
    std::set<int> seen;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        const auto& info = m_session.tensor(tensor);
        const auto layer = m_session.calibration().of(tensor);
        if (info.role != role || info.block < 0 || !layer || !seen.insert(info.block).second) continue;
        RangeColumn column{tensor, QString::fromStdString(info.canonicalName), info.block, {}, std::nullopt};
        const auto& maxima = layer->summary.colAbsMax;
        const auto bands =
            byChannel ? bandsOf(maxima) : bandsOf(layer->summary.histogram, layer->summary.min, layer->summary.max);
        if (!bands) continue;
        column.before = *bands;
        if (byChannel) column.after = smoothedBands(tensor, maxima);
        if (byChannel) column.lit = litOf(info, maxima);
        columns.append(std::move(column));
    }
    std::sort(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.block < b.block; });
    return columns;
}

void RangePanel::refresh() {
    if (!m_session.checkpoint())
        return m_stack->showSentence(tr("Open a checkpoint to see the ranges of its activations."));
    if (!m_session.calibration().hasData()) {
        if (m_session.calibration().isRunning()) return m_stack->showSentence(tr("The calibration text is being run…"));
        const QString why = m_session.modelJobs().whyNot();
        if (!why.isEmpty()) return m_stack->showSentence(why);
        return m_stack->showSentence(tr("The ranges of the activations are known after a calibration run."),
                                     tr("Calibrate"), [this] { emit calibrationWanted(); });
    }
    if (!isVisible()) return;
    m_plan = m_session.quantization().plan();
    refreshRoles();
    if (m_roles->count() == 0) return m_stack->showSentence(tr("No layer of this model is a linear one with inputs."));
    const bool byChannel = m_channels->isChecked();
    const auto columns = columnsOf(TensorRole(m_roles->currentData().toInt()), byChannel);
    const bool isSmoothed =
        std::any_of(columns.begin(), columns.end(), [](const auto& column) { return column.after.has_value(); });
    m_plot->setColumns(columns, byChannel ? tr("|x| max of a channel") : tr("x"), byChannel);
    updateCaption(byChannel, isSmoothed);
    m_stack->showContent();
}

void RangePanel::updateCaption(bool byChannel, bool isSmoothed) {
    const auto theme = themeColors(palette());
    const auto swatch = [](const QColor& color, const QString& text) {
        return QStringLiteral("<span style='color:%1'>■</span> %2").arg(color.name(), text);
    };
    QString text = byChannel && isSmoothed ? swatch(theme.accent, tr("before")) + QStringLiteral("&nbsp;&nbsp;") +
                                                 swatch(theme.second, tr("after smoothing"))
                                           : QString();
    if (!text.isEmpty()) text += QStringLiteral("&nbsp;&nbsp;");
    text += tr("bands: 25–75 %, 1–99 %, 0.1–99.9 %, and the ends");
    const auto& columns = m_plot->columns();
    if (!columns.isEmpty() && !columns.first().lit.isEmpty())
        text += QStringLiteral("&nbsp;&nbsp;● ") + tr("%n selected channels", nullptr, int(columns.first().lit.size()));
    m_caption->setText(text);
}

}  // namespace halftone::app
