// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_table_model.h"

#include <QStringList>

#include <algorithm>
#include <cmath>

#include "app/language/core_text.h"
#include "app/session/session.h"
#include "app/widgets/method_combo.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QString toText(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

/// Its codes are chosen here: it is quantized, and not to what it is stored as.
bool hasMethod(const ResolvedTensor* resolved) {
    return resolved && resolved->quantizable && !resolved->kept;
}

/// Position of `value` between the bounds on a logarithmic scale.
double logShare(double value, double low, double high) {
    if (!(value > 0)) return 0;
    return std::clamp((std::log(value) - std::log(low)) / (std::log(high) - std::log(low)), 0.0, 1.0);
}

}  // namespace

QString shapeText(const std::vector<int64_t>& shape) {
    if (shape.empty()) return TensorTableModel::tr("scalar");
    QStringList parts;
    for (const auto size : shape) parts.append(countText(size));
    return parts.join(QStringLiteral(" × "));
}

TensorTableModel::TensorTableModel(Session& session, QObject* parent)
    : QAbstractTableModel(parent), m_session(session), m_rowCount(session.tensorCount()) {
    connect(&m_session, &Session::checkpointChanged, this, [this] {
        beginResetModel();
        m_rowCount = m_session.tensorCount();
        endResetModel();
    });
    connect(&m_session, &Session::tensorsChanged, this, &TensorTableModel::onTensorsChanged);
}

int TensorTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : m_rowCount;
}

int TensorTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : int(ColumnCount);
}

std::optional<Measure> TensorTableModel::measureOf(int column) {
    switch (column) {
        case Block:
            return Measure::Block;
        case Bits:
            return Measure::Bits;
        case Size:
            return Measure::Bytes;
        case RelativeError:
            return Measure::RelativeError;
        case Sqnr:
            return Measure::Sqnr;
        case KldAlone:
            return Measure::Sensitivity;
        case Kurtosis:
            return Measure::Kurtosis;
        case MaxSigma:
            return Measure::MaxOverSigma;
        case Minimum:
            return Measure::Minimum;
        case Maximum:
            return Measure::Maximum;
        case Outliers:
            return Measure::Outliers;
        case Zeros:
            return Measure::Zeros;
        case ActivationMax:
            return Measure::ActivationMaximum;
        case ActivationKurtosis:
            return Measure::ActivationKurtosis;
        default:
            return std::nullopt;
    }
}

void TensorTableModel::onTensorsChanged(const QList<int>& tensors) {
    if (m_rowCount == 0 || m_rowCount != m_session.tensorCount()) return;
    // Many rows: one signal for the range costs the view less than one each.
    if (tensors.isEmpty() || tensors.size() > 16) {
        emit dataChanged(index(0, 0), index(m_rowCount - 1, ColumnCount - 1));
        return;
    }
    for (const int tensor : tensors) {
        if (tensor < m_rowCount) emit dataChanged(index(tensor, 0), index(tensor, ColumnCount - 1));
    }
}

QVariant TensorTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= m_session.tensorCount()) return {};
    const int tensor = index.row();
    const int column = index.column();
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    switch (role) {
        case Qt::DisplayRole:
            return displayText(tensor, column);
        case Qt::EditRole:
            return editValue(tensor, column);
        case FormatNameRole:
            return resolved && resolved->quantizable ? QString::fromStdString(resolved->requested.name()) : QString();
        case MethodNameRole:
            return hasMethod(resolved) ? toText(describeMethod(resolved->method.id).name) : QString();
        case Qt::TextAlignmentRole:
            return QVariant::fromValue(Qt::Alignment(
                (measureOf(column) || column == Shape ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
        case Qt::ToolTipRole:
            return toolTip(tensor, column);
        case SortRole:
            return sortValue(tensor, column);
        case TensorIndexRole:
            return tensor;
        case FallbackRole:
            return isFallback(tensor, column);
        case OverrideRole:
            return isOverride(tensor, column);
        case LockedRole:
            return column == FormatColumn && m_session.recipe().isLocked(tensor);
        case MutedRole:
            return isMuted(tensor, column);
        case BarRole:
            return barValue(tensor, column);
        default:
            return {};
    }
}

QVariant TensorTableModel::editValue(int tensor, int column) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (column == FormatColumn && resolved && resolved->quantizable)
        return QString::fromStdString(resolved->requested.name());
    if (column != MethodColumn) return displayText(tensor, column);
    const auto* byHand = m_session.recipe().methodByHand(tensor);
    return byHand ? QString::fromStdString(byHand->name()) : QString();
}

bool TensorTableModel::isFallback(int tensor, int column) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!hasMethod(resolved)) return false;
    if (column == FormatColumn) return resolved->fellBack();
    return column == MethodColumn && resolved->methodFellBack();
}

