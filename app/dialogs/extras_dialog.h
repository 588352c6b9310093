// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include <functional>

#include "core/quant/formats/format.h"

class QCheckBox;
class QComboBox;
class QDialogButtonBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;

namespace halftone::app {

/// What composes with the codes of a format: a pattern of zeros, outliers kept beside the codes, a low-rank correction,
/// with what they come to for a matrix of a given shape. What does not go with the format says why.
class ExtrasDialog : public QDialog {
    Q_OBJECT

  public:
    /// `rows`, `cols`: of the matrix whose size is shown.
    ExtrasDialog(const Format& format, int64_t rows, int64_t cols, QWidget* parent = nullptr);
    [[nodiscard]] FormatExtras extras() const;
    /// Why these cannot be had, as it is shown; empty where they can.
    [[nodiscard]] QString problem() const;

  private:
    void createPattern(const Sparsity& sparsity);
    void createCorrections(const FormatExtras& extras);
    void createLayout();
    void refresh();
    [[nodiscard]] Sparsity sparsity() const;

    Format m_format;
    int64_t m_rows, m_cols;
    QComboBox *m_pattern, *m_of;
    QSpinBox *m_keep, *m_percent, *m_rank;
    QCheckBox *m_hasOutliers, *m_hasRank;
    QDoubleSpinBox* m_outliers;
    QLabel *m_ofLabel, *m_problem, *m_size;
    QDialogButtonBox* m_buttons;
};

/// Opens the dialog beside `parent`; `onAccepted` hears what was chosen, and nothing if it was dismissed or if `parent`
/// is gone by then.
void askForExtras(const Format& format, int64_t rows, int64_t cols, QWidget* parent,
                  const std::function<void(const FormatExtras&)>& onAccepted);

}  // namespace halftone::app
