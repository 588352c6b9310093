// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/method_dialog.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "app/language/core_text.h"
#include "app/widgets/state_stack.h"

namespace halftone::app {

namespace {

constexpr int kDecimals = 8;
constexpr int kSentenceWidth = 420;

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

/// "act order": as the parameter is spoken of.
QString spoken(const MethodParameter& parameter) {
    return fromView(parameter.key).replace('_', ' ');
}

/// Shows as many digits as the number has.
class NumberBox : public QDoubleSpinBox {
  public:
    NumberBox(const MethodParameter& parameter, QWidget* parent) : QDoubleSpinBox(parent) {
        setDecimals(parameter.isWhole ? 0 : kDecimals);
        setRange(parameter.minimum, parameter.maximum);
        setStepType(parameter.isWhole ? DefaultStepType : AdaptiveDecimalStepType);
        setMinimumWidth(96);
    }
    [[nodiscard]] QString textFromValue(double value) const override { return locale().toString(value, 'g', 10); }
};

}  // namespace

MethodDialog::MethodDialog(const MethodChoice& choice, QWidget* parent) : QDialog(parent), m_method(choice.id) {
    setObjectName(QStringLiteral("methodDialog"));
    const auto& method = describeMethod(m_method);
    setWindowTitle(tr("Parameters of %1").arg(methodName(method)));
    for (const auto& parameter : method.parameters) {
        m_fields.push_back(parameter.isFlag ? flagField(parameter) : numberField(parameter));
        m_fields.back().setValue(choice.value(parameter.key));
    }
    createLayout();
    refreshReset();
}

MethodDialog::Field MethodDialog::flagField(const MethodParameter& parameter) {
    auto* box = new QCheckBox(this);
    connect(box, &QCheckBox::toggled, this, &MethodDialog::refreshReset);
    return {&parameter, box, [box] { return box->isChecked() ? 1.0 : 0.0; },
            [box](double value) { box->setChecked(value != 0); }};
}

MethodDialog::Field MethodDialog::numberField(const MethodParameter& parameter) {
    auto* box = new NumberBox(parameter, this);
    connect(box, &QDoubleSpinBox::valueChanged, this, &MethodDialog::refreshReset);
    return {&parameter, box, [box] { return box->value(); }, [box](double value) { box->setValue(value); }};
}

void MethodDialog::createLayout() {
    const auto& method = describeMethod(m_method);
    auto* sentence = new QLabel(coreText(method.sentence), this);
    sentence->setWordWrap(true);
    sentence->setMinimumWidth(kSentenceWidth);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setColumnStretch(2, 1);
    for (const auto& field : m_fields) {
        const int row = grid->rowCount();
        const QString meaning = coreText(field.parameter->sentence);
        const double standard = field.parameter->standard;
        auto* label = new QLabel(spoken(*field.parameter), this);
        label->setBuddy(field.editor);
        label->setToolTip(meaning);
        field.editor->setToolTip(meaning);
        field.editor->setObjectName(fromView(field.parameter->key));
        field.editor->setAccessibleName(spoken(*field.parameter));
        field.editor->setAccessibleDescription(meaning);
        const QString value =
            field.parameter->isFlag ? (standard != 0 ? tr("on") : tr("off")) : locale().toString(standard, 'g', 10);
        grid->addWidget(label, row, 0);
        grid->addWidget(field.editor, row, 1);
        grid->addWidget(mutedLabel(tr("standard: %1").arg(value), this), row, 2);
    }
    m_buttons =
        new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel | QDialogButtonBox::RestoreDefaults, this);
    auto* reset = m_buttons->button(QDialogButtonBox::RestoreDefaults);
    reset->setText(tr("Reset"));
    reset->setToolTip(tr("Every parameter to its standard value"));
    connect(reset, &QPushButton::clicked, this, &MethodDialog::reset);
    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(sentence);
    layout->addWidget(mutedLabel(tr("From: %1").arg(coreText(method.source)), this));
    layout->addSpacing(8);
    layout->addLayout(grid);
    layout->addSpacing(8);
    layout->addWidget(m_buttons);
}

MethodChoice MethodDialog::choice() const {
    MethodChoice choice{.id = m_method, .parameters = {}};
    for (const auto& field : m_fields) {
        if (const double value = field.value(); value != field.parameter->standard)
            choice.parameters.emplace(field.parameter->key, value);
    }
    return choice;
}

void MethodDialog::reset() {
    for (const auto& field : m_fields) field.setValue(field.parameter->standard);
}

void MethodDialog::refreshReset() {
    if (m_buttons) m_buttons->button(QDialogButtonBox::RestoreDefaults)->setEnabled(!choice().parameters.empty());
}

void askForParameters(const MethodChoice& choice, QWidget* parent,
                      const std::function<void(const MethodChoice&)>& onAccepted) {
    auto* dialog = new MethodDialog(choice, parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QDialog::accepted, parent, [dialog, onAccepted] { onAccepted(dialog->choice()); });
    dialog->open();
}

}  // namespace halftone::app
