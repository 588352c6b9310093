// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "core/inference/generate.h"

class QDoubleSpinBox;
class QSpinBox;

namespace halftone::app {

/// How the next token is drawn, and how many.
class SamplingBar : public QWidget {
    Q_OBJECT

  public:
    explicit SamplingBar(QWidget* parent = nullptr);
    [[nodiscard]] GenerateOptions options() const;
    void setSeed(uint64_t seed);

  private:
    QDoubleSpinBox *m_temperature, *m_topP, *m_minP, *m_repeat;
    QSpinBox *m_topK, *m_seed, *m_length;
};

}  // namespace halftone::app
