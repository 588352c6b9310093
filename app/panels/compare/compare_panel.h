// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include <array>

#include "app/plots/token_scale.h"
#include "app/session/compare_service.h"

class QCheckBox;
class QComboBox;
class QHBoxLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QToolButton;

namespace halftone::app {

class PromptList;
class SamplingBar;
class Session;
class TextColumn;
class TokenDetails;
class TokenLegend;
class VoteBar;
struct TokenFacts;

/// The original and the recipe continue the same prompt with the same seed, side by side, or read the same text; every
/// word is coloured by what the recipe did to it, and tells what both models expected in its place.
class ComparePanel : public QWidget {
    Q_OBJECT

  public:
    explicit ComparePanel(Session& session, QWidget* parent = nullptr);
    void start();
    void setPrompt(const QString& prompt);
    void setMode(CompareMode mode);
    /// The text that both read with CompareMode::ForcedText.
    void setGivenText(const QString& text);
    void setBlind(bool blind);
    /// Measures the overlap of texts over all prompts of the list, or stops that.
    void measureAllPrompts();
    [[nodiscard]] CompareOptions options() const;
    /// Goes to the next (+1) or previous (-1) word where the models disagree.
    void goToDivergence(int direction);

  private:
    void createControls();
    void createColorControls();
    [[nodiscard]] QToolButton* createArrow(const QString& text, const QString& tip, int direction);
    void createColumns();
    void createLayout();
    [[nodiscard]] QHBoxLayout* createPromptBar();
    [[nodiscard]] QHBoxLayout* createSamplingBar();
    [[nodiscard]] QHBoxLayout* createColorBar();
    void connectSession();
    void connectColumns();
    void keepPrompts();
    void offerPrompts();
    void restorePrompts();
    void refresh();
    void refreshTemplate();
    void refreshText();
    void beginColumns();
    void recolor();
    void showToken(int place, int token, bool isPinned);
    void onHovered(int place, int token);
    void pin(int place, int token);
    void unpin();
    [[nodiscard]] bool isForced() const;
    [[nodiscard]] int shownCount() const;
    [[nodiscard]] const CompareColumn& columnAt(int place) const;
    [[nodiscard]] TokenFacts factsOf(int place, int token) const;
    [[nodiscard]] QString titleOf(int place) const;
    [[nodiscard]] QString statusText() const;
    [[nodiscard]] QString hintText() const;
    [[nodiscard]] TokenMeasure measure() const;

    Session& m_session;
    PromptList* m_prompts = nullptr;
    QStringList m_offered;  ///< the prompts that the checkpoint was offered
    SamplingBar* m_sampling = nullptr;
    QComboBox *m_mode = nullptr, *m_measure = nullptr;
    QCheckBox *m_template = nullptr, *m_blind = nullptr;
    QPlainTextEdit* m_given = nullptr;
    QPushButton* m_run = nullptr;
    QToolButton* m_measureAll = nullptr;
    QLabel* m_status = nullptr;
    QToolButton *m_previous = nullptr, *m_next = nullptr;
    TokenLegend* m_legend = nullptr;
    VoteBar* m_votes = nullptr;
    std::array<TextColumn*, 2> m_columns{};
    TokenDetails* m_details = nullptr;
    int m_pinnedPlace = -1, m_pinnedToken = -1;
    QTimer m_recolorTimer;
};

}  // namespace halftone::app
