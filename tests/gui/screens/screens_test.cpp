// SPDX-License-Identifier: GPL-3.0-or-later
// Every view of the window in both themes and languages, as kept pictures (tests/golden/screens): the workspaces whole,
// other views as their docks and dialogs. Scale 2 is a run of its own, with QT_SCALE_FACTOR=2, over the workspaces.
// `ninja update_screens` writes the pictures anew.
#include <gtest/gtest.h>

#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QDockWidget>
#include <QFontDatabase>
#include <QFontInfo>
#include <QImageWriter>
#include <QTest>
#include <QToolButton>

#include <functional>

#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/export_dialog.h"
#include "app/dialogs/extras_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/dialogs/preferences_dialog.h"
#include "app/dialogs/recipe_diff_dialog.h"
#include "app/dialogs/rotate_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/panels/compare/compare_panel.h"
#include "app/panels/damage/damage_panel.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/panels/matrix/matrix_panel.h"
#include "app/studio_window.h"
#include "tests/gui/screens/screen_compare.h"
#include "tests/gui/screens/screen_studio.h"
#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

/// Brings a fresh window to what is to be seen, and says which part of it that is.
struct View {
    const char* name;
    std::function<QWidget*(ScreenStudio&)> pose;
    bool isWorkspace = false;  ///< at scale 2 too
};
void PrintTo(const View& view, std::ostream* out) {
    *out << view.name;
}

std::function<QWidget*(ScreenStudio&)> dockOf(Workspace workspace, const char* dock,
                                              const std::function<void(ScreenStudio&)>& prepare = {}) {
    return [workspace, dock, prepare](ScreenStudio& studio) {
        studio.window().setWorkspace(workspace);
        QTest::qWait(20);
        auto* raised = studio.raise(dock);
        if (prepare) prepare(studio);
        return raised;
    };
}

QWidget* inspect(ScreenStudio& studio) {
    studio.window().matrixPanel().setMeasure(Measure::Kurtosis);
    studio.session().selection().selectChannels({3, 17, 90});
    return &studio.window();
}

QWidget* tune(ScreenStudio& studio) {
    studio.window().setWorkspace(Workspace::Tune);
    studio.window().matrixPanel().setMeasure(Measure::RelativeError);
    return &studio.window();
}

QWidget* compare(ScreenStudio& studio) {
    studio.window().setWorkspace(Workspace::Compare);
    return &studio.window();
}

QWidget* shown(QDialog* dialog) {
    dialog->setAttribute(Qt::WA_DeleteOnClose, false);  // goes with the window
    dialog->show();
    return dialog;
}

RecipeRule exampleRule() {
    RecipeRule rule;
    rule.match.roles = {TensorRole::kFfnDown, TensorRole::kAttnV};
    rule.match.firstBlock = 1;
    rule.match.lastBlock = 4;
    rule.format = Format::of(DType::kQ6_K);
    return rule;
}

const std::vector<View>& panelViews() {
    static const std::vector<View> kViews{
        {"empty", [](ScreenStudio& studio) { return &studio.window(); }},
        {"inspect", inspect, true},
        {"tune", tune, true},
        {"compare", compare, true},
        {"model", dockOf(Workspace::Inspect, "model")},
        {"channel_map", dockOf(Workspace::Inspect, "channelMap",
                               [](ScreenStudio& studio) {
                                   studio.session().selection().selectChannels({3, 17, 90});
                               })},
        {"ranges", dockOf(Workspace::Inspect, "ranges",
                          [](ScreenStudio& studio) { studio.find<QToolButton>("rangeChannels")->click(); })},
        {"groups", dockOf(Workspace::Inspect, "groups")},
        {"calibration", dockOf(Workspace::Inspect, "calibration")},
        {"formats", dockOf(Workspace::Tune, "candidates")},
        {"memory", dockOf(Workspace::Tune, "memory")},
        {"mixtures", dockOf(Workspace::Tune, "tradeoff")},
        {"runs", dockOf(Workspace::Compare, "evaluation")},
        {"damage", dockOf(Workspace::Compare, "damage",
                          [](ScreenStudio& studio) {
                              studio.window().damagePanel().goTo(studio.session().damage().worst(1).front());
                          })},
        {"compare_word", dockOf(Workspace::Compare, "compare",
                                [](ScreenStudio& studio) { studio.window().comparePanel().goToDivergence(1); })},
    };
    return kViews;
}

