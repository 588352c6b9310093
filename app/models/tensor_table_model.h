// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include "app/session/measure.h"

namespace halftone::app {

class Session;

/// One row per tensor of the checkpoint, in file order. Rows are there at once; figures arrive later, row by row.
class TensorTableModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column {
        Name,
        Role,
        Block,
        Shape,
        Stored,
        FormatColumn,
        MethodColumn,
        Bits,
        Size,
        RelativeError,
        Sqnr,
        KldAlone,
        Kurtosis,
        MaxSigma,
        Minimum,
        Maximum,
        Outliers,
        Zeros,
        ActivationMax,
        ActivationKurtosis,
        ColumnCount,
    };
    enum DataRole {
        SortRole = Qt::UserRole + 1,  ///< a number, or text that sorts naturally
        TensorIndexRole,              ///< index of the tensor
        FormatNameRole,               ///< name of the assigned format; empty where none can be assigned
        MethodNameRole,               ///< name of the method without its parameters; empty where nothing is quantized
        FallbackRole,                 ///< true: another format or method than the recipe says
        OverrideRole,                 ///< true: set by hand for this tensor
        LockedRole,                   ///< true: edits leave the tensor alone
        MutedRole,                    ///< true: stale, not applicable, or not changed by the recipe
        BarRole,                      ///< 0..1 for an in-cell bar, or invalid
    };

    explicit TensorTableModel(Session& session, QObject* parent = nullptr);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    /// EditRole: a format's name in the format column; a method's name with its parameters, or nothing for what the
    /// rules say, in the method column. Applies to the whole selection if the row belongs to it.
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

    /// The measure behind a column, or nullopt for text columns.
    [[nodiscard]] static std::optional<Measure> measureOf(int column);

  private:
    [[nodiscard]] QString displayText(int tensor, int column) const;
    [[nodiscard]] QVariant sortValue(int tensor, int column) const;
    [[nodiscard]] QString sensitivityToolTip(int tensor) const;
    [[nodiscard]] QString toolTip(int tensor, int column) const;
    [[nodiscard]] QString formatToolTip(int tensor) const;
    [[nodiscard]] QString methodToolTip(int tensor) const;
    [[nodiscard]] bool isFallback(int tensor, int column) const;
    [[nodiscard]] bool isOverride(int tensor, int column) const;
    [[nodiscard]] QVariant editValue(int tensor, int column) const;
    [[nodiscard]] bool isMuted(int tensor, int column) const;
    [[nodiscard]] QVariant barValue(int tensor, int column) const;
    void onTensorsChanged(const QList<int>& tensors);

    Session& m_session;
    int m_rowCount = 0;
};

/// "8 192 × 2 048": as the header states it, outermost first.
[[nodiscard]] QString shapeText(const std::vector<int64_t>& shape);

}  // namespace halftone::app
