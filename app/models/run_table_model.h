// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

namespace halftone::app {

class EvaluationService;
struct EvaluationRun;

/// What was measured, oldest first. Runs of the recipe in work are bold, with a dot; the others stay what they are:
/// measurements of their own recipes.
class RunTableModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column {
        Name,
        Perplexity,
        Kld,
        KldP99,
        KldMax,
        Agreement,
        Bleu,
        RougeL,
        Bits,
        Size,
        Speed,
        ProtocolColumn,
        Text,
        Device,
        Seconds,
        When,
        ColumnCount
    };
    enum DataRole { InWorkRole = Qt::UserRole + 1 };

    explicit RunTableModel(EvaluationService& evaluation, QObject* parent = nullptr);
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    /// All runs, numbers in full precision.
    [[nodiscard]] QString csv() const;

  private:
    [[nodiscard]] QString text(const EvaluationRun& run, int column) const;

    EvaluationService& m_evaluation;
    int m_count = 0;
};

}  // namespace halftone::app
