// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/matrix_layout.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace halftone::app {

namespace {

enum class Place { Embedding, Block, Head, Other, Nowhere };

Place placeOf(const TensorInfo& tensor) {
    if (tensor.isBias) return Place::Nowhere;
    if (tensor.block >= 0) return Place::Block;
    switch (tensor.role) {
        case TensorRole::kTokenEmbedding:
        case TensorRole::kPositionEmbedding:
        case TensorRole::kTokenTypes:
        case TensorRole::kEmbeddingNorm:
            return Place::Embedding;
        case TensorRole::kOutputNorm:
        case TensorRole::kOutput:
            return Place::Head;
        default:
            return Place::Other;
    }
}

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(MatrixLayout)
};

/// Matrices first, norms after them.
int columnOrder(TensorRole role) {
    return int(role) + (isNorm(role) ? int(TensorRole::kCount) : 0);
}

}  // namespace

QString shortRoleName(TensorRole role) {
    switch (role) {
        case TensorRole::kTokenEmbedding:
            return QStringLiteral("emb");
        case TensorRole::kPositionEmbedding:
            return QStringLiteral("pos");
        case TensorRole::kEmbeddingNorm:
            return QStringLiteral("norm");
        case TensorRole::kOutputNorm:
            return QStringLiteral("norm");
        case TensorRole::kOutput:
            return QStringLiteral("out");
        case TensorRole::kAttnNorm:
            return QStringLiteral("n1");
        case TensorRole::kAttnQ:
            return QStringLiteral("q");
        case TensorRole::kAttnK:
            return QStringLiteral("k");
        case TensorRole::kAttnV:
            return QStringLiteral("v");
        case TensorRole::kAttnQkv:
            return QStringLiteral("qkv");
        case TensorRole::kAttnOutput:
            return QStringLiteral("o");
        case TensorRole::kAttnQNorm:
            return QStringLiteral("qn");
        case TensorRole::kAttnKNorm:
            return QStringLiteral("kn");
        case TensorRole::kPostAttnNorm:
            return QStringLiteral("n1b");
        case TensorRole::kFfnNorm:
            return QStringLiteral("n2");
        case TensorRole::kFfnGate:
            return QStringLiteral("gate");
        case TensorRole::kFfnUp:
            return QStringLiteral("up");
        case TensorRole::kFfnDown:
            return QStringLiteral("down");
        case TensorRole::kPostFfnNorm:
            return QStringLiteral("n2b");
        case TensorRole::kRouter:
            return QStringLiteral("rt");
        case TensorRole::kExpertGate:
            return QStringLiteral("e.g");
        case TensorRole::kExpertUp:
            return QStringLiteral("e.u");
        case TensorRole::kExpertDown:
            return QStringLiteral("e.d");
        case TensorRole::kSharedExpertRouter:
            return QStringLiteral("s.r");
        case TensorRole::kSharedExpertGate:
            return QStringLiteral("s.g");
        case TensorRole::kSharedExpertUp:
            return QStringLiteral("s.u");
        case TensorRole::kSharedExpertDown:
            return QStringLiteral("s.d");
        default:
            return QStringLiteral("other");
    }
}

MatrixLayout::MatrixLayout(std::span<const TensorInfo> tensors) {
    std::vector<TensorRole> roles;
    std::vector<int> embedding, head, other;
    for (int i = 0; i < int(tensors.size()); ++i) {
        const auto& tensor = tensors[size_t(i)];
        switch (placeOf(tensor)) {
            case Place::Embedding:
                embedding.push_back(i);
                break;
            case Place::Head:
                head.push_back(i);
                break;
            case Place::Other:
                other.push_back(i);
                break;
            case Place::Block:
                if (std::find(roles.begin(), roles.end(), tensor.role) == roles.end()) roles.push_back(tensor.role);
                break;
            case Place::Nowhere:
                break;
        }
    }
    std::sort(roles.begin(), roles.end(), [](auto a, auto b) { return columnOrder(a) < columnOrder(b); });
    // A file of loose tensors has no blocks: its row is as wide as a usual model's.
    const size_t outerColumns = std::min<size_t>(std::max({embedding.size(), head.size(), other.size()}), 8);
    for (const auto role : roles) m_columns.push_back(shortRoleName(role));
    while (m_columns.size() < outerColumns) m_columns.emplace_back();
    addOuterRow(Texts::tr("emb", "short for: embedding"), embedding, tensors);
    addBlockRows(tensors, roles);
    addOuterRow(Texts::tr("head", "the output head, not one of attention"), head, tensors);
    addOuterRow(Texts::tr("other", "tensors that are neither"), other, tensors);
}

void MatrixLayout::addOuterRow(const QString& label, const std::vector<int>& members,
                               std::span<const TensorInfo> tensors) {
    for (size_t i = 0; i < members.size(); ++i) {
        const size_t column = i % m_columns.size();
        if (column == 0) {
            m_rows.push_back({i == 0 ? label : QString(), -1});
            m_cells.resize(m_rows.size() * m_columns.size());
        }
        auto& cell = at(column, m_rows.size() - 1);
        cell.tensors.append(members[i]);
        cell.role = tensors[size_t(members[i])].role;
    }
}

void MatrixLayout::addBlockRows(std::span<const TensorInfo> tensors, const std::vector<TensorRole>& roles) {
    std::map<int, size_t> rowOfBlock;
    for (const auto& tensor : tensors) {
        if (placeOf(tensor) == Place::Block) rowOfBlock.emplace(tensor.block, 0);
    }
    for (auto& [block, row] : rowOfBlock) {
        row = m_rows.size();
        m_rows.push_back({QString::number(block), block});
    }
    m_cells.resize(m_rows.size() * m_columns.size());
    for (int i = 0; i < int(tensors.size()); ++i) {
        const auto& tensor = tensors[size_t(i)];
        if (placeOf(tensor) != Place::Block) continue;
        const auto column = size_t(std::find(roles.begin(), roles.end(), tensor.role) - roles.begin());
        auto& cell = at(column, rowOfBlock.at(tensor.block));
        cell.tensors.append(i);
        cell.role = tensor.role;
    }
}

const MatrixLayout::Cell& MatrixLayout::cell(QPoint position) const {
    static const Cell kNone;
    const bool inside = position.x() >= 0 && position.y() >= 0 && size_t(position.x()) < m_columns.size() &&
                        size_t(position.y()) < m_rows.size();
    return inside ? m_cells[size_t(position.y()) * m_columns.size() + size_t(position.x())] : kNone;
}

QPoint MatrixLayout::find(int tensor) const {
    for (size_t i = 0; i < m_cells.size(); ++i) {
        if (m_cells[i].tensors.contains(tensor)) return {int(i % m_columns.size()), int(i / m_columns.size())};
    }
    return {-1, -1};
}

QList<int> MatrixLayout::tensorsIn(QRect cells) const {
    QList<int> tensors;
    for (int row = cells.top(); row <= cells.bottom(); ++row) {
        for (int column = cells.left(); column <= cells.right(); ++column) tensors += cell({column, row}).tensors;
    }
    return tensors;
}

}  // namespace halftone::app
