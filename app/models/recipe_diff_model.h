// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "app/models/flat_table_model.h"
#include "core/evaluation/evaluation_result.h"
#include "core/recipe/recipe.h"

namespace halftone::app {

/// A tensor that two recipes store differently.
struct RecipeDifference {
    RecipeChange change;
    int64_t bytesBefore = 0, bytesAfter = 0;
    int tensor = -1;                              ///< of the checkpoint
    std::optional<Estimate> kldBefore, kldAfter;  ///< of the tensor alone in either format, where it was tried
    [[nodiscard]] int64_t addedBytes() const { return bytesAfter - bytesBefore; }
};

/// What two recipes do differently, what saves or costs most bytes first.
class RecipeDiffModel : public FlatTableModel {
    Q_OBJECT

  public:
    enum Column { Name, Before, After, BytesBefore, BytesAfter, Added, KldBefore, KldAfter, ColumnCount };

    using FlatTableModel::FlatTableModel;
    void setDifferences(std::vector<RecipeDifference> differences);
    [[nodiscard]] const std::vector<RecipeDifference>& differences() const { return m_differences; }

  protected:
    [[nodiscard]] int rows() const override { return int(m_differences.size()); }
    [[nodiscard]] int columns() const override { return ColumnCount; }
    [[nodiscard]] QString cell(int row, int column) const override;
    [[nodiscard]] QString title(int column) const override;
    [[nodiscard]] QString meaning(int column) const override;
    [[nodiscard]] bool holdsWords(int column) const override { return column <= After; }

  private:
    std::vector<RecipeDifference> m_differences;
};

/// "+1.2 MB", "−300 kB", "0 B".
[[nodiscard]] QString addedBytesText(int64_t bytes);

}  // namespace halftone::app
