// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/session/compare_service.h"

class QLabel;
class QTextEdit;

namespace halftone::app {

/// One column of generated text; what follows the first difference stands on a tinted ground.
class TextColumn : public QWidget {
    Q_OBJECT

  public:
    explicit TextColumn(const QString& title, QWidget* parent = nullptr);

    void begin(const QString& prompt);
    /// Shows the tokens that are not shown yet. `divergence`: index of the first one that differs, or -1.
    void showColumn(const CompareColumn& column, int divergence);
    void setTitle(const QString& title, bool isStale);
    [[nodiscard]] QString text() const;

  private:
    void append(const QString& text, bool differs);
    void markDivergence();
    [[nodiscard]] QString statusOf(const CompareColumn& column) const;

    QLabel *m_title, *m_status;
    QTextEdit* m_text;
    int m_shown = 0;
    int m_divergence = -1;
    QList<int> m_starts;  ///< position in the text where each token begins
};

}  // namespace halftone::app
