// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <vector>

#include "app/plots/token_scale.h"

namespace halftone::app {

/// A whole text as a strip, from the first token at the left to the last at the right: every column of pixels has the
/// colour of the strongest value below it. A frame shows what the page beside it holds; a click goes there.
class HeatStrip : public QWidget {
    Q_OBJECT

  public:
    explicit HeatStrip(QWidget* parent = nullptr);

    void setValues(std::vector<float> values, const TokenScale& scale);
    /// Tokens that are shown in full elsewhere: [first, last).
    void setPage(int first, int last);
    /// -1: none.
    void setCurrent(int token);
    /// The strongest token of the column at `x`; -1: there is none.
    [[nodiscard]] int tokenAt(int x) const;
    /// The value of each token.
    [[nodiscard]] QString csv() const;
    [[nodiscard]] QSize sizeHint() const override { return {400, 36}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {120, 36}; }

  signals:
    void tokenClicked(int token);
    void tokenHovered(int token);

  protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    void gather();
    [[nodiscard]] QRect bar() const;
    [[nodiscard]] int xOf(int token) const;

    std::vector<float> m_values;
    TokenScale m_scale;
    std::vector<int> m_strongest;  ///< token of each column of pixels
    int m_pageFirst = 0, m_pageLast = 0, m_current = -1;
};

}  // namespace halftone::app
