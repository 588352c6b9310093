// SPDX-License-Identifier: GPL-3.0-or-later
// The histogram on a logarithmic axis of values, and where groups cut values off.
#include <QLabel>
#include <QToolButton>

#include <algorithm>
#include <cmath>

#include "app/panels/distribution/distribution_panel.h"
#include "app/plots/distribution_plot.h"
#include "app/session/resources.h"
#include "app/widgets/number_text.h"
#include "core/quant/formats/packed_tensor.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class DistributionTest : public WindowTest {
  protected:
    struct Line {
        double lower = 0, upper = 0, original = 0, quantized = 0;
    };
    void show(const char* format, MethodId method = MethodId::kNearest) {
        openSample();
        m_tensor = tensorsOf(TensorRole::kFfnDown).at(2);
        session.selection().select({m_tensor});
        session.recipe().apply(Recipe::pure(Format::parse(format).value(), MethodChoice{method, {}}));
        ASSERT_TRUE(awaitIdle());
    }
    DistributionPlot& plot() { return *find<DistributionPlot>("distributionPlot"); }
    void setLogValues(bool logarithmic) {
        find<QToolButton>("logValues")->setChecked(logarithmic);
        QTest::qWait(20);
    }
    [[nodiscard]] QList<Line> lines() {
        QList<Line> found;
        for (const auto& line : plot().csv().split('\n', Qt::SkipEmptyParts).mid(1)) {
            const auto cells = line.split(',');
            found.append({cells[0].toDouble(), cells[1].toDouble(), cells[2].toDouble(), cells[3].toDouble()});
        }
        return found;
    }
    [[nodiscard]] std::vector<float> values() {
        const auto rows = openRows(session.checkpoint(), session.tensor(m_tensor)).value();
        std::vector<float> all(size_t(rows->rows() * rows->cols()));
        EXPECT_TRUE(rows->readRows(0, rows->rows(), all).has_value());
        return all;
    }
    QPoint at(double value) {
        const double x = plot().xAxis->coordToPixel(plot().valueAxis().placeOf(value));
        return {int(std::lround(x)), plot().axisRect()->rect().center().y()};
    }
    [[nodiscard]] QString caption() {
        QString all;
        for (const auto* label : find<QWidget>("distributionPanel")->findChildren<QLabel*>())
            all += label->text() + QLatin1Char('\n');
        return all;
    }
    /// The visible texts of the plot's items.
    [[nodiscard]] QStringList marks() {
        QStringList texts;
        for (int i = 0; i < plot().itemCount(); ++i) {
            const auto* text = qobject_cast<QCPItemText*>(plot().item(i));
            if (text && text->visible()) texts << text->text();
        }
        return texts;
    }

    int m_tensor = -1;
};

TEST_F(DistributionTest, ALogarithmicAxisShowsEveryValueOnceInUnequalBins) {
    show("q4_k");
    setLogValues(true);
    ASSERT_TRUE(plot().valueAxis().isLogarithmic());
    const auto all = values();
    const auto [least, most] = std::ranges::minmax(all);
    const auto bins = lines();
    ASSERT_GT(bins.size(), 20);
    EXPECT_LE(bins.first().lower, double(least));
    EXPECT_GE(bins.last().upper, double(most));
    double original = 0, quantized = 0, narrowest = INFINITY, widest = 0;
    for (int i = 0; i < bins.size(); ++i) {
        original += bins[i].original;
        quantized += bins[i].quantized;
        if (i > 0) {
            EXPECT_NEAR(bins[i].lower, bins[i - 1].upper, 1e-9 * std::abs(bins[i].lower) + 1e-15);
        }
        narrowest = std::min(narrowest, bins[i].upper - bins[i].lower);
        widest = std::max(widest, bins[i].upper - bins[i].lower);
        if (bins[i].upper - bins[i].lower < 0.02 * double(most)) continue;  // a source bin is shared out
        const auto exact = std::ranges::count_if(
            all, [&](float v) { return double(v) >= bins[i].lower && double(v) < bins[i].upper; });
        EXPECT_NEAR(bins[i].original, double(exact), 3 + 0.1 * double(exact)) << bins[i].lower;
    }
    EXPECT_NEAR(original, double(all.size()), 1);
    EXPECT_NEAR(quantized, double(all.size()), 1);
    EXPECT_GT(widest, 3 * narrowest);
    EXPECT_TRUE(plot().outsideText().contains("below 0")) << plot().outsideText().toStdString();
    setLogValues(false);
    const auto linear = lines();
    EXPECT_NEAR(linear.first().upper - linear.first().lower, linear.last().upper - linear.last().lower, 1e-6);
}

