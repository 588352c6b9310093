// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/session/compare_service.h"

class QHBoxLayout;

namespace halftone::app {

class ElidedLabel;
class TokenView;

/// One column of text with its title and figures.
class TextColumn : public QWidget {
    Q_OBJECT

  public:
    explicit TextColumn(QWidget* parent = nullptr);

    void begin(const QString& prompt);
    /// Shows the tokens that are not shown yet, `count` of them at most. `tokenizer` spells those without text; or
    /// null.
    void showColumn(const CompareColumn& column, const Tokenizer* tokenizer, int count);
    /// Figures that would tell whose text this is stay away.
    void setTitle(const QString& title, bool showsFigures);
    [[nodiscard]] TokenView& view() { return *m_view; }
    [[nodiscard]] QString title() const;
    [[nodiscard]] QString text() const;

  protected:
    void resizeEvent(QResizeEvent* event) override;

  private:
    void shareBar();
    [[nodiscard]] QString statusOf(const CompareColumn& column) const;

    ElidedLabel *m_title, *m_status;
    QHBoxLayout* m_bar;
    TokenView* m_view;
};

}  // namespace halftone::app
