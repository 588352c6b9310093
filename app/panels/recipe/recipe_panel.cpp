// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/recipe/recipe_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QSettings>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

#include "app/dialogs/extras_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/language/core_text.h"
#include "app/models/problem_model.h"
#include "app/models/rule_table_model.h"
#include "app/panels/recipe/preset_menu.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/menu_button.h"
#include "app/widgets/method_combo.h"
#include "app/widgets/number_text.h"
#include "app/widgets/state_stack.h"
#include "core/recipe/hardware_target.h"

namespace halftone::app {

namespace {

QLabel* titleLabel(const QString& text, QWidget* parent) {
    auto* label = new QLabel(text, parent);
    label->setProperty("role", "title");
    return label;
}

}  // namespace

RecipePanel::RecipePanel(Session& session, QWidget* parent)
    : QWidget(parent),
      m_session(session),
      m_rules(new RuleTableModel(session.recipe(), this)),
      m_problems(new ProblemModel(this)) {
    setObjectName(QStringLiteral("recipePanel"));
    createTop();
    createTarget();
    createRules();
    createTotals();
    createLayout();
    connectSession();
    refresh();
}

void RecipePanel::createTop() {
    m_name = new QLabel(this);
    m_name->setTextFormat(Qt::PlainText);
    m_name->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_presets = new QToolButton(this);
    m_presets->setObjectName(QStringLiteral("presets"));
    m_presets->setText(tr("Presets"));
    auto* menu = new QMenu(m_presets);
    fillWithPresets(*menu, m_session);
    openMenuWith(*m_presets, menu);
    m_default = new QComboBox(this);
    m_default->setObjectName(QStringLiteral("defaultFormat"));
    m_default->setAccessibleName(tr("Default format"));
    m_default->addItem(tr("keep as stored"), QString());
    fillWithFormats(*m_default);
    m_default->setToolTip(tr("What every weight matrix becomes that no rule and no hand speaks of"));
    m_extras = new QToolButton(this);
    m_extras->setObjectName(QStringLiteral("defaultExtras"));
    m_extras->setText(QStringLiteral("+…"));
    m_extras->setToolTip(tr("Zeros and corrections of the default format"));
    m_extras->setAccessibleName(m_extras->toolTip());
    m_method = new MethodCombo({}, this);
    m_method->setObjectName(QStringLiteral("defaultMethod"));
    m_method->setAccessibleName(tr("Method"));
    m_method->setToolTip(tr("How codes are chosen: a format says what can be stored, a method what is stored"));
    connect(m_method, &MethodCombo::chosen, this,
            [this] { m_session.recipe().setDefaultMethod(m_method->effectiveChoice()); });
    connect(m_method, &MethodCombo::parametersWanted, this, [this] {
        askForParameters(m_method->effectiveChoice(), this,
                         [this](const MethodChoice& method) { m_session.recipe().setDefaultMethod(method); });
    });
    m_useCalibration = new QCheckBox(tr("use calibration"), this);
    m_useCalibration->setToolTip(
        tr("Codes are chosen so that channels with large activations lose less. Needs a calibration run; GPTQ, AWQ, "
           "SmoothQuant, Wanda and SparseGPT cannot do without."));
    connect(m_default, &QComboBox::activated, this, &RecipePanel::onDefaultChosen);
    connect(m_extras, &QToolButton::clicked, this, &RecipePanel::onExtrasWanted);
    connect(m_useCalibration, &QCheckBox::clicked, this, [this](bool on) { m_session.setUseCalibration(on); });
}

void RecipePanel::createTarget() {
    m_target = new QComboBox(this);
    m_target->setObjectName(QStringLiteral("recipeTarget"));
    m_target->setAccessibleName(tr("Machine that the model is to run on"));
    m_target->addItem(tr("any machine"), QString());
    m_target->setItemData(0, tr("Every format can be chosen"), Qt::ToolTipRole);
    for (const auto& target : hardwareTargets()) {
        m_target->addItem(coreText(target.name), QString::fromUtf8(target.id.data(), qsizetype(target.id.size())));
        m_target->setItemData(m_target->count() - 1,
                              QStringLiteral("%1\n%2").arg(coreText(target.runtime), coreText(target.sentence)),
                              Qt::ToolTipRole);
    }
    connect(m_target, &QComboBox::activated, this, &RecipePanel::onTargetChosen);
}

/// How people run models is theirs and not a recipe's: it is kept with the window's settings, and with the session.
void RecipePanel::onTargetChosen() {
    const QString id = m_target->currentData().toString();
    QSettings().setValue(QStringLiteral("hardwareTarget"), id);
    m_session.recipe().setTarget(findHardwareTarget(id.toStdString()));
}

void RecipePanel::refreshTarget() {
    const auto* target = m_session.recipe().target();
    m_target->setCurrentIndex(
        m_target->findData(target ? QString::fromUtf8(target->id.data(), qsizetype(target->id.size())) : QString()));
    m_target->setToolTip(m_target->currentData(Qt::ToolTipRole).toString());
    markFormats(*m_default, target);
}

void RecipePanel::createRules() {
    m_ruleTable = new QTableView(this);
    m_ruleTable->setObjectName(QStringLiteral("ruleTable"));
    m_ruleTable->setAccessibleName(tr("Rules"));
    m_ruleTable->setModel(m_rules);
    m_ruleTable->setShowGrid(false);
    m_ruleTable->setWordWrap(false);
    m_ruleTable->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_ruleTable->setSelectionMode(QAbstractItemView::SingleSelection);
    m_ruleTable->verticalHeader()->setDefaultSectionSize(22);
    m_ruleTable->verticalHeader()->setFixedWidth(28);
    m_ruleTable->horizontalHeader()->setHighlightSections(false);
    m_ruleTable->horizontalHeader()->setSectionResizeMode(RuleTableModel::Roles, QHeaderView::Stretch);
    m_ruleTable->horizontalHeader()->resizeSection(RuleTableModel::Blocks, 64);
    connect(m_ruleTable, &QTableView::doubleClicked, this, [this](const QModelIndex& index) { editRule(index.row()); });
    const auto button = [this](const QString& text, const QString& tip, auto action) {
        auto* tool = new QToolButton(this);
        tool->setText(text);
        tool->setToolTip(tip);
        tool->setAccessibleName(tip);
        connect(tool, &QToolButton::clicked, this, action);
        m_ruleButtons.append(tool);
    };
    auto& editor = m_session.recipe();
    button(QStringLiteral("+"), tr("Add a rule"), [this] { addRule(); });
    button(QStringLiteral("−"), tr("Remove the rule"), [this, &editor] { editor.removeRule(currentRule()); });
    button(QStringLiteral("↑"), tr("Move the rule up"),
           [this, &editor] { editor.moveRule(currentRule(), currentRule() - 1); });
    button(QStringLiteral("↓"), tr("Move the rule down: later rules win"),
           [this, &editor] { editor.moveRule(currentRule(), currentRule() + 1); });
}

void RecipePanel::createTotals() {
    m_totals = new QLabel(this);
    m_totals->setObjectName(QStringLiteral("recipeTotals"));
    m_totals->setTextFormat(Qt::RichText);
    m_totals->setWordWrap(true);
    m_overrides = mutedLabel({}, this);
    m_clearOverrides = new QToolButton(this);
    m_clearOverrides->setText(tr("Clear"));
    m_clearOverrides->setToolTip(tr("Takes back all formats and methods set by hand"));
    connect(m_clearOverrides, &QToolButton::clicked, this, [this] { m_session.recipe().clearAllOverrides(); });
    m_problemList = new QListView(this);
    m_problemList->setObjectName(QStringLiteral("recipeProblems"));
    m_problemList->setAccessibleName(tr("Problems of the recipe"));
    m_problemList->setModel(m_problems);
    m_problemList->setWordWrap(true);
    m_problemList->setUniformItemSizes(false);
    m_problemList->setResizeMode(QListView::Adjust);
    connect(m_problemList, &QListView::clicked, this, [this](const QModelIndex& index) { jumpToProblem(index.row()); });
}

void RecipePanel::createLayout() {
    auto* top = new QHBoxLayout;
    top->addWidget(m_name, 1);
    top->addWidget(m_presets);
    auto* defaults = new QHBoxLayout;
    defaults->addWidget(new QLabel(tr("Default"), this));
    defaults->addWidget(m_default, 1);
    defaults->addWidget(m_extras);
    auto* targets = new QHBoxLayout;
    targets->addWidget(new QLabel(tr("Runs on"), this));
    targets->addWidget(m_target, 1);
    auto* methods = new QHBoxLayout;
    methods->addWidget(new QLabel(tr("Method"), this));
    methods->addWidget(m_method, 1);
    methods->addWidget(m_useCalibration);
    auto* ruleBar = new QHBoxLayout;
    ruleBar->addWidget(titleLabel(tr("Rules"), this));
    ruleBar->addStretch();
    for (auto* button : m_ruleButtons) ruleBar->addWidget(button);
    auto* overrides = new QHBoxLayout;
    overrides->addWidget(m_overrides, 1);
    overrides->addWidget(m_clearOverrides);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(6);
    layout->addLayout(top);
    layout->addWidget(m_totals);
    layout->addLayout(targets);
    layout->addLayout(defaults);
    layout->addLayout(methods);
    layout->addLayout(ruleBar);
    layout->addWidget(m_ruleTable, 2);
    layout->addLayout(overrides);
    layout->addWidget(m_problemList, 1);
    // The buttons stand above the table that they were made after.
    QWidget* before = m_useCalibration;
    for (auto* button : m_ruleButtons) {
        setTabOrder(before, button);
        before = button;
    }
    setTabOrder(before, m_ruleTable);
    setTabOrder(m_presets, m_target);
    setTabOrder(m_target, m_default);
}

void RecipePanel::connectSession() {
    connect(&m_session.recipe(), &RecipeEditor::changed, this, &RecipePanel::refresh);
    connect(&m_session.recipe(), &RecipeEditor::targetChanged, this, &RecipePanel::refresh);
    connect(&m_session.calibration(), &CalibrationService::changed, this, &RecipePanel::refresh);
    connect(&m_session, &Session::checkpointChanged, this, &RecipePanel::refresh);
    connect(&m_session.memory(), &MemoryService::changed, this, &RecipePanel::refreshTotals);
}

void RecipePanel::refresh() {
    const auto& recipe = m_session.recipe().recipe();
    setEnabled(m_session.checkpoint() != nullptr);
    m_name->setText(recipe.name.empty() ? tr("Recipe") : coreText(recipe.name));
    m_name->setToolTip(m_name->text());
    chooseFormat(*m_default, recipe.defaultFormat ? QString::fromStdString(recipe.defaultFormat->name()) : QString());
    m_extras->setEnabled(recipe.defaultFormat.has_value());
    refreshTarget();
    m_method->setChoice(recipe.defaultMethod);
    m_useCalibration->setEnabled(m_session.calibration().hasData());
    m_useCalibration->setChecked(m_session.usesCalibration() && m_session.calibration().hasData());
    m_ruleTable->verticalHeader()->setVisible(!recipe.rules.empty());
    // Conditions that no rule has would only take room from the roles.
    const auto anyRule = [&](const auto& has) { return std::ranges::any_of(recipe.rules, has); };
    m_ruleTable->setColumnHidden(RuleTableModel::Names,
                                 !anyRule([](const RecipeRule& rule) { return !rule.match.regex.empty(); }));
    m_ruleTable->setColumnHidden(RuleTableModel::MethodColumn,
                                 !anyRule([](const RecipeRule& rule) { return rule.method.has_value(); }));
    const int overrides = m_session.recipe().overrideCount();
    m_overrides->setText(overrides ? tr("%n tensors set by hand", nullptr, overrides)
                                   : tr("No tensor is set by hand: change formats in the table."));
    m_clearOverrides->setVisible(overrides > 0);
    m_problems->setProblems(m_session.recipe().resolved().problems);
    m_problemList->setVisible(m_problems->rowCount() > 0);
    shareHeight(int(recipe.rules.size()));
    refreshTotals();
}

/// Problems get the room that few rules leave.
void RecipePanel::shareHeight(int rules) {
    constexpr int kFewestRows = 2;
    const int wish = m_ruleTable->horizontalHeader()->sizeHint().height() +
                     std::max(rules, kFewestRows) * m_ruleTable->verticalHeader()->defaultSectionSize() +
                     2 * m_ruleTable->frameWidth();
    m_ruleTable->setMaximumHeight(m_problems->rowCount() > 0 ? wish : QWIDGETSIZE_MAX);
}

QString RecipePanel::savingText(double saved, double sourceBytes) {
    if (std::abs(saved) < 0.0005) return tr("as large as the original");
    return saved > 0 ? tr("%1 saved of %2").arg(sharePercentText(saved), bytesText(sourceBytes))
                     : tr("%1 more than %2").arg(sharePercentText(-saved), bytesText(sourceBytes));
}

void RecipePanel::refreshTotals() {
    const auto& totals = m_session.recipe().resolved().totals;
    if (totals.parameters == 0) {
        m_totals->clear();
        return;
    }
    const double saved = totals.sourceBytes > 0 ? 1.0 - double(totals.bytes) / double(totals.sourceBytes) : 0;
    QString text = QStringLiteral("<b>%1</b> · <b>%2</b> · %3")
                       .arg(tr("%1 bits per weight").arg(numberText(totals.bitsPerWeight())),
                            bytesText(double(totals.bytes)), savingText(saved, double(totals.sourceBytes)));
    if (const auto& memory = m_session.memory().estimate())
        text += QStringLiteral(" · ") +
                tr("runs in %1 at %2 tokens")
                    .arg(bytesText(double(memory->total())), countText(m_session.memory().contextLength()));
    m_totals->setText(text);
}

void RecipePanel::onDefaultChosen() {
    const QString name = m_default->currentData().toString();
    if (name.isEmpty()) return m_session.recipe().setDefaultFormat(std::nullopt);
    if (const auto format = Format::parse(name.toStdString())) m_session.recipe().setDefaultFormat(*format);
}

void RecipePanel::onExtrasWanted() {
    const auto& format = m_session.recipe().recipe().defaultFormat;
    if (!format) return;
    const int current = std::max(0, m_session.selection().current());
    const auto* entry = m_session.recipe().resolvedTensor(current);
    askForExtras(*format, entry ? entry->rows : 1, entry ? entry->cols : 1, this, [this](const FormatExtras& extras) {
        const auto& now = m_session.recipe().recipe().defaultFormat;
        if (now && extrasObstacle(*now, extras).empty()) m_session.recipe().setDefaultFormat(now->with(extras));
    });
}

int RecipePanel::currentRule() const {
    return m_ruleTable->currentIndex().isValid() ? m_ruleTable->currentIndex().row() : -1;
}

void RecipePanel::addRule() {
    RecipeRule rule;
    rule.format = Format::of(DType::kQ6_K);
    const int current = m_session.selection().current();
    if (current >= 0) rule.match.roles.insert(m_session.tensor(current).role);
    RuleDialog dialog(rule, m_session.recipe().recipe().defaultMethod, m_session.checkpoint()->tensors(), this);
    dialog.setTarget(m_session.recipe().target());
    if (dialog.exec() == QDialog::Accepted) m_session.recipe().addRule(dialog.rule());
    focusRule(int(m_session.recipe().recipe().rules.size()) - 1);
}

/// Keys go to the rules after a dialog about one, and not to the next field that takes text.
void RecipePanel::focusRule(int row) {
    m_ruleTable->setFocus();
    m_ruleTable->setCurrentIndex(m_rules->index(row, 0));
}

void RecipePanel::editRule(int row) {
    const auto& recipe = m_session.recipe().recipe();
    if (row < 0 || size_t(row) >= recipe.rules.size()) return;
    RuleDialog dialog(recipe.rules[size_t(row)], recipe.defaultMethod, m_session.checkpoint()->tensors(), this);
    dialog.setTarget(m_session.recipe().target());
    if (dialog.exec() == QDialog::Accepted) m_session.recipe().replaceRule(row, dialog.rule());
    focusRule(row);
}

void RecipePanel::jumpToProblem(int row) {
    const auto& names = m_problems->tensorsOf(row);
    const QSet<QString> wanted(names.begin(), names.end());
    QList<int> found;
    for (int tensor = 0; tensor < m_session.tensorCount(); ++tensor) {
        if (wanted.contains(QString::fromStdString(m_session.tensor(tensor).canonicalName))) found.append(tensor);
    }
    if (!found.isEmpty()) m_session.selection().select(found);
}

void RecipePanel::loadPreset(const QString& path) {
    app::loadPreset(m_session, path);
}

void RecipePanel::load() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Load a recipe"), {}, tr("Recipes (*.recipe);;All files (*)"));
    if (!path.isEmpty()) loadPreset(path);
}

void RecipePanel::save() {
    QString path = QFileDialog::getSaveFileName(this, tr("Save the recipe"), QStringLiteral("my.recipe"),
                                                tr("Recipes (*.recipe)"));
    if (path.isEmpty()) return;
    if (!path.endsWith(QLatin1String(".recipe"))) path += QStringLiteral(".recipe");
    if (auto status = m_session.recipe().recipe().save(path.toStdString()); !status)
        m_session.messages().fail([] { return tr("Recipe"); }, status.error());
}

}  // namespace halftone::app