TEST_F(DistributionTest, MarkersDragsAndTheStatusBarSpeakOfValuesOnALogarithmicAxis) {
    show("q4_k");
    setLogValues(true);
    const auto* stats = session.statistics().of(m_tensor).get();
    ASSERT_NE(stats, nullptr);
    const double p99 = stats->histogram.quantile(0.99);
    for (int i = 0; i < plot().itemCount(); ++i) {
        const auto* text = qobject_cast<QCPItemText*>(plot().item(i));
        if (!text || text->text() != QLatin1String("p99")) continue;
        EXPECT_NEAR(plot().valueAxis().valueAt(text->position->key()), p99, 1e-6);
    }
    QString probe;
    std::optional<DraggedRange> chosen;
    QObject::connect(&plot(), &DistributionPlot::probed, [&](const QString& text) { probe = text; });
    QObject::connect(&plot(), &DistributionPlot::rangeChosen, [&](std::optional<DraggedRange> range) { chosen = range; });
    QTest::mouseMove(&plot(), at(p99));
    const auto bins = lines();
    const auto met = std::ranges::find_if(bins, [&](const Line& bin) { return bin.lower <= p99 && p99 < bin.upper; });
    ASSERT_NE(met, bins.end());
    EXPECT_TRUE(probe.startsWith("values ")) << probe.toStdString();
    EXPECT_TRUE(probe.contains(QStringLiteral(" to "))) << "bins differ in width";
    const double from = 0.25 * stats->max, to = 0.75 * stats->max;
    QTest::mousePress(&plot(), Qt::LeftButton, {}, at(from));
    QTest::mouseMove(&plot(), at(to));
    QTest::mouseRelease(&plot(), Qt::LeftButton, {}, at(to));
    ASSERT_TRUE(chosen);
    EXPECT_NEAR(chosen->low, from, 0.05 * from);
    EXPECT_NEAR(chosen->high, to, 0.05 * to);
    ASSERT_TRUE(awaitIdle());
    const auto all = values();
    const auto inside =
        std::ranges::count_if(all, [&](float v) { return double(v) >= chosen->low && double(v) <= chosen->high; });
    EXPECT_TRUE(caption().contains(QStringLiteral(": %1 values").arg(inside))) << caption().toStdString();
}

TEST_F(DistributionTest, EveryTensorHasALogarithmicAxisOfItsOwn) {
    show("q4_k");
    setLogValues(true);
    const double unit = plot().valueAxis().unit();
    EXPECT_FALSE(find<QWidget>("fullRange")->isEnabled()) << "everything is shown";
    session.selection().select({tensorsOf(TensorRole::kAttnNorm).first()});
    ASSERT_TRUE(awaitIdle());
    EXPECT_TRUE(plot().valueAxis().isLogarithmic());
    EXPECT_NE(plot().valueAxis().unit(), unit);
    EXPECT_FALSE(lines().isEmpty());
}

TEST_F(DistributionTest, ClippingIsDrawnAndCountedWhereAMethodClips) {
    show("int3_channel_sym", MethodId::kMse);
    ASSERT_TRUE(test::waitUntil([&] { return caption().contains("clipped"); })) << caption().toStdString();
    EXPECT_TRUE(marks().contains("clip"));
    session.recipe().apply(Recipe::pure(Format::parse("q8_0").value()));
    ASSERT_TRUE(awaitIdle());
    EXPECT_FALSE(caption().contains("clipped")) << caption().toStdString();
    EXPECT_FALSE(marks().contains("clip")) << "the range reaches the extremes";
}

/// Figures and histogram are those of the method that the recipe has, also where an undo finds its errors known.
TEST_F(DistributionTest, AMethodThatScalesIsShownThereAndBack) {
    show("int3_g64_asym");
    session.calibration().start({resourcePath(QStringLiteral("texts/calibration.txt")), 128, 1024});
    ASSERT_TRUE(awaitIdle());
    const auto expectCurrent = [this](const char* when) {
        ASSERT_TRUE(awaitIdle());
        const QString error = numberText(session.quantization().of(m_tensor)->relativeMse());
        EXPECT_TRUE(caption().contains(QStringLiteral("error %1 ").arg(error)))
            << when << ": " << error.toStdString() << " in " << caption().toStdString();
    };
    expectCurrent("nearest");
    const double nearest = session.quantization().of(m_tensor)->relativeMse();
    const auto extent = [this] {
        double widest = 0;
        for (const Line& line : lines())
            if (line.quantized > 0) widest = std::max({widest, std::abs(line.lower), std::abs(line.upper)});
        return widest;
    };
    find<QToolButton>("fullRange")->setChecked(true);
    const double before = extent();
    session.recipe().setMethod({m_tensor}, MethodChoice{MethodId::kAwq, {}});
    expectCurrent("awq");
    EXPECT_NE(session.quantization().of(m_tensor)->relativeMse(), nearest);
    EXPECT_NEAR(extent(), before, 0.25 * before) << "weights as the model meets them, without the factors";
    session.recipe().undoStack().undo();
    expectCurrent("undone");
    EXPECT_EQ(session.quantization().of(m_tensor)->relativeMse(), nearest);
    session.recipe().undoStack().redo();
    expectCurrent("done again");
}

}  // namespace
}  // namespace halftone::app
