// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <memory>
#include <optional>

#include "core/inference/token_prediction.h"

class QLabel;
class QTableView;

namespace halftone::app {

class TopTokenModel;

/// What is known of one token of a text.
struct TokenFacts {
    TokenId token = 0;
    int position = 0;  ///< from 1, as people count
    std::optional<double> originalLogProb, recipeLogProb, kld;
    std::optional<TokenPrediction> original, recipe;
    bool isPinned = false;
};

/// One token: its figures with both models, and what both would have said in its place.
class TokenDetails : public QWidget {
    Q_OBJECT

  public:
    explicit TokenDetails(QWidget* parent = nullptr);
    void showFacts(const std::shared_ptr<const Tokenizer>& tokenizer, const TokenFacts& facts);
    /// Nothing but a sentence.
    void showSentence(const QString& sentence);
    /// Below the figures, where the lists are missing or on their way.
    void setRemark(const QString& remark);
    [[nodiscard]] TopTokenModel& model() { return *m_model; }
    [[nodiscard]] QSize sizeHint() const override { return {300, 300}; }

  protected:
    void changeEvent(QEvent* event) override;

  private:
    [[nodiscard]] QString figuresOf(const TokenFacts& facts) const;
    void showMenu(const QPoint& position);

    TopTokenModel* m_model;
    QLabel *m_title, *m_figures, *m_remark;
    QTableView* m_table;
    TokenFacts m_facts;
    bool m_hasFacts = false;
};

}  // namespace halftone::app
