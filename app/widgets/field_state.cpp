// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/field_state.h"

#include <QAbstractButton>
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QDialog>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QSplitter>
#include <QToolButton>

#include <functional>

namespace halftone::app {

namespace {

/// One kind of field: what it holds (invalid: this widget is none, or holds nothing to keep), and how that comes back.
struct Kind {
    QVariant (*read)(const QWidget& widget);
    void (*write)(QWidget& widget, const QVariant& value);
};

template <typename T>
const T* as(const QWidget& widget) {
    return qobject_cast<const T*>(&widget);
}
template <typename T>
T& to(QWidget& widget) {
    return *qobject_cast<T*>(&widget);
}

QVariant readCheck(const QWidget& widget) {
    const auto* button = as<QAbstractButton>(widget);
    const auto* tool = as<QToolButton>(widget);
    const bool showsAction = tool && tool->defaultAction();
    return button && button->isCheckable() && !showsAction ? QVariant(button->isChecked()) : QVariant();
}

/// An entry with data is known by it: where it stands may differ.
QVariant readCombo(const QWidget& widget) {
    const auto* combo = as<QComboBox>(widget);
    if (!combo || combo->currentIndex() < 0) return {};
    return combo->currentData().isValid() ? QVariantList{combo->currentData()} : QVariant(combo->currentIndex());
}

void writeCombo(QWidget& widget, const QVariant& value) {
    auto& combo = to<QComboBox>(widget);
    const bool isData = value.typeId() == QMetaType::QVariantList;
    const int at = isData ? combo.findData(value.toList().constFirst()) : value.toInt();
    if (at >= 0 && at < combo.count()) combo.setCurrentIndex(at);
}

QVariant readLine(const QWidget& widget) {
    const auto* edit = as<QLineEdit>(widget);
    const auto* parent = widget.parentWidget();
    const bool isPart = qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent);
    return edit && !isPart && !edit->isReadOnly() ? QVariant(edit->text()) : QVariant();
}

QVariant readText(const QWidget& widget) {
    const auto* edit = as<QPlainTextEdit>(widget);
    return edit && !edit->isReadOnly() ? QVariant(edit->toPlainText()) : QVariant();
}

QVariant readList(const QWidget& widget) {
    const auto* list = as<QListWidget>(widget);
    return list ? QVariant(list->currentRow()) : QVariant();
}

QVariant readSplitter(const QWidget& widget) {
    const auto* splitter = as<QSplitter>(widget);
    return splitter ? QVariant(splitter->saveState()) : QVariant();
}

QVariant readNumber(const QWidget& widget) {
    const auto* spin = as<QSpinBox>(widget);
    return spin ? QVariant(spin->value()) : QVariant();
}

QVariant readFraction(const QWidget& widget) {
    const auto* spin = as<QDoubleSpinBox>(widget);
    return spin ? QVariant(spin->value()) : QVariant();
}

/// In the order in which they come back: a text may belong to the entry of a list, and stands last.
constexpr Kind kKinds[] = {
    {readSplitter, [](QWidget& w, const QVariant& v) { to<QSplitter>(w).restoreState(v.toByteArray()); }},
    {readCheck, [](QWidget& w, const QVariant& v) { to<QAbstractButton>(w).setChecked(v.toBool()); }},
    {readCombo, writeCombo},
    {readNumber, [](QWidget& w, const QVariant& v) { to<QSpinBox>(w).setValue(v.toInt()); }},
    {readFraction, [](QWidget& w, const QVariant& v) { to<QDoubleSpinBox>(w).setValue(v.toDouble()); }},
    {readList, [](QWidget& w, const QVariant& v) { to<QListWidget>(w).setCurrentRow(v.toInt()); }},
    {readLine, [](QWidget& w, const QVariant& v) { to<QLineEdit>(w).setText(v.toString()); }},
    {readText, [](QWidget& w, const QVariant& v) { to<QPlainTextEdit>(w).setPlainText(v.toString()); }},
};

/// Every widget of the window with its place: the path of names, or of kinds and numbers where there is no name.
void visit(const QObject& parent, const QString& place, const std::function<void(QWidget&, const QString&)>& found) {
    QMap<QString, int> count;
    for (auto* child : parent.children()) {
        auto* widget = qobject_cast<QWidget*>(child);
        if (!widget || qobject_cast<QDialog*>(widget) || qobject_cast<QMenu*>(widget)) continue;
        const bool isNamed = !widget->objectName().isEmpty();
        const QString name = isNamed ? widget->objectName() : QString::fromLatin1(widget->metaObject()->className());
        const QString here = QStringLiteral("%1/%2#%3").arg(place, name).arg(count[name]++);
        found(*widget, here);
        visit(*widget, here, found);
    }
}

}  // namespace

FieldState FieldState::of(const QWidget& window) {
    FieldState state;
    QList<std::pair<QString, const QWidget*>> widgets;
    visit(window, {}, [&](QWidget& widget, const QString& place) {
        if (!widget.property("followsView").toBool()) widgets.append({place, &widget});
    });
    for (const auto& kind : kKinds) {
        for (const auto& [place, widget] : widgets) {
            if (const auto value = kind.read(*widget); value.isValid()) state.m_fields.append({place, value});
        }
    }
    return state;
}

void FieldState::applyTo(QWidget& window) const {
    QHash<QString, QWidget*> widgets;
    visit(window, {}, [&](QWidget& widget, const QString& place) { widgets.insert(place, &widget); });
    for (const auto& [place, value] : m_fields) {
        auto* widget = widgets.value(place);
        if (!widget) continue;
        for (const auto& kind : kKinds) {
            const auto now = kind.read(*widget);
            if (now.isValid() && now != value) kind.write(*widget, value);
            if (now.isValid()) break;
        }
    }
}

}  // namespace halftone::app
