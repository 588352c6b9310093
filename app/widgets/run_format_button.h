// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

#include <optional>

#include "core/model/model_config.h"

class QActionGroup;

namespace halftone::app {

class RunChoice;

/// How the recipe is to be run: the types of its attention cache and what its linear layers get to see, as production
/// runs it. The original always runs with everything kept. What the model cannot have is disabled and says why.
class RunFormatButton : public QToolButton {
    Q_OBJECT

  public:
    explicit RunFormatButton(RunChoice& choice, QWidget* parent = nullptr);
    /// What the choices depend on; no model: everything may be chosen.
    void setConditions(const std::optional<ModelConfig>& model, bool hasCalibration);

  private:
    void createMenu();
    void take(const QAction& action);
    void refresh();

    RunChoice& m_choice;
    QActionGroup *m_cache, *m_activations;
};

}  // namespace halftone::app
