// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "app/session/damage_service.h"

namespace halftone::app {

/// What each part of the model does to one word, worst first.
class LayerDamageModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { Name, Divergence, ColumnCount };
    enum DataRole { ShareRole = Qt::UserRole + 1 };

    explicit LayerDamageModel(QObject* parent = nullptr);
    void setLayers(std::vector<LayerDamage> layers);
    [[nodiscard]] const LayerDamage& layer(int row) const { return m_layers[size_t(row)]; }
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  private:
    std::vector<LayerDamage> m_layers;
};

}  // namespace halftone::app
