// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/method_combo.h"

#include <QCoreApplication>
#include <QScopedValueRollback>
#include <QStandardItemModel>

#include "app/language/core_text.h"

namespace halftone::app {

namespace {

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Methods)
};

}  // namespace

QString methodMeaning(const MethodDescription& method) {
    const QString sentence = coreText(method.sentence);
    switch (method.need) {
        case CalibrationNeed::kNone:
            return sentence;
        case CalibrationNeed::kImportance:
            return Texts::tr("%1 Works without a calibration run, better with one.").arg(sentence);
        case CalibrationNeed::kMeanSquares:
        case CalibrationNeed::kMaxima:
        case CalibrationNeed::kHessian:
        case CalibrationNeed::kTokens:
            break;
    }
    return Texts::tr("%1 Needs a calibration run.").arg(sentence);
}

MethodCombo::MethodCombo(const QString& inherit, QWidget* parent) : QComboBox(parent), m_inherits(!inherit.isEmpty()) {
    if (m_inherits) addItem(inherit, QString());
    for (const auto& method : offeredMethods()) addItem(methodName(method), fromView(method.name));
    insertSeparator(count());
    addItem(tr("Parameters…"));
    setItemData(count() - 1, tr("Sets the numbers that the chosen method works with"), Qt::ToolTipRole);
    setFormat(std::nullopt);
    setChoice(m_inherits ? std::nullopt : std::optional(MethodChoice{}));
    connect(this, &QComboBox::activated, this, &MethodCombo::onActivated);
}

void MethodCombo::setChoice(const std::optional<MethodChoice>& choice) {
    int chosen = 0;
    int index = firstMethod();
    for (const auto& method : offeredMethods()) {
        const bool isChosen = choice && choice->id == method.id;
        const MethodChoice shown = isChosen ? *choice : MethodChoice{.id = method.id, .parameters = {}};
        setItemText(index, methodName(shown));
        setItemData(index, QString::fromStdString(shown.name()));
        if (isChosen) chosen = index;
        ++index;
    }
    m_chosen = chosen;
    setCurrentIndex(chosen);
    refreshParameters();
}

std::optional<MethodChoice> MethodCombo::choice() const {
    const auto parsed = MethodChoice::parse(itemData(m_chosen).toString().toStdString());
    return parsed ? std::optional(*parsed) : std::nullopt;
}

void MethodCombo::setInherited(const MethodChoice& inherited) {
    m_inherited = inherited;
    refreshParameters();
}

MethodChoice MethodCombo::effectiveChoice() const {
    return choice().value_or(m_inherited);
}

void MethodCombo::setFormat(const std::optional<Format>& format) {
    int index = firstMethod();
    for (const auto& method : offeredMethods()) {
        const std::string obstacle = format ? methodObstacle(method.id, *format) : std::string();
        setEntryEnabled(index, obstacle.empty());
        setItemData(index, obstacle.empty() ? methodMeaning(method) : coreText(obstacle), Qt::ToolTipRole);
        ++index;
    }
}

void MethodCombo::setEntryEnabled(int index, bool enabled) {
    if (auto* entries = qobject_cast<QStandardItemModel*>(model())) entries->item(index)->setEnabled(enabled);
}

void MethodCombo::refreshParameters() {
    setEntryEnabled(count() - 1, !describeMethod(effectiveChoice().id).parameters.empty());
}

void MethodCombo::onActivated(int index) {
    if (index == count() - 1) {
        setCurrentIndex(m_chosen);
        if (!m_isStepping) emit parametersWanted();
        return;
    }
    m_chosen = index;
    refreshParameters();
    emit chosen();
}

void MethodCombo::wheelEvent(QWheelEvent* event) {
    const QScopedValueRollback stepping(m_isStepping, true);
    QComboBox::wheelEvent(event);
}

void MethodCombo::keyPressEvent(QKeyEvent* event) {
    const QScopedValueRollback stepping(m_isStepping, true);
    QComboBox::keyPressEvent(event);
}

}  // namespace halftone::app
