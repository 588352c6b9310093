// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace halftone::app {

class CompareService;

/// Which text is better, asked before it is told whose it is; and what was answered so far.
class VoteBar : public QWidget {
    Q_OBJECT

  public:
    explicit VoteBar(CompareService& compare, QWidget* parent = nullptr);

  private:
    void refresh();
    [[nodiscard]] QString tallyText() const;

    CompareService& m_compare;
    QPushButton *m_left, *m_tie, *m_right;
    QLabel* m_tally;
};

}  // namespace halftone::app
