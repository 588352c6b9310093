// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "app/session/compare_service.h"

class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace halftone::app {

class Session;
class TextColumn;

/// The original and the recipe continue the same prompt with the same seed, side by side.
class ComparePanel : public QWidget {
    Q_OBJECT

  public:
    explicit ComparePanel(Session& session, QWidget* parent = nullptr);
    void start();
    void setPrompt(const QString& prompt);
    [[nodiscard]] CompareOptions options() const;

  private:
    void createPrompt();
    void createSampling();
    void createLayout();
    void connectSession();
    void refresh();
    void showTokens(CompareService::Side side);
    [[nodiscard]] QString divergenceText() const;

    Session& m_session;
    QPlainTextEdit* m_prompt = nullptr;
    QDoubleSpinBox *m_temperature = nullptr, *m_topP = nullptr, *m_minP = nullptr, *m_repeat = nullptr;
    QSpinBox *m_topK = nullptr, *m_seed = nullptr, *m_length = nullptr;
    QPushButton* m_run = nullptr;
    QLabel* m_status = nullptr;
    TextColumn *m_original = nullptr, *m_quantized = nullptr;
};

}  // namespace halftone::app
