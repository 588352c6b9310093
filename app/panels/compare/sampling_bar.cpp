// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/sampling_bar.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QSpinBox>

namespace halftone::app {

namespace {

/// What all fields share; the name stands in the field itself.
template <typename Spin>
Spin* withName(Spin* spin, const QString& name, const QString& tip) {
    spin->setPrefix(name + ' ');
    spin->setToolTip(tip);
    spin->setAccessibleName(name);
    return spin;
}

QDoubleSpinBox* realSpin(QWidget* parent, double high, double value) {
    auto* spin = new QDoubleSpinBox(parent);
    spin->setRange(0, high);
    spin->setSingleStep(0.05);
    spin->setDecimals(2);
    spin->setValue(value);
    return spin;
}

QSpinBox* wholeSpin(QWidget* parent, int high, int value) {
    auto* spin = new QSpinBox(parent);
    spin->setRange(0, high);
    spin->setValue(value);
    return spin;
}

}  // namespace

SamplingBar::SamplingBar(QWidget* parent)
    : QWidget(parent),
      m_temperature(
          withName(realSpin(this, 5, 0.7), tr("temp"), tr("Temperature; 0 takes the most likely token always"))),
      m_topP(withName(realSpin(this, 1, 1), tr("top-p"),
                      tr("Keeps the most likely tokens that together have this probability; 1 is off"))),
      m_minP(withName(realSpin(this, 1, 0), tr("min-p"),
                      tr("Drops tokens less likely than this share of the most likely one; 0 is off"))),
      m_repeat(withName(realSpin(this, 5, 1.1), tr("repeat"), tr("Penalty on tokens of the last 64; 1 is off"))),
      m_topK(withName(wholeSpin(this, 1000, 0), tr("top-k"), tr("Keeps the k most likely tokens; 0 is off"))),
      m_seed(withName(wholeSpin(this, 2'000'000'000, 1), tr("seed"),
                      tr("The same seed gives the same text on every machine; a blind comparison takes the next one "
                         "whose texts have not been shown with their names"))),
      m_length(withName(wholeSpin(this, 100'000, 128), tr("length"), tr("At most so many tokens"))) {
    m_length->setMinimum(1);
    m_seed->setObjectName(QStringLiteral("samplingSeed"));
    m_temperature->setObjectName(QStringLiteral("samplingTemperature"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(4);
    QWidget* before = nullptr;
    for (QWidget* widget :
         std::initializer_list<QWidget*>{m_temperature, m_topK, m_topP, m_minP, m_repeat, m_seed, m_length}) {
        layout->addWidget(widget);
        if (before) setTabOrder(before, widget);
        before = widget;
    }
}

GenerateOptions SamplingBar::options() const {
    GenerateOptions options;
    options.maxTokens = m_length->value();
    auto& sampling = options.sampling;
    sampling.temperature = m_temperature->value();
    sampling.topK = m_topK->value();
    sampling.topP = m_topP->value();
    sampling.minP = m_minP->value();
    sampling.repeatPenalty = m_repeat->value();
    sampling.seed = uint64_t(m_seed->value());
    return options;
}

void SamplingBar::setSeed(uint64_t seed) {
    m_seed->setValue(int(seed));
}

}  // namespace halftone::app
