// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <vector>

namespace halftone::app {

class DamageService;

/// The words of the evaluation text that the recipe hurts most, worst first.
class WorstTokenModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { Context, Token, Before, After, Divergence, ColumnCount };
    enum DataRole {
        ShareRole = Qt::UserRole + 1,  ///< of the worst one's divergence, for the bar in the cell
        ScoredRole,                    ///< index among the scored tokens
    };
    static constexpr int kMost = 200;

    explicit WorstTokenModel(DamageService& damage, QObject* parent = nullptr);
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// Row of a scored token; -1: it is not among the worst.
    [[nodiscard]] int rowOf(int scored) const;
    [[nodiscard]] QString csv() const;

  private:
    void reload();
    [[nodiscard]] QString text(int scored, int column) const;
    [[nodiscard]] QString contextOf(int scored) const;

    DamageService& m_damage;
    std::vector<int> m_scored;
};

}  // namespace halftone::app
