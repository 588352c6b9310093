// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>

#include <vector>

#include "core/pipeline/candidates.h"

namespace halftone::app {

/// The formats that were tried on a tensor, by ascending size. The one that the recipe gives it is set in bold.
class CandidateModel : public QAbstractTableModel {
    Q_OBJECT

  public:
    enum Column { FormatColumn, Bits, RelativeError, Sqnr, Size, ColumnCount };

    using QAbstractTableModel::QAbstractTableModel;
    void clear();
    void add(const Candidate& candidate);
    void setCurrent(const std::optional<Format>& format);
    [[nodiscard]] const std::optional<Format>& current() const { return m_current; }
    [[nodiscard]] const std::vector<Candidate>& candidates() const { return m_candidates; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

  private:
    std::vector<Candidate> m_candidates;
    std::optional<Format> m_current;
};

}  // namespace halftone::app