const std::vector<View>& dialogViews() {
    static const std::vector<View> kViews{
        {"export", [](ScreenStudio& studio) { return shown(new ExportDialog(studio.session(), &studio.window())); }},
        {"preferences",
         [](ScreenStudio& studio) { return shown(new PreferencesDialog(studio.session(), &studio.window())); }},
        {"allocate",
         [](ScreenStudio& studio) {
             return shown(
                 new AllocateDialog(studio.session(), studio.window().evaluationPanel().options(), &studio.window()));
         }},
        {"rotate", [](ScreenStudio& studio) { return shown(new RotateDialog(studio.session(), &studio.window())); }},
        {"recipe_diff",
         [](ScreenStudio& studio) {
             auto* dialog = new RecipeDiffDialog(studio.session(), &studio.window());
             dialog->compareRun(int(studio.session().evaluation().runs().size()) - 2);
             return shown(dialog);
         }},
        {"extras",
         [](ScreenStudio& studio) {
             return shown(new ExtrasDialog(Format::of(IntegerFormat{4, false, Granularity::kGroup, 64}), 512, 256,
                                           &studio.window()));
         }},
        {"method",
         [](ScreenStudio& studio) {
             return shown(new MethodDialog(MethodChoice{MethodId::kGptq, {}}, &studio.window()));
         }},
        {"rule",
         [](ScreenStudio& studio) {
             return shown(new RuleDialog(exampleRule(), studio.session().recipe().recipe().defaultMethod,
                                         studio.session().checkpoint()->tensors(), &studio.window()));
         }},
    };
    return kViews;
}

std::vector<View> views() {
    auto all = panelViews();
    all.insert(all.end(), dialogViews().begin(), dialogViews().end());
    return all;
}

bool isLarge() {
    return qApp->devicePixelRatio() > 1.5;
}

QString nameOf(const View& view, const Look& look) {
    return QStringLiteral("%1-%2-%3%4.png")
        .arg(QLatin1String(view.name), QLatin1String(look.language), themeName(look.theme),
             isLarge() ? QStringLiteral("@2x") : QString());
}

void keep(const QImage& picture, const QString& path) {
    QImageWriter writer(path, "png");
    writer.setCompression(100);
    ASSERT_TRUE(writer.write(test::withPalette(picture))) << path.toStdString();
}

/// A picture that is the same as the kept one is not written again: what is in the history stays small.
void check(const QString& name, const QImage& picture) {
    const QDir goldens(QString::fromStdString((test::sourceDir() / "tests/golden/screens").string()));
    const QImage golden(goldens.filePath(name));
    test::ScreenDifference difference;
    difference.problem = QStringLiteral("there is no golden one yet");
    difference.map = picture;
    if (!golden.isNull()) difference = test::compareScreens(golden, picture);
    if (difference.isSame()) return;
    if (qEnvironmentVariableIsSet("HT_UPDATE_SCREENS")) return keep(picture, goldens.filePath(name));
    const QDir out(qEnvironmentVariable("HT_SCREENS_OUT", QStringLiteral("screens")));
    QDir().mkpath(out.path());
    const QString drawn = out.absoluteFilePath(name), map = out.absoluteFilePath(QStringLiteral("difference-") + name);
    picture.save(drawn);
    difference.map.save(map);
    ADD_FAILURE() << name.toStdString() << ": " << difference.text().toStdString() << ". It is kept as "
                  << drawn.toStdString() << ", with the differences framed as " << map.toStdString()
                  << ". If the change is meant, ninja update_screens makes it the golden one.";
}

/// What was measured serves all tests, and goes before the application does.
class OneStudio : public ::testing::Environment {
  public:
    void TearDown() override { s_studio.reset(); }
    static ScreenStudio& get() {
        if (!s_studio) s_studio = std::make_unique<ScreenStudio>();
        return *s_studio;
    }

