// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <memory>
#include <optional>

#include "core/inference/token_prediction.h"

namespace halftone::app {

/// What both models expected at one place, most probable first: the original's tokens and the recipe's beside each
/// other. The token that stands there is marked.
class TopTokenModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { OriginalToken, OriginalProbability, RecipeToken, RecipeProbability, ColumnCount };
    enum DataRole {
        ShareRole = Qt::UserRole + 1,  ///< the probability, for the bar in the cell
        ActualRole,                    ///< this is the token that stands there
    };

    explicit TopTokenModel(QObject* parent = nullptr);
    /// Either prediction may be absent.
    void setPredictions(std::shared_ptr<const Tokenizer> tokenizer, TokenId actual,
                        std::optional<TokenPrediction> original, std::optional<TokenPrediction> recipe);
    void clear();

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] QString csv() const;

  private:
    [[nodiscard]] const LikelyToken* at(int row, int column) const;

    std::shared_ptr<const Tokenizer> m_tokenizer;
    TokenId m_actual = -1;
    std::optional<TokenPrediction> m_original, m_recipe;
};

}  // namespace halftone::app
