// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/export_plan_model.h"

#include <QStringList>

#include <numeric>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QString noteOf(const ExportTensorPlan& tensor) {
    QStringList notes;
    if (tensor.copied) notes.append(ExportPlanModel::tr("copied as it is"));
    if (tensor.carried) {
        notes.append(tensor.exact
                         ? ExportPlanModel::tr("carried exactly: GGUF has no type of its own for it")
                         : ExportPlanModel::tr("carried with a small rounding: GGUF has no type of its own for it"));
    }
    if (tensor.permuteRows) notes.append(ExportPlanModel::tr("rows reordered for GGUF"));
    if (!tensor.generated.empty()) notes.append(ExportPlanModel::tr("made from the configuration"));
    return std::accumulate(notes.begin(), notes.end(), QString(), [](const QString& before, const QString& note) {
        return before.isEmpty() ? note : ExportPlanModel::tr("%1; %2", "two notes").arg(before, note);
    });
}

}  // namespace

void ExportPlanModel::setPlan(ExportPlan plan) {
    beginResetModel();
    m_plan = std::move(plan);
    endResetModel();
}

int ExportPlanModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(m_plan.tensors.size());
}

int ExportPlanModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

QVariant ExportPlanModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || size_t(index.row()) >= m_plan.tensors.size()) return {};
    const auto& tensor = m_plan.tensors[size_t(index.row())];
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(
            Qt::Alignment((index.column() == Size ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role == Qt::ToolTipRole && index.column() == Note) return noteOf(tensor);
    if (role != Qt::DisplayRole) return {};
    switch (index.column()) {
        case Source:
            return tensor.sourceName.empty() ? noValue() : QString::fromStdString(tensor.sourceName);
        case Target:
            return QString::fromStdString(tensor.targetName);
        case Quantized:
            return QString::fromStdString(tensor.format.displayName());
        case Stored: {
            const auto name = dtypeInfo(tensor.storage).name;
            return QString::fromUtf8(name.data(), qsizetype(name.size()));
        }
        case Size:
            return bytesText(double(tensor.bytes));
        case Note:
            return noteOf(tensor);
        default:
            return {};
    }
}

QVariant ExportPlanModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant::fromValue(
            Qt::Alignment((section == Size ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    if (role != Qt::DisplayRole) return {};
    switch (section) {
        case Source:
            return tr("tensor");
        case Target:
            return tr("name in the file");
        case Quantized:
            return tr("format");
        case Stored:
            return tr("stored as");
        case Size:
            return tr("size");
        case Note:
            return tr("note");
        default:
            return {};
    }
}

}  // namespace halftone::app
