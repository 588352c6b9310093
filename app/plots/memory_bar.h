// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>
#include <QWidget>

#include "app/session/memory_service.h"

namespace halftone::app {

/// Weights, cache and scratch as one bar, with a line where each limit stands. The bar is as wide as what is taken or
/// the least limit that holds it; limits beyond stand at its end with an arrow.
class MemoryBar : public QWidget {
    Q_OBJECT

  public:
    explicit MemoryBar(QWidget* parent = nullptr);
    void setData(const MemoryEstimate& estimate, const QList<MemoryLimit>& limits);
    /// Bytes that the full width stands for.
    [[nodiscard]] int64_t span() const;
    [[nodiscard]] QString csv() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

  protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    struct Part {
        QString name;
        int64_t bytes = 0;
        QColor color;
    };
    [[nodiscard]] QList<Part> parts() const;
    [[nodiscard]] QRect barRect() const;
    void drawLimits(QPainter& painter) const;
    void drawLegend(QPainter& painter) const;

    MemoryEstimate m_estimate;
    QList<MemoryLimit> m_limits;
};

}  // namespace halftone::app
