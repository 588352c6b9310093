// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QXmlStreamReader>

#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/recipe/recipe_panel.h"
#include "app/plots/layer_matrix.h"
#include "app/plots/picture_menu.h"
#include "app/report/report.h"
#include "app/session/resources.h"
#include "app/widgets/number_text.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

class ReportTest : public WindowTest {
  protected:
    [[nodiscard]] QString written() {
        const QString path = QDir(QString::fromStdString(folder.path().string())).filePath("report.html");
        window.exportReport(path);
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::ReadOnly));
        return QString::fromUtf8(file.readAll());
    }
    /// What is wrong with a page as XML; empty: nothing.
    static QString faultOf(const QString& page) {
        QXmlStreamReader reader(page);
        while (!reader.atEnd()) reader.readNext();
        return reader.hasError() ? QStringLiteral("%1 in line %2").arg(reader.errorString()).arg(reader.lineNumber())
                                 : QString();
    }
    static void expectSelfContained(const QString& page) {
        for (const char* forbidden : {"http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link"})
            EXPECT_FALSE(page.contains(QLatin1String(forbidden))) << forbidden;
    }

    test::TemporaryFolder folder;
};

TEST_F(ReportTest, HoldsWhatWasMeasuredAndNothingFromOutside) {
    openSample();
    window.recipePanel().loadPreset(resourcePath(QStringLiteral("presets/int3_trial.recipe")));
    window.evaluationPanel().setChunks(2);
    window.evaluationPanel().start(EvaluationTarget::Recipe);
    ASSERT_TRUE(awaitIdle());
    const QString page = written();
    EXPECT_EQ(faultOf(page).toStdString(), "");
    expectSelfContained(page);
    const auto* run = session.evaluation().ofRecipe();
    ASSERT_TRUE(run && run->result.reference);
    EXPECT_TRUE(page.contains(perplexityText(run->result.perplexity.mean, run->result.perplexity.standardError)));
    EXPECT_TRUE(page.contains(numberText(session.recipe().resolved().totals.bitsPerWeight()) + " bits per weight"));
    for (int tensor = 0; tensor < session.tensorCount(); ++tensor)
        ASSERT_TRUE(page.contains(QString::fromStdString(session.tensor(tensor).canonicalName)));
    EXPECT_EQ(page.count("<svg "), 4) << "size against divergence, bits, error as matrix and as lines";
    EXPECT_TRUE(page.contains("prefers-color-scheme:dark"));
    EXPECT_TRUE(page.contains(QString::fromStdString(session.recipe().recipe().toText()).toHtmlEscaped()));
    const auto worst = session.damage().worst(1);
    ASSERT_FALSE(worst.empty());
    EXPECT_TRUE(page.contains(numberText(double(session.damage().run()->result.tokenKld[size_t(worst[0])]))));
    EXPECT_FALSE(page.contains(QString::fromStdString(session.checkpoint()->path().string())))
        << "where files lie is nobody else's business";
    EXPECT_EQ(errorCount(), 0);
}

TEST_F(ReportTest, IsWellFormedWithNothingMeasuredAndWithNamesThatLookLikeMarkup) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    EXPECT_EQ(faultOf(written()).toStdString(), "");
    Recipe recipe = Recipe::pure(Format::of(DType::kQ4_0));
    recipe.name = "</title><b>\"x\" & y";
    session.recipe().apply(recipe);
    ASSERT_TRUE(awaitIdle());
    const QString page = written();
    EXPECT_EQ(faultOf(page).toStdString(), "");
    expectSelfContained(page);
    EXPECT_TRUE(page.contains("&lt;/title&gt;&lt;b&gt;"));
}

TEST_F(ReportTest, APlaceThatCannotBeWrittenIsAMessage) {
    openSample();
    window.exportReport(QStringLiteral("/no such folder/report.html"));
    EXPECT_EQ(errorCount(), 1);
    EXPECT_TRUE(session.messages().messages().last().text.contains("cannot be written"));
}

TEST_F(ReportTest, ThePlotsGiveImageSvgAndCsv) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    auto* matrix = find<LayerMatrix>("layerMatrix");
    const auto source = pictureOf(*matrix, [matrix] { return matrix->csv(); });
    EXPECT_EQ(source.picture(2).size(), matrix->size() * 2);
    EXPECT_EQ(faultOf(QString::fromUtf8(source.svg())).toStdString(), "");
    const QStringList lines = source.csv().split('\n', Qt::SkipEmptyParts);
    EXPECT_EQ(lines.first(), "row,role,tensor,kurtosis");
    EXPECT_GT(lines.size(), 40) << "a line for each cell";
    const QDir target(QString::fromStdString(folder.path().string()));
    for (const char* name : {"plot.png", "plot.svg", "plot.csv"}) {
        EXPECT_EQ(savePicture(source, target.filePath(name)).toStdString(), "");
        EXPECT_GT(QFileInfo(target.filePath(name)).size(), 100) << name;
    }
    EXPECT_FALSE(savePicture(source, QStringLiteral("/no such folder/plot.svg")).isEmpty());
}

}  // namespace
}  // namespace halftone::app
