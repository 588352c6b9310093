// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

#include <optional>

#include "core/inference/run_format.h"

class QActionGroup;

namespace halftone::app {

/// How the recipe is to be run: the types of its attention cache and what its linear layers get to see, as production
/// runs it. The original always runs with everything kept. What the model cannot have is disabled and says why.
class RunFormatButton : public QToolButton {
    Q_OBJECT

  public:
    explicit RunFormatButton(QWidget* parent = nullptr);
    /// Without the scales of static rounding, which follow from the calibration.
    [[nodiscard]] RunFormat format() const;
    void setFormat(const RunFormat& format);
    /// What the choices depend on; no model: everything may be chosen.
    void setConditions(const std::optional<ModelConfig>& model, bool hasCalibration);

  signals:
    void changed();

  private:
    void createMenu();
    void refresh();
    /// The choice whose data is `name`, or the first.
    void check(QActionGroup& group, const QString& name);

    QActionGroup *m_cache, *m_activations;
};

}  // namespace halftone::app
