// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/group_rank_model.h"

#include <algorithm>

#include "app/widgets/number_text.h"

namespace halftone::app {

void GroupRankModel::setRanking(GroupRanking ranking) {
    beginResetModel();
    m_ranking = std::move(ranking);
    endResetModel();
}

void GroupRankModel::setMeasure(GroupMeasure measure) {
    beginResetModel();
    m_measure = measure;
    endResetModel();
}

int GroupRankModel::find(int64_t row, int64_t group) const {
    const auto& list = entries();
    const auto found = std::find_if(list.begin(), list.end(),
                                    [&](const auto& entry) { return entry.row == row && entry.group == group; });
    return found == list.end() ? -1 : int(found - list.begin());
}

QString GroupRankModel::cell(int row, int column) const {
    const auto& entry = entries()[size_t(row)];
    switch (column) {
        case Row:
            return countText(entry.row);
        case Group:
            return countText(entry.group);
        case RelativeError:
            return numberText(entry.relative());
        case SquaredError:
            return numberText(entry.squaredError);
        case LargestError:
            return numberText(entry.largest);
        default:
            return {};
    }
}

QString GroupRankModel::title(int column) const {
    switch (column) {
        case Row:
            return tr("row");
        case Group:
            return tr("group");
        case RelativeError:
            return tr("rel. error");
        case SquaredError:
            return tr("sq. error");
        case LargestError:
            return tr("largest");
        default:
            return {};
    }
}

QString GroupRankModel::meaning(int column) const {
    switch (column) {
        case RelativeError:
            return tr("Squared error of the group relative to its squared weights");
        case SquaredError:
            return tr("Squared error summed over the group: what adds up to the tensor's error");
        case LargestError:
            return tr("Largest error of a single weight");
        default:
            return {};
    }
}

}  // namespace halftone::app
