// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/filter_expression.h"

#include <gtest/gtest.h>

#include <QStringList>

namespace halftone::app {
namespace {

class Row : public FilterSubject {
  public:
    [[nodiscard]] std::optional<double> number(const QString& name) const override {
        if (name == "kurtosis") return 38.2;
        if (name == "size") return 2.45e6;
        return std::nullopt;  // error: not known yet
    }
    [[nodiscard]] std::optional<double> ranked(const QString& name, int rank) const override {
        return name == "kurtosis" ? std::optional(rank == 1 ? 50.0 : 38.2) : std::nullopt;
    }
    [[nodiscard]] QString text(const QString& name) const override {
        if (name == "name") return "blk.7.ffn_down.weight";
        if (name == "role") return "ffn_down";
        return {};
    }
};

FilterField fields(const QString& name) {
    if (name == "name" || name == "role") return FilterField::Text;
    return name == "kurtosis" || name == "size" || name == "error" ? FilterField::Number : FilterField::Unknown;
}

bool matches(const QString& text) {
    std::optional<FilterExpression::Problem> problem;
    const auto expression = FilterExpression::parse(text, fields, problem);
    EXPECT_FALSE(problem) << text.toStdString() << ": " << (problem ? problem->message.toStdString() : "");
    return expression.matches(Row());
}

QString problemOf(const QString& text) {
    std::optional<FilterExpression::Problem> problem;
    (void)FilterExpression::parse(text, fields, problem);
    return problem ? problem->message : QString();
}

TEST(FilterExpression, EmptyMatchesEverything) {
    EXPECT_TRUE(matches(""));
    EXPECT_TRUE(matches("   "));
}

TEST(FilterExpression, AWordIsPartOfTheName) {
    EXPECT_TRUE(matches("ffn_down"));
    EXPECT_TRUE(matches("FFN"));
    EXPECT_TRUE(matches("\"blk.7.\""));
    EXPECT_FALSE(matches("attn"));
}

TEST(FilterExpression, Comparisons) {
    EXPECT_TRUE(matches("role=ffn_down"));
    EXPECT_TRUE(matches("role = FFN_DOWN"));
    EXPECT_FALSE(matches("role!=ffn_down"));
    EXPECT_TRUE(matches("role~down"));
    EXPECT_TRUE(matches("kurtosis>20"));
    EXPECT_FALSE(matches("kurtosis<=20"));
    EXPECT_TRUE(matches("size>=2.4M"));
    EXPECT_TRUE(matches("size<2500k"));
}

TEST(FilterExpression, ARankStandsForANumber) {
    EXPECT_TRUE(matches("kurtosis>=#2"));
    EXPECT_FALSE(matches("kurtosis>=#1"));
    EXPECT_TRUE(matches("kurtosis<#1 || kurtosis>1e6"));
    EXPECT_FALSE(matches("size>=#1")) << "nothing is known of the other rows";
    for (const char* wrong : {"kurtosis>=#0", "kurtosis>=#", "kurtosis>=#ten", "kurtosis>=#99999999"})
        EXPECT_TRUE(problemOf(wrong).contains("not a number")) << wrong;
    std::optional<FilterExpression::Problem> problem;
    EXPECT_TRUE(FilterExpression::parse("role=a && (!kurtosis>=#3)", fields, problem).usesRanks());
    EXPECT_FALSE(FilterExpression::parse("role=a && kurtosis>3", fields, problem).usesRanks());
}

TEST(FilterExpression, ANumberThatIsNotThereFailsEveryComparison) {
    EXPECT_FALSE(matches("error>0"));
    EXPECT_FALSE(matches("error<=0"));
    EXPECT_TRUE(matches("!error>0"));
}

TEST(FilterExpression, Combinations) {
    EXPECT_TRUE(matches("role=ffn_down && kurtosis>20"));
    EXPECT_TRUE(matches("role=ffn_down kurtosis>20"));
    EXPECT_FALSE(matches("role=attn_q && kurtosis>20"));
    EXPECT_TRUE(matches("role=attn_q || kurtosis>20"));
    EXPECT_TRUE(matches("(role=attn_q || role=ffn_down) && !attn"));
    EXPECT_TRUE(matches("role=attn_q && kurtosis>20 || ffn")) << "&& binds closer than ||";
}

TEST(FilterExpression, ProblemsAreNamed) {
    EXPECT_TRUE(problemOf("kurtoses>20").contains("kurtoses"));
    EXPECT_TRUE(problemOf("kurtosis>").contains("value"));
    EXPECT_TRUE(problemOf("kurtosis>abc").contains("abc"));
    EXPECT_TRUE(problemOf("kurtosis~3").contains("number"));
    EXPECT_TRUE(problemOf("role>3").contains("text"));
    EXPECT_TRUE(problemOf("(role=x").contains("parenthesis"));
    EXPECT_FALSE(problemOf("role=x)").isEmpty());
    EXPECT_FALSE(problemOf("&& x").isEmpty());
    EXPECT_FALSE(problemOf("x ||").isEmpty());
    EXPECT_FALSE(problemOf("kurtosis=>3").isEmpty());
}

TEST(FilterExpression, DeepNestingIsRefused) {
    EXPECT_FALSE(problemOf(QString(10'000, '(') + "x").isEmpty());
}

TEST(FilterExpression, NoInputMakesItHang) {
    const QStringList pieces{"(", ")", "!", "&&", "||", "=", ">", "x", "\"", "kurtosis", "3", "&", "|", "~"};
    for (const auto& a : pieces) {
        for (const auto& b : pieces) {
            for (const auto& c : pieces) (void)problemOf(a + b + c);
        }
    }
}

}  // namespace
}  // namespace halftone::app
