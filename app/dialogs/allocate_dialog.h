// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include "app/session/allocation_service.h"

class QDoubleSpinBox;
class QLabel;
class QListWidget;
class QPushButton;

namespace halftone::app {

class Session;

/// Asks how large the recipe may be and which formats it may use; measures once, and from then on shows at every size
/// what is to be expected. It can stay open while everything else goes on.
class AllocateDialog : public QDialog {
    Q_OBJECT

  public:
    AllocateDialog(Session& session, EvaluationOptions measurement, QWidget* parent = nullptr);

  signals:
    /// The recipe in work is the allocated one now.
    void taken();

  private:
    void createFields();
    void createLayout();
    void tickLegal();
    void onChanged();
    void refresh();
    void onAction();
    [[nodiscard]] AllocationOptions options() const;
    [[nodiscard]] int64_t budgetBytes() const;

    Session& m_session;
    EvaluationOptions m_measurement;
    QDoubleSpinBox* m_bits = nullptr;
    QListWidget* m_formats = nullptr;
    QLabel* m_outcome = nullptr;
    QPushButton* m_action = nullptr;
    bool m_isTaken = false;  ///< what is chosen here is the recipe in work
};

}  // namespace halftone::app