bool TensorTableModel::isOverride(int tensor, int column) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved) return false;
    if (column == FormatColumn) return m_session.recipe().recipe().overrides.count(resolved->name) > 0;
    return column == MethodColumn && hasMethod(resolved) && m_session.recipe().methodByHand(tensor) != nullptr;
}

QString TensorTableModel::displayText(int tensor, int column) const {
    const auto& info = m_session.tensor(tensor);
    switch (column) {
        case Name:
            return QString::fromStdString(info.canonicalName);
        case Role:
            return info.isBias ? tr("%1 bias").arg(toText(roleName(info.role))) : toText(roleName(info.role));
        case Shape:
            return shapeText(info.shape);
        case Stored:
            return toText(dtypeInfo(info.dtype).name);
        case FormatColumn: {
            const auto* resolved = m_session.recipe().resolvedTensor(tensor);
            if (!resolved) return noValue();
            if (resolved->kept) return toText(dtypeInfo(info.dtype).name);
            return QString::fromStdString(resolved->format.displayName());
        }
        case MethodColumn: {
            const auto* resolved = m_session.recipe().resolvedTensor(tensor);
            return hasMethod(resolved) ? methodName(resolved->method) : noValue();
        }
        default:
            break;
    }
    const auto measure = measureOf(column);
    return measure ? measureText(*measure, m_session.value(*measure, tensor)) : noValue();
}

QVariant TensorTableModel::sortValue(int tensor, int column) const {
    const auto& info = m_session.tensor(tensor);
    if (column == Name) return QString::fromStdString(info.canonicalName);
    if (column == Shape) return qlonglong(info.elementCount());
    const auto measure = measureOf(column);
    if (!measure) return displayText(tensor, column);
    const auto value = m_session.value(*measure, tensor);
    return value ? QVariant(*value) : QVariant();
}

bool TensorTableModel::isMuted(int tensor, int column) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (column == FormatColumn) return !hasMethod(resolved);
    if (column == MethodColumn)
        return !hasMethod(resolved) || (!m_session.recipe().methodByHand(tensor) &&
                                        resolved->requestedMethod == m_session.recipe().recipe().defaultMethod);
    const auto measure = measureOf(column);
    if (!measure) return column == Role || column == Stored || column == Shape;
    return m_session.isStale(*measure, tensor) || !m_session.value(*measure, tensor);
}

QVariant TensorTableModel::barValue(int tensor, int column) const {
    const auto measure = measureOf(column);
    if (!measure) return {};
    const auto value = m_session.value(*measure, tensor);
    if (!value) return {};
    if (column == RelativeError) return logShare(*value, 1e-5, 0.1);
    if (column == Kurtosis) return logShare(*value, 2, 1000);
    if (column == MaxSigma) return logShare(*value, 3, 100);
    return {};
}

QString TensorTableModel::formatToolTip(int tensor) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved) return {};
    if (!resolved->quantizable)
        return tr(
            "Norms, biases and position tables are small and sensitive: they stay in full precision whatever the "
            "recipe says.");
    if (m_session.recipe().isLocked(tensor))
        return tr("Locked: edits, rules and presets leave format and method alone. L unlocks the selected tensors.");
    if (resolved->kept)
        return tr("No rule of the recipe touches this tensor: it stays as stored. Double-click to choose a format.");
    if (resolved->fellBack()) {
        return tr("%1 does not fit: its blocks do not divide the row of %2 weights. %3 takes its place.")
            .arg(QString::fromStdString(resolved->requested.displayName()), countText(resolved->cols),
                 QString::fromStdString(resolved->format.displayName()));
    }
    return tr("%1: %2 bits per weight. Double-click to choose another format; digits 2 to 8 set the bits of all "
              "selected tensors.")
        .arg(QString::fromStdString(resolved->format.displayName()), numberText(resolved->format.bitsPerWeight()));
}