  private:
    inline static std::unique_ptr<ScreenStudio> s_studio;
};
[[maybe_unused]] const auto* const kStudioEnvironment = ::testing::AddGlobalTestEnvironment(new OneStudio);

class ScreensTest : public ::testing::TestWithParam<std::tuple<View, Look>> {
  protected:
    /// Pictures are only alike where letters are: a missing font is said, not compared.
    static QString missingFont(const Look& look) {
        if (QFontInfo(QApplication::font()).family() != QLatin1String("DejaVu Sans"))
            return QStringLiteral("DejaVu Sans is missing: install fonts-dejavu-core.");
        const bool isChinese = look.language == QLatin1String("zh_CN");
        const auto families = QFontDatabase::families(QFontDatabase::SimplifiedChinese);
        if (isChinese && !families.contains(QLatin1String("Noto Sans CJK SC")))
            return QStringLiteral("Noto Sans CJK SC is missing: install fonts-noto-cjk.");
        return {};
    }
};

TEST_P(ScreensTest, LooksAsItDid) {
    const auto& [view, look] = GetParam();
    if (isLarge() && !view.isWorkspace) GTEST_SKIP() << "at scale 1 only";
    if (const QString font = missingFont(look); !font.isEmpty()) GTEST_SKIP() << font.toStdString();
    auto& studio = OneStudio::get();
    ASSERT_TRUE(studio.problem().isEmpty()) << studio.problem().toStdString();
    if (qstrcmp(view.name, "empty") == 0) {
        studio.renewEmpty(look);
    } else {
        studio.renew(look);
    }
    QWidget* part = view.pose(studio);
    ASSERT_NE(part, nullptr);
    ASSERT_TRUE(studio.await());
    const QImage picture = studio.picture(*part);
    EXPECT_EQ(studio.window().size(), ScreenStudio::kWindowSize) << "the window grew for what it shows";
    check(nameOf(view, look), picture);
}

/// People choose another language and theme while they work: the window stays as large as they made it.
TEST(ScreensSize, TheWindowKeepsItsSizeWhateverIsChosen) {
    auto& studio = OneStudio::get();
    ASSERT_TRUE(studio.problem().isEmpty()) << studio.problem().toStdString();
    studio.close();
    StudioWindow shell(studio.session());
    shell.window().resize(ScreenStudio::kWindowSize);
    shell.window().show();
    for (const auto& look : {Look{"zh_CN", ThemeChoice::Dark}, Look{"en", ThemeChoice::Light}}) {
        for (const auto workspace : {Workspace::Tune, Workspace::Compare, Workspace::Inspect}) {
            shell.speak(QString::fromLatin1(look.language));
            shell.window().chooseTheme(look.theme);
            shell.window().setWorkspace(workspace);
            QTest::qWait(20);
            for (auto* dock : shell.window().docks().findChildren<QDockWidget*>(Qt::FindDirectChildrenOnly))
                dock->raise();
            QTest::qWait(20);
            EXPECT_EQ(shell.window().size(), ScreenStudio::kWindowSize) << look.language << " " << int(workspace);
            shell.window().docks().resetLayout();
            QTest::qWait(20);
            EXPECT_EQ(shell.window().size(), ScreenStudio::kWindowSize) << look.language << ", reset";
        }
    }
    EXPECT_TRUE(studio.await());
}

std::string nameOfCase(const ::testing::TestParamInfo<std::tuple<View, Look>>& info) {
    const auto& [view, look] = info.param;
    return std::string(view.name) + "_" + look.language + "_" + themeName(look.theme).toStdString();
}

INSTANTIATE_TEST_SUITE_P(
    All, ScreensTest,
    ::testing::Combine(::testing::ValuesIn(views()),
                       ::testing::Values(Look{"en", ThemeChoice::Light}, Look{"en", ThemeChoice::Dark},
                                         Look{"zh_CN", ThemeChoice::Light}, Look{"zh_CN", ThemeChoice::Dark})),
    nameOfCase);

}  // namespace
}  // namespace halftone::app
