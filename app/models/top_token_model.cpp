// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/top_token_model.h"

#include <QFont>

#include <algorithm>
#include <cmath>

#include "app/widgets/number_text.h"
#include "app/widgets/token_text.h"

namespace halftone::app {

namespace {
bool isProbability(int column) {
    return column == TopTokenModel::OriginalProbability || column == TopTokenModel::RecipeProbability;
}
}  // namespace

TopTokenModel::TopTokenModel(QObject* parent) : QAbstractTableModel(parent) {}

void TopTokenModel::setPredictions(std::shared_ptr<const Tokenizer> tokenizer, TokenId actual,
                                   std::optional<TokenPrediction> original, std::optional<TokenPrediction> recipe) {
    beginResetModel();
    m_tokenizer = std::move(tokenizer);
    m_actual = actual;
    m_original = std::move(original);
    m_recipe = std::move(recipe);
    endResetModel();
}

void TopTokenModel::clear() {
    if (rowCount() > 0) setPredictions(nullptr, -1, {}, {});
}

int TopTokenModel::rowCount(const QModelIndex& parent) const {
    if (parent.isValid() || !m_tokenizer) return 0;
    const auto size = [](const std::optional<TokenPrediction>& side) { return side ? int(side->likeliest.size()) : 0; };
    return std::max(size(m_original), size(m_recipe));
}

int TopTokenModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

const LikelyToken* TopTokenModel::at(int row, int column) const {
    const auto& side = column == OriginalToken || column == OriginalProbability ? m_original : m_recipe;
    return side && size_t(row) < side->likeliest.size() ? &side->likeliest[size_t(row)] : nullptr;
}

QVariant TopTokenModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const auto* token = at(index.row(), index.column());
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment((isProbability(index.column()) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (!token) return role == Qt::DisplayRole ? noValue() : QVariant();
    const bool isActual = token->id == m_actual;
    switch (role) {
        case Qt::DisplayRole:
            return isProbability(index.column()) ? sharePercentText(std::exp(double(token->logProb)))
                                                 : spelledToken(*m_tokenizer, token->id);
        case Qt::ToolTipRole:
            return tr("%1 (token %2): probability %3, log-probability %4")
                .arg(spelledToken(*m_tokenizer, token->id))
                .arg(token->id)
                .arg(percentText(std::exp(double(token->logProb)), 4), fixedText(double(token->logProb), 4));
        case Qt::FontRole:
            if (isActual) {
                QFont font;
                font.setBold(true);
                return font;
            }
            return {};
        case ShareRole:
            return isProbability(index.column()) ? QVariant(std::exp(double(token->logProb))) : QVariant();
        case ActualRole:
            return isActual;
        default:
            return {};
    }
}

QVariant TopTokenModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment((isProbability(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole) return tr("The likeliest tokens at this place; the one that stands there is bold.");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case OriginalToken:
            return tr("original");
        case RecipeToken:
            return tr("recipe");
        case OriginalProbability:
        case RecipeProbability:
            return tr("p");
        default:
            return {};
    }
}

QString TopTokenModel::csv() const {
    QString lines = QStringLiteral("rank,original_token,original_probability,recipe_token,recipe_probability\n");
    for (int row = 0; row < rowCount(); ++row) {
        QStringList cells{QString::number(row + 1)};
        for (const int column : {OriginalToken, RecipeToken}) {
            const auto* token = at(row, column);
            QString name = token ? spelledToken(*m_tokenizer, token->id) : QString();
            cells << '"' + name.replace('"', QStringLiteral("\"\"")) + '"'
                  << (token ? QString::number(std::exp(double(token->logProb)), 'g', 9) : QString());
        }
        lines += cells.join(',') + '\n';
    }
    return lines;
}

}  // namespace halftone::app
