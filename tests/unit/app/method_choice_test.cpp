// SPDX-License-Identifier: GPL-3.0-or-later
// The combo box and the dialog in which a method and its parameters are chosen.
#include <gtest/gtest.h>

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "app/dialogs/method_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/widgets/method_combo.h"

namespace halftone::app {
namespace {

bool isEnabled(const QComboBox& combo, int index) {
    return combo.model()->flags(combo.model()->index(index, 0)) & Qt::ItemIsEnabled;
}

MethodChoice method(const char* text) {
    return MethodChoice::parse(text).value();
}

TEST(MethodCombo, DisablesWhatMakesNoSenseForTheFormatAndSaysWhy) {
    MethodCombo combo(QString{});
    combo.setFormat(Format::of(DType::kQ4_K));
    int disabled = 0;
    for (const auto& offered : offeredMethods()) {
        const int index = combo.findData(QString::fromStdString(std::string(offered.name)));
        ASSERT_GE(index, 0);
        const std::string obstacle = methodObstacle(offered.id, Format::of(DType::kQ4_K));
        EXPECT_EQ(isEnabled(combo, index), obstacle.empty()) << offered.name;
        if (obstacle.empty()) continue;
        EXPECT_EQ(combo.itemData(index, Qt::ToolTipRole).toString().toStdString(), obstacle);
        ++disabled;
    }
    EXPECT_GT(disabled, 0);
    combo.setFormat(std::nullopt);
    EXPECT_TRUE(isEnabled(combo, combo.findData("hqq")));
}

TEST(MethodCombo, ShowsParametersAndLeavesTheChoiceToOthers) {
    MethodCombo combo("default");
    EXPECT_FALSE(combo.choice());
    EXPECT_FALSE(isEnabled(combo, combo.count() - 1)) << "nearest has no parameters";
    combo.setInherited(method("gptq"));
    EXPECT_TRUE(isEnabled(combo, combo.count() - 1));
    EXPECT_EQ(combo.effectiveChoice(), method("gptq"));
    combo.setChoice(method("gptq:damping=0.05"));
    EXPECT_EQ(combo.currentText(), "GPTQ (damping 0.05)");
    EXPECT_EQ(combo.choice(), method("gptq:damping=0.05"));
    combo.setChoice(method("mse"));
    EXPECT_GE(combo.findText("GPTQ"), 0) << "parameters belong to the choice";
}

TEST(MethodCombo, TheEntryForParametersIsNoMethod) {
    MethodCombo combo(QString{});
    combo.setChoice(method("gptq"));
    QSignalSpy chosen(&combo, &MethodCombo::chosen), wanted(&combo, &MethodCombo::parametersWanted);
    emit combo.activated(combo.count() - 1);
    EXPECT_EQ(wanted.count(), 1);
    EXPECT_EQ(chosen.count(), 0);
    EXPECT_EQ(combo.currentText(), "GPTQ");
    emit combo.activated(combo.findData("awq"));
    EXPECT_EQ(chosen.count(), 1);
    EXPECT_EQ(combo.choice(), method("awq"));
}

TEST(MethodDialog, SetsNumbersAndFlagsAndResetsThem) {
    MethodDialog dialog(method("gptq:damping=0.05"));
    auto* damping = dialog.findChild<QDoubleSpinBox*>("damping");
    auto* order = dialog.findChild<QCheckBox*>("act_order");
    ASSERT_TRUE(damping && order);
    EXPECT_EQ(damping->value(), 0.05);
    EXPECT_TRUE(order->isChecked());
    EXPECT_FALSE(damping->toolTip().isEmpty());
    order->setChecked(false);
    damping->setValue(0.002);
    EXPECT_EQ(dialog.choice(), method("gptq:damping=0.002:act_order=0"));
    damping->setValue(1000);
    EXPECT_EQ(dialog.choice().value("damping"), 10) << "not beyond what the method takes";
    auto* reset = dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::RestoreDefaults);
    EXPECT_TRUE(reset->isEnabled());
    reset->click();
    EXPECT_EQ(dialog.choice(), method("gptq"));
    EXPECT_FALSE(reset->isEnabled());
}

TEST(MethodDialog, EveryMethodKeepsItsParameters) {
    for (const auto& offered : offeredMethods()) {
        MethodChoice choice{.id = offered.id, .parameters = {}};
        for (const auto& parameter : offered.parameters) {
            const double other = parameter.standard == parameter.minimum ? parameter.maximum : parameter.minimum;
            choice.parameters.emplace(parameter.key, other);
        }
        EXPECT_EQ(MethodDialog(choice).choice(), choice) << offered.name;
    }
}

TEST(RuleDialog, AMethodIsTheDefaultOneOrOneThatFitsTheFormat) {
    RecipeRule rule;
    rule.format = Format::parse("int4_g64_asym").value();
    RuleDialog plain(rule, method("gptq"), {});
    EXPECT_EQ(plain.rule(), rule) << "default stays default";
    rule.method = method("hqq:norm=0.5");
    RuleDialog dialog(rule, {}, {});
    EXPECT_EQ(dialog.rule(), rule);
    auto* ok = dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
    EXPECT_TRUE(ok->isEnabled());
    auto* format = dialog.findChild<QComboBox*>("ruleFormat");
    auto* methods = dialog.findChild<MethodCombo*>("ruleMethod");
    ASSERT_TRUE(format && methods);
    format->setCurrentIndex(format->findData("q4_k"));
    EXPECT_FALSE(ok->isEnabled()) << "Q4_K has no zero point for HQQ to move";
    EXPECT_FALSE(isEnabled(*methods, methods->findData("hqq:norm=0.5")));
    emit methods->activated(0);
    EXPECT_TRUE(ok->isEnabled());
    EXPECT_FALSE(dialog.rule().method);
}

}  // namespace
}  // namespace halftone::app
