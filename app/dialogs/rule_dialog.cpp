// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/dialogs/rule_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QStyle>
#include <QToolButton>

#include <algorithm>

#include "app/dialogs/extras_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/language/core_text.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/method_combo.h"

namespace halftone::app {

RuleDialog::RuleDialog(const RecipeRule& rule, const MethodChoice& defaultMethod, std::span<const TensorInfo> tensors,
                       QWidget* parent)
    : QDialog(parent), m_tensors(tensors) {
    setWindowTitle(tr("Rule"));
    createFields(rule);
    createMethod(rule.method, defaultMethod);
    createLayout();
    refresh();
}

void RuleDialog::createFields(const RecipeRule& rule) {
    m_roles = new QListWidget(this);
    m_roles->setAccessibleName(tr("Roles"));
    m_roles->setMaximumHeight(160);
    std::set<TensorRole> present;
    int lastBlock = 0;
    for (const auto& tensor : m_tensors) {
        if (tensor.isQuantizable()) present.insert(tensor.role);
        lastBlock = std::max(lastBlock, tensor.block);
    }
    present.insert(rule.match.roles.begin(), rule.match.roles.end());
    for (const auto role : present) {
        const auto name = roleName(role);
        auto* item = new QListWidgetItem(QString::fromUtf8(name.data(), qsizetype(name.size())), m_roles);
        item->setCheckState(rule.match.roles.count(role) ? Qt::Checked : Qt::Unchecked);
        if (rule.match.roles.count(role) && !m_roles->currentItem()) m_roles->setCurrentItem(item);
    }
    const auto blockSpin = [&](const std::optional<int>& value) {
        auto* spin = new QSpinBox(this);
        spin->setRange(-1, std::max(lastBlock, value.value_or(0)));
        spin->setSpecialValueText(tr("any"));
        spin->setValue(value.value_or(-1));
        connect(spin, &QSpinBox::valueChanged, this, &RuleDialog::refresh);
        return spin;
    };
    m_first = blockSpin(rule.match.firstBlock);
    m_first->setAccessibleName(tr("First block"));
    m_last = blockSpin(rule.match.lastBlock);
    m_last->setAccessibleName(tr("Last block"));
    m_regex = new QLineEdit(QString::fromStdString(rule.match.regex), this);
    m_regex->setPlaceholderText(tr("any name; for example ^output"));
    m_format = new QComboBox(this);
    m_format->setObjectName(QStringLiteral("ruleFormat"));
    fillWithFormats(*m_format);
    chooseFormat(*m_format, QString::fromStdString(rule.format.name()));
    m_extras = new QToolButton(this);
    m_extras->setObjectName(QStringLiteral("ruleExtras"));
    m_extras->setText(QStringLiteral("+…"));
    m_extras->setToolTip(tr("Zeros and corrections of the format"));
    m_extras->setAccessibleName(m_extras->toolTip());
    connect(m_roles, &QListWidget::itemChanged, this, &RuleDialog::refresh);
    connect(m_regex, &QLineEdit::textChanged, this, &RuleDialog::refresh);
    connect(m_format, &QComboBox::currentIndexChanged, this, &RuleDialog::refresh);
    connect(m_extras, &QToolButton::clicked, this, &RuleDialog::askForFormatExtras);
}

void RuleDialog::askForFormatExtras() {
    const Format format = rule().format;
    const auto shown = std::ranges::find_if(m_tensors, &TensorInfo::isQuantizable);
    const bool hasShape = shown != m_tensors.end();
    askForExtras(format, hasShape ? shown->rows() : 1, hasShape ? shown->cols() : 1, this,
                 [this, format](const FormatExtras& extras) {
                     chooseFormat(*m_format, QString::fromStdString(format.with(extras).name()));
                 });
}

void RuleDialog::setTarget(const HardwareTarget* target) {
    markFormats(*m_format, target);
}

void RuleDialog::createMethod(const std::optional<MethodChoice>& method, const MethodChoice& defaultMethod) {
    m_method = new MethodCombo(tr("default"), this);
    m_method->setObjectName(QStringLiteral("ruleMethod"));
    m_method->setToolTip(tr("How codes are chosen; “default” follows the recipe's default method"));
    m_method->setInherited(defaultMethod);
    m_method->setChoice(method);
    connect(m_method, &MethodCombo::chosen, this, &RuleDialog::refresh);
    connect(m_method, &MethodCombo::parametersWanted, this, [this] {
        askForParameters(m_method->effectiveChoice(), this, [this](const MethodChoice& chosen) {
            m_method->setChoice(chosen);
            refresh();
        });
    });
}

void RuleDialog::createLayout() {
    auto* blocks = new QHBoxLayout;
    blocks->addWidget(m_first);
    blocks->addWidget(new QLabel(tr("to"), this));
    blocks->addWidget(m_last);
    blocks->addStretch();
    m_verdict = new QLabel(this);
    m_verdict->setWordWrap(true);
    m_buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    connect(m_buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* form = new QFormLayout(this);
    form->addRow(tr("Roles (none: any)"), m_roles);
    form->addRow(tr("Blocks"), blocks);
    form->addRow(tr("Name matches"), m_regex);
    auto* formatRow = new QHBoxLayout;
    formatRow->addWidget(m_format, 1);
    formatRow->addWidget(m_extras);
    form->addRow(tr("Format"), formatRow);
    form->addRow(tr("Method"), m_method);
    form->addRow(QString(), m_verdict);
    form->addRow(m_buttons);
    setMinimumWidth(420);
}

RecipeRule RuleDialog::rule() const {
    RecipeRule rule;
    for (int i = 0; i < m_roles->count(); ++i) {
        const auto* item = m_roles->item(i);
        const auto role = roleFromName(item->text().toStdString());
        if (item->checkState() == Qt::Checked && role) rule.match.roles.insert(*role);
    }
    if (m_first->value() >= 0) rule.match.firstBlock = m_first->value();
    if (m_last->value() >= 0) rule.match.lastBlock = m_last->value();
    // "5 to 2" means the same blocks.
    if (rule.match.firstBlock && rule.match.lastBlock && *rule.match.firstBlock > *rule.match.lastBlock)
        std::swap(rule.match.firstBlock, rule.match.lastBlock);
    rule.match.regex = m_regex->text().toStdString();
    if (const auto format = Format::parse(m_format->currentData().toString().toStdString())) rule.format = *format;
    rule.method = m_method->choice();
    return rule;
}

QString RuleDialog::problemOf(const RecipeRule& rule, const ResolvedRecipe& resolved) {
    for (const auto& entry : resolved.problems) {
        if (entry.severity == RecipeProblem::Severity::kError) return coreText(entry.message);
    }
    return rule.method ? coreText(methodObstacle(rule.method->id, rule.format)) : QString();
}

void RuleDialog::refresh() {
    if (!m_buttons) return;
    const bool hasFormat = m_format->currentData().isValid();
    Recipe probe;
    const RecipeRule current = rule();
    m_method->setFormat(hasFormat ? std::optional(current.format) : std::nullopt);
    probe.rules.push_back(current);
    const auto resolved = resolve(probe, m_tensors);
    const auto matched = std::count_if(resolved.tensors.begin(), resolved.tensors.end(),
                                       [](const auto& tensor) { return tensor.quantizable && !tensor.kept; });
    const QString problem = problemOf(current, resolved);
    m_verdict->setText(problem.isEmpty() ? tr("Matches %n tensors.", nullptr, int(matched)) : problem);
    m_verdict->setProperty("role", problem.isEmpty() ? "muted" : "problem");
    // A style sheet looks at properties once.
    m_verdict->style()->unpolish(m_verdict);
    m_verdict->style()->polish(m_verdict);
    m_buttons->button(QDialogButtonBox::Ok)->setEnabled(hasFormat && problem.isEmpty());
}

}  // namespace halftone::app
