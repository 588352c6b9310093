// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/plots/token_scale.h"

namespace halftone::app {

/// The colours behind words with the numbers at their ends.
class TokenLegend : public QWidget {
    Q_OBJECT

  public:
    explicit TokenLegend(QWidget* parent = nullptr);
    void setScale(const TokenScale& scale);
    [[nodiscard]] const TokenScale& scale() const { return m_scale; }
    [[nodiscard]] QSize sizeHint() const override { return {190, 22}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {150, 22}; }

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    TokenScale m_scale;
};

}  // namespace halftone::app
