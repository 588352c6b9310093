// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/worst_token_model.h"

#include <algorithm>
#include <cmath>

#include "app/session/damage_service.h"
#include "app/session/evaluation_service.h"
#include "app/widgets/number_text.h"
#include "app/widgets/token_text.h"

namespace halftone::app {

namespace {
constexpr int kContextBefore = 10;

bool isText(int column) {
    return column == WorstTokenModel::Context || column == WorstTokenModel::Token;
}
}  // namespace

WorstTokenModel::WorstTokenModel(DamageService& damage, QObject* parent)
    : QAbstractTableModel(parent), m_damage(damage), m_scored(damage.worst(kMost)) {
    connect(&m_damage, &DamageService::runChanged, this, &WorstTokenModel::reload);
}

void WorstTokenModel::reload() {
    beginResetModel();
    m_scored = m_damage.worst(kMost);
    endResetModel();
}

int WorstTokenModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_scored.size());
}

int WorstTokenModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

int WorstTokenModel::rowOf(int scored) const {
    const auto found = std::find(m_scored.begin(), m_scored.end(), scored);
    return found == m_scored.end() ? -1 : int(found - m_scored.begin());
}

/// The words before it, in one line.
QString WorstTokenModel::contextOf(int scored) const {
    const auto place = m_damage.placeOf(scored);
    const auto tokenizer = m_damage.tokenizer();
    if (place.window < 0 || !tokenizer) return {};
    const auto& tokens = (*m_damage.run()->windows)[size_t(place.window)].tokens;
    const int begin = std::max(0, place.token - kContextBefore);
    const auto before = std::span(tokens).subspan(size_t(begin), size_t(place.token - begin));
    return QString::fromStdString(tokenizer->decode(before)).simplified();
}

QString WorstTokenModel::text(int scored, int column) const {
    const auto& result = m_damage.run()->result;
    const auto at = size_t(scored);
    switch (column) {
        case Context:
            return contextOf(scored);
        case Token: {
            const auto place = m_damage.placeOf(scored);
            const auto tokenizer = m_damage.tokenizer();
            if (place.window < 0 || !tokenizer) return {};
            return spelledToken(*tokenizer,
                                (*m_damage.run()->windows)[size_t(place.window)].tokens[size_t(place.token)]);
        }
        case Before:
            return sharePercentText(std::exp(-double(result.tokenReferenceNll[at])));
        case After:
            return sharePercentText(std::exp(-double(result.tokenNll[at])));
        case Divergence:
            return numberText(double(result.tokenKld[at]));
        default:
            return {};
    }
}

QVariant WorstTokenModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || !m_damage.run()) return {};
    const int scored = m_scored[size_t(index.row())];
    if (scored >= m_damage.scoredCount()) return {};
    switch (role) {
        case Qt::DisplayRole:
            return text(scored, index.column());
        case Qt::ToolTipRole:
            return index.column() == Context ? text(scored, Context) : QString();
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(
                Qt::Alignment((isText(index.column()) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
        case ShareRole: {
            if (index.column() != Divergence) return {};
            const auto& kld = m_damage.run()->result.tokenKld;
            const double worst = double(kld[size_t(m_scored.front())]);
            return worst > 0 ? QVariant(double(kld[size_t(scored)]) / worst) : QVariant();
        }
        case ScoredRole:
            return scored;
        default:
            return {};
    }
}

QVariant WorstTokenModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment((isText(section) ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole && section == Divergence)
        return tr("KL divergence of the recipe's prediction from the original's at this word, nats");
    if (role == Qt::ToolTipRole && (section == Before || section == After))
        return section == Before ? tr("Probability that the original gives this word")
                                 : tr("Probability that the recipe gives this word");
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case Context:
            return tr("text before");
        case Token:
            return tr("word");
        case Before:
            return tr("p original");
        case After:
            return tr("p recipe");
        case Divergence:
            return tr("KLD");
        default:
            return {};
    }
}

QString WorstTokenModel::csv() const {
    QString lines = QStringLiteral("scored_token,context,token,probability_original,probability_recipe,kld\n");
    const auto quoted = [](QString cell) { return '"' + cell.replace('"', QStringLiteral("\"\"")) + '"'; };
    const auto number = [](double value) { return QString::number(value, 'g', 9); };
    for (const int scored : m_scored) {
        const auto& result = m_damage.run()->result;
        const auto at = size_t(scored);
        const QStringList cells{QString::number(scored),
                                quoted(contextOf(scored)),
                                quoted(text(scored, Token)),
                                number(std::exp(-double(result.tokenReferenceNll[at]))),
                                number(std::exp(-double(result.tokenNll[at]))),
                                number(double(result.tokenKld[at]))};
        lines += cells.join(',') + '\n';
    }
    return lines;
}

}  // namespace halftone::app
