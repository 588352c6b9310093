// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/group_part_model.h"

#include <algorithm>

#include "app/widgets/number_text.h"

namespace halftone::app {

void GroupPartModel::setGroup(std::shared_ptr<const InspectedRow> row, int64_t group) {
    beginResetModel();
    m_row = std::move(row);
    m_group = group;
    endResetModel();
}

const InspectedGroup* GroupPartModel::group() const {
    if (!m_row || m_group < 0 || size_t(m_group) >= m_row->groups.size()) return nullptr;
    return &m_row->groups[size_t(m_group)];
}

int GroupPartModel::rows() const {
    const auto* shown = group();
    return shown ? int(shown->description.parts.size()) : 0;
}

bool GroupPartModel::isUsed(int column) const {
    const auto* shown = group();
    if (!shown) return false;
    const auto& parts = shown->description.parts;
    const auto any = [&](const auto& has) { return std::any_of(parts.begin(), parts.end(), has); };
    switch (column) {
        case ScaleCode:
            return any([](const GroupPart& part) { return part.scaleCode.has_value(); });
        case MinimumCode:
            return any([](const GroupPart& part) { return part.minimumCode.has_value(); });
        case Zero:
            return any([](const GroupPart& part) { return part.zeroPoint || part.offset; });
        case RelativeError:
            return !shown->original.empty();
        default:
            return true;
    }
}

QString GroupPartModel::errorText(const GroupPart& part) const {
    const auto& shown = *group();
    if (shown.original.empty()) return noValue();
    GroupError error;
    for (auto i = size_t(part.firstColumn); i < size_t(part.firstColumn + part.columns); ++i) {
        const double difference = double(shown.original[i]) - double(shown.description.values[i]);
        error.squaredError += difference * difference;
        error.squares += double(shown.original[i]) * double(shown.original[i]);
    }
    return numberText(error.relative());
}

QString GroupPartModel::cell(int row, int column) const {
    const auto& what = group()->description;
    const auto& part = what.parts[size_t(row)];
    switch (column) {
        case Columns: {
            const int64_t first = what.firstColumn + part.firstColumn;
            return QStringLiteral("%1–%2").arg(first).arg(first + part.columns - 1);
        }
        case ScaleCode:
            return part.scaleCode ? QString::number(*part.scaleCode) : noValue();
        case Scale:
            return numberText(double(part.scale));
        case MinimumCode:
            return part.minimumCode ? QString::number(*part.minimumCode) : noValue();
        case Zero:
            if (part.zeroPoint) return QString::number(*part.zeroPoint);
            return part.offset ? numberText(double(*part.offset)) : noValue();
        case RelativeError:
            return errorText(part);
        default:
            return {};
    }
}

QString GroupPartModel::title(int column) const {
    switch (column) {
        case Columns:
            return tr("columns");
        case ScaleCode:
            return tr("stored");
        case Scale:
            return tr("scale");
        case MinimumCode:
            return tr("stored min");
        case Zero:
            return tr("zero/min");
        case RelativeError:
            return tr("rel. error");
        default:
            return {};
    }
}

QString GroupPartModel::meaning(int column) const {
    switch (column) {
        case ScaleCode:
            return tr("The scale as it is stored: a factor of the block's scale, or the bits of an 8-bit float");
        case Scale:
            return tr("What codes are multiplied by");
        case MinimumCode:
            return tr("The minimum as it is stored: a factor of the block's unit of minimums");
        case Zero:
            return tr("The code that means 0, or what is added after scaling");
        default:
            return {};
    }
}

}  // namespace halftone::app
