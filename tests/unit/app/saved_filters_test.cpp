// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/saved_filters.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QSettings>

namespace halftone::app {
namespace {

class SavedFiltersTest : public ::testing::Test {
  protected:
    void SetUp() override { QSettings().clear(); }
    void TearDown() override { QSettings().clear(); }
    static int rowOf(const SavedFilters& filters, const QString& name) {
        for (int row = 0; row < filters.rowCount(); ++row)
            if (filters.filters()[row].name == name) return row;
        return -1;
    }
};

TEST_F(SavedFiltersTest, KeepsWhatIsAddedByNameAfterThoseOfTheProgram) {
    SavedFilters filters;
    const QAbstractItemModelTester tester(&filters, QAbstractItemModelTester::FailureReportingMode::Fatal);
    const int builtIn = filters.rowCount();
    EXPECT_GE(builtIn, 5);
    EXPECT_TRUE(filters.add("wide", "bits>8"));
    EXPECT_TRUE(filters.add(" downs ", " role=ffn_down "));
    ASSERT_EQ(filters.rowCount(), builtIn + 2);
    EXPECT_EQ(rowOf(filters, "downs"), builtIn);
    EXPECT_EQ(rowOf(filters, "wide"), builtIn + 1);
    EXPECT_EQ(filters.index(builtIn).data(SavedFilters::ExpressionRole), "role=ffn_down");
    EXPECT_FALSE(filters.index(builtIn).data(SavedFilters::BuiltInRole).toBool());
    EXPECT_EQ(SavedFilters().filters(), filters.filters()) << "the next start has them";
}

TEST_F(SavedFiltersTest, ANameIsThereOnce) {
    SavedFilters filters;
    const QAbstractItemModelTester tester(&filters, QAbstractItemModelTester::FailureReportingMode::Fatal);
    EXPECT_TRUE(filters.add("mine", "bits>8"));
    const int count = filters.rowCount();
    EXPECT_TRUE(filters.add("mine", "bits>4"));
    EXPECT_EQ(filters.rowCount(), count);
    EXPECT_EQ(filters.filters()[rowOf(filters, "mine")].expression, "bits>4");
    EXPECT_FALSE(filters.add(filters.filters().first().name, "bits>4")) << "the program's stay";
    EXPECT_FALSE(filters.add("  ", "bits>4"));
    EXPECT_FALSE(filters.add("none", "  "));
}

TEST_F(SavedFiltersTest, OnesOwnCanBeDeleted) {
    SavedFilters filters;
    const QAbstractItemModelTester tester(&filters, QAbstractItemModelTester::FailureReportingMode::Fatal);
    filters.add("a", "x");
    filters.add("b", "y");
    EXPECT_FALSE(filters.remove(0)) << "comes with the program";
    EXPECT_FALSE(filters.remove(-1));
    EXPECT_TRUE(filters.remove(rowOf(filters, "a")));
    EXPECT_EQ(rowOf(filters, "a"), -1);
    EXPECT_EQ(SavedFilters().filters(), filters.filters());
}

TEST_F(SavedFiltersTest, ASpoiltEntryIsLeftOut) {
    QSettings settings;
    settings.beginWriteArray("tensors/filters");
    settings.setArrayIndex(0);
    settings.setValue("name", "no expression");
    settings.setArrayIndex(1);
    settings.setValue("name", "good");
    settings.setValue("expression", "bits>4");
    settings.endArray();
    settings.sync();
    const SavedFilters filters;
    EXPECT_EQ(rowOf(filters, "no expression"), -1);
    EXPECT_GE(rowOf(filters, "good"), 0);
}

}  // namespace
}  // namespace halftone::app