QString TensorTableModel::methodToolTip(int tensor) const {
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved || !resolved->quantizable) return {};
    if (resolved->kept) return tr("The tensor stays as stored: nothing is rounded.");
    if (resolved->methodFellBack()) {
        return tr("%1 Values are rounded to the nearest one instead.")
            .arg(m_session.recipe().methodObstacleOf(tensor, resolved->requestedMethod.id));
    }
    const QString meaning = methodMeaning(describeMethod(resolved->method.id));
    if (m_session.recipe().isLocked(tensor)) return tr("%1\nLocked: L unlocks the selected tensors.").arg(meaning);
    return tr("%1\nDouble-click to choose another method; M does it for all selected tensors.").arg(meaning);
}

QString TensorTableModel::sensitivityToolTip(int tensor) const {
    const auto* kld = m_session.sensitivity().of(tensor);
    if (!kld) return {};
    const QString figure = significantEstimateText(kld->mean, kld->standardError);
    return m_session.isStale(Measure::Sensitivity, tensor) ? tr("%1, in the format before").arg(figure) : figure;
}

QString TensorTableModel::toolTip(int tensor, int column) const {
    const auto& info = m_session.tensor(tensor);
    if (column == Name) {
        return info.name == info.canonicalName
                   ? QString::fromStdString(info.name)
                   : tr("%1\nin the file: %2")
                         .arg(QString::fromStdString(info.canonicalName), QString::fromStdString(info.name));
    }
    if (column == FormatColumn) return formatToolTip(tensor);
    if (column == MethodColumn) return methodToolTip(tensor);
    if (column == Shape) {
        const QString logical = tr("%1 outputs of %2 inputs").arg(countText(info.rows()), countText(info.cols()));
        return info.transposed ? tr("%1; stored transposed").arg(logical) : logical;
    }
    const auto measure = measureOf(column);
    if (!measure) return {};
    if (column == RelativeError || column == Sqnr) {
        if (const QString problem = m_session.quantization().problem(tensor); !problem.isEmpty()) return problem;
        if (m_session.isStale(*measure, tensor)) return tr("Of the format before; the new figure is being computed.");
    }
    if (column == KldAlone) return sensitivityToolTip(tensor);
    if (m_session.value(*measure, tensor)) return {};
    if (const QString problem = m_session.statistics().problem(tensor); !problem.isEmpty()) return problem;
    return {};
}

QVariant TensorTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= ColumnCount) return {};
    const auto measure = measureOf(section);
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue(
            Qt::Alignment((measure || section == Shape ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter));
    }
    if (role == Qt::ToolTipRole && measure) return measureMeaning(*measure);
    if (role != Qt::DisplayRole) return {};
    if (measure) return measureLabel(*measure);
    switch (section) {
        case Name:
            return tr("tensor");
        case Role:
            return tr("role");
        case Shape:
            return tr("shape");
        case Stored:
            return tr("stored");
        case FormatColumn:
            return tr("format");
        case MethodColumn:
            return tr("method");
        default:
            return {};
    }
}

Qt::ItemFlags TensorTableModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) return Qt::NoItemFlags;
    Qt::ItemFlags flags = QAbstractTableModel::flags(index) | Qt::ItemNeverHasChildren;
    const auto* resolved = m_session.recipe().resolvedTensor(index.row());
    if (!resolved || !resolved->quantizable || m_session.recipe().isLocked(index.row())) return flags;
    if (index.column() == FormatColumn || (index.column() == MethodColumn && !resolved->kept))
        flags |= Qt::ItemIsEditable;
    return flags;
}

bool TensorTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) return false;
    const int tensor = index.row();
    const auto& selection = m_session.selection();
    const QList<int> tensors = selection.contains(tensor) ? selection.tensors() : QList<int>{tensor};
    const std::string name = value.toString().toStdString();
    if (index.column() == FormatColumn) {
        const auto format = Format::parse(name);
        if (format) m_session.recipe().setFormat(tensors, *format);
        return format.has_value();
    }
    const auto method = MethodChoice::parse(name);
    if (!method && !name.empty()) return false;
    m_session.recipe().setMethod(tensors, method ? std::optional(*method) : std::nullopt);
    return true;
}

}  // namespace halftone::app
