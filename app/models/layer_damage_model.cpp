// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/layer_damage_model.h"

#include <algorithm>

#include "app/widgets/number_text.h"

namespace halftone::app {

LayerDamageModel::LayerDamageModel(QObject* parent) : QAbstractTableModel(parent) {}

void LayerDamageModel::setLayers(std::vector<LayerDamage> layers) {
    beginResetModel();
    m_layers = std::move(layers);
    std::ranges::stable_sort(m_layers, std::greater(), &LayerDamage::kld);
    endResetModel();
}

int LayerDamageModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_layers.size());
}

int LayerDamageModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant LayerDamageModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const auto& layer = m_layers[size_t(index.row())];
    const bool isName = index.column() == Name;
    switch (role) {
        case Qt::DisplayRole:
            return isName ? layer.name : numberText(layer.kld);
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::Alignment((isName ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
        case ShareRole: {
            const double worst = m_layers.front().kld;
            return !isName && worst > 0 ? QVariant(std::max(0.0, layer.kld / worst)) : QVariant();
        }
        default:
            return {};
    }
}

QVariant LayerDamageModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment((section == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole)
        return tr(
            "Divergence at this word when only this part is as the recipe makes it and all others are the "
            "original's");
    if (role != Qt::DisplayRole) return {};
    return section == Name ? tr("part alone") : tr("KLD");
}

}  // namespace halftone::app
