// SPDX-License-Identifier: GPL-3.0-or-later
// The window in each of its languages: nothing stays English by oversight, and every text has the room it needs.
#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAction>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QSpinBox>
#include <QTableView>
#include <QTextDocumentFragment>

#include <set>

#include "app/dialogs/about_dialog.h"
#include "app/dialogs/allocate_dialog.h"
#include "app/dialogs/method_dialog.h"
#include "app/dialogs/rule_dialog.h"
#include "app/dialogs/shortcuts_dialog.h"
#include "app/language/language.h"
#include "app/panels/evaluation/evaluation_panel.h"
#include "app/plots/plot_base.h"
#include "app/tour.h"
#include "tests/gui/window_fixture.h"

namespace halftone::app {
namespace {

/// A text of the window and where it stands.
struct Shown {
    QString text, where;
};

/// Speaks a language for as long as it lives; a base before the window, which takes its texts when it is made.
class Speaking {
  public:
    explicit Speaking(const char* language) { applyLanguage(*qApp, QString::fromLatin1(language)); }
    ~Speaking() { applyLanguage(*qApp, QStringLiteral("en")); }
};

QString whereIs(const QObject* object) {
    QStringList names;
    for (const auto* at = object; at && names.size() < 3; at = at->parent())
        names.prepend(at->objectName().isEmpty() ? QString::fromLatin1(at->metaObject()->className())
                                                 : at->objectName());
    return names.join('/');
}

QString plain(const QString& text) {
    return Qt::mightBeRichText(text) ? QTextDocumentFragment::fromHtml(text).toPlainText() : text;
}

void addTextsOfView(const QAbstractItemView& view, QList<Shown>& shown) {
    const auto* model = view.model();
    if (!model || !qobject_cast<const QTableView*>(&view)) return;
    for (int column = 0; column < model->columnCount(); ++column) {
        for (const auto role : {Qt::DisplayRole, Qt::ToolTipRole})
            shown.append({model->headerData(column, Qt::Horizontal, role).toString(), whereIs(&view)});
    }
}

void addTextsOf(const QWidget& widget, QList<Shown>& shown) {
    const auto add = [&](const QString& text) { shown.append({plain(text), whereIs(&widget)}); };
    add(widget.toolTip());
    add(widget.accessibleName());
    add(widget.accessibleDescription());
    if (const auto* button = qobject_cast<const QAbstractButton*>(&widget)) add(button->text());
    if (const auto* label = qobject_cast<const QLabel*>(&widget)) add(label->text());
    if (const auto* edit = qobject_cast<const QLineEdit*>(&widget)) add(edit->placeholderText());
    if (const auto* edit = qobject_cast<const QPlainTextEdit*>(&widget)) add(edit->placeholderText());
    if (const auto* box = qobject_cast<const QSpinBox*>(&widget))
        add(box->prefix() + ' ' + box->suffix() + ' ' + box->specialValueText());
    if (const auto* box = qobject_cast<const QDoubleSpinBox*>(&widget)) add(box->prefix() + ' ' + box->suffix());
    if (qobject_cast<const QDockWidget*>(&widget) || qobject_cast<const QDialog*>(&widget)) add(widget.windowTitle());
    if (const auto* combo = qobject_cast<const QComboBox*>(&widget)) {
        for (int i = 0; i < combo->count(); ++i) {
            add(combo->itemText(i));
            add(combo->itemData(i, Qt::ToolTipRole).toString());
        }
    }
    if (const auto* view = qobject_cast<const QAbstractItemView*>(&widget)) addTextsOfView(*view, shown);
}

QList<Shown> textsShownIn(const QWidget& root) {
    QList<Shown> shown;
    addTextsOf(root, shown);
    for (const auto* widget : root.findChildren<QWidget*>()) addTextsOf(*widget, shown);
    for (const auto* action : root.findChildren<QAction*>()) {
        shown.append({action->text(), whereIs(action)});
        shown.append({action->toolTip(), whereIs(action)});
    }
    return shown;
}

/// Words that are the same in Chinese: names of formats, methods, tools, file types, units and keys, and what the field
/// says in English everywhere.
const std::set<QString> kSameInChinese{
    "Adreno",  "Arm",     "AVX",         "BLEU",     "NVIDIA",      "OpenCL",    "ROUGE",       "vLLM",
    "arXiv",   "AWQ",     "Badri",       "BOS",      "CPU",         "CSV",       "Ctrl",        "ctx",
    "English", "Face",    "flash",       "Hadamard", "SparseGPT",   "AutoRound", "Wanda",       "FP",
    "forcing", "ggml",    "GGUF",        "GPTQ",     "GPU",         "Halftone",  "Hessian",     "HQQ",
    "Hugging", "INT",     "KLD",         "Language", "llama",       "MSE",       "NaN",         "nat",
    "PNG",     "PPL",     "QCustomPlot", "quantize", "Shaji",       "Shift",     "SmoothQuant", "SQNR",
    "SVG",     "teacher", "token",       "top",      "Transformer", "value",     "Vulkan"};

/// Words of at least three letters that nothing excuses. What has digits, dots or underscores in it is a name.
QStringList englishIn(QString text, const std::set<QString>& names) {
    static const QRegularExpression kWord(QStringLiteral("[A-Za-z0-9_./*<>=\\-]+"));
    static const QRegularExpression kPlain(QStringLiteral("^[A-Za-z]{3,}$"));
    QStringList found;
    for (auto match = kWord.globalMatch(text.remove('&')); match.hasNext();) {
        const QString word = match.next().captured();
        if (kPlain.match(word).hasMatch() && !kSameInChinese.contains(word) && !names.contains(word)) found << word;
    }
    return found;
}

class ChineseWindowTest : private Speaking, public WindowTest {
  protected:
    ChineseWindowTest() : Speaking("zh_CN") {}

    /// Words of formats, roles, devices and tensors, and of the filter's language.
    [[nodiscard]] std::set<QString> names() {
        QString all = QStringLiteral(
            "name role block format method stored kurtosis maxsigma error sqnr bits size outliers "
            "zeros safetensors gguf halftone cpu json ");
        for (const auto& format : offeredFormats()) all += QString::fromStdString(format.displayName()) + ' ';
        for (int role = 0; role < int(TensorRole::kCount); ++role) {
            const auto name = roleName(TensorRole(role));
            all += QString::fromUtf8(name.data(), qsizetype(name.size())) + ' ';
        }
        for (const auto& method : offeredMethods()) {
            for (const auto& parameter : method.parameters)
                all += QString::fromUtf8(parameter.key.data(), qsizetype(parameter.key.size())) + ' ';
        }
        for (const auto& entry : session.devices().entries()) all += entry.name + ' ' + entry.detail + ' ';
        if (session.checkpoint())
            all += QString::fromStdString(session.checkpoint()->path().string()).replace('/', ' ');
        std::set<QString> words;
        for (const auto& word : all.split(QRegularExpression("[^A-Za-z]+"))) words.insert(word);
        return words;
    }
    void expectChinese(const QWidget& root) {
        const auto allowed = names();
        int count = 0;
        for (const auto& [text, where] : textsShownIn(root)) {
            const auto words = englishIn(text, allowed);
            EXPECT_TRUE(words.isEmpty()) << where.toStdString() << ": “" << text.toStdString() << "” has "
                                         << words.join(", ").toStdString();
            count += !text.isEmpty();
        }
        EXPECT_GT(count, 1) << whereIs(&root).toStdString();
    }
};

TEST_F(ChineseWindowTest, MenusDocksAndTablesHaveNoEnglish) {
    window.tour().start();
    expectChinese(window);
    openSample();
    ASSERT_TRUE(awaitIdle());
    expectChinese(window);
    EXPECT_EQ(window.menuBar()->actions().first()->text(), "文件(&F)");
    for (const auto* dock : window.findChildren<QDockWidget*>()) {
        static const QRegularExpression kHan(QStringLiteral("[\\x{4E00}-\\x{9FFF}]"));
        EXPECT_TRUE(kHan.match(dock->windowTitle()).hasMatch()) << dock->windowTitle().toStdString();
    }
    EXPECT_EQ(find<QTableView>("tensorTable")->model()->headerData(0, Qt::Horizontal).toString(), "张量");
}

TEST_F(ChineseWindowTest, DialogsHaveNoEnglish) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    window.showExport();
    window.showPreferences();
    (new AllocateDialog(session, window.evaluationPanel().options(), &window))->show();
    RecipeRule rule;
    rule.format = Format::of(DType::kQ6_K);
    (new RuleDialog(rule, MethodChoice{}, session.checkpoint()->tensors(), &window))->show();
    for (const auto& method : offeredMethods()) {
        if (!method.parameters.empty()) (new MethodDialog({method.id, {}}, &window))->show();
    }
    showShortcuts({}, &window);
    ASSERT_TRUE(awaitIdle());
    const auto dialogs = window.findChildren<QDialog*>();
    EXPECT_GE(dialogs.size(), 8);
    for (const auto* dialog : dialogs) expectChinese(*dialog);
    qDeleteAll(dialogs);
}

/// Texts that lack room at the default size, in every workspace and behind every tab.
class RoomForTextTest : public ::testing::WithParamInterface<const char*>, private Speaking, public WindowTest {
  protected:
    RoomForTextTest() : Speaking(GetParam()) {}

    static bool mayBeCut(const QWidget& widget) {
        const auto* label = qobject_cast<const QLabel*>(&widget);
        return widget.sizePolicy().horizontalPolicy() == QSizePolicy::Ignored || (label && label->wordWrap());
    }
    static void expectRoom(const QWidget& root, const QString& when) {
        for (const auto* widget : root.findChildren<QWidget*>()) {
            const bool hasText = qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QLabel*>(widget) ||
                                 qobject_cast<const QAbstractSpinBox*>(widget);
            const bool isQts = widget->objectName().startsWith(QLatin1String("qt_"));  // buttons of a dock's title
            if (!hasText || isQts || !widget->isVisible() || mayBeCut(*widget)) continue;
            const auto* label = qobject_cast<const QLabel*>(widget);
            const auto* button = qobject_cast<const QAbstractButton*>(widget);
            EXPECT_GE(widget->width(), widget->sizeHint().width())
                << when.toStdString() << ": " << whereIs(widget).toStdString() << " “"
                << (label    ? label->text()
                    : button ? button->text()
                             : QString())
                       .toStdString()
                << "”";
        }
    }
};

TEST_P(RoomForTextTest, NothingIsCutAtTheDefaultSize) {
    openSample();
    ASSERT_TRUE(awaitIdle());
    for (const auto workspace : {Workspace::Inspect, Workspace::Tune, Workspace::Compare}) {
        window.setWorkspace(workspace);
        settle();
        for (auto* dock : window.docks().findChildren<QDockWidget*>()) {
            if (window.docks().dockWidgetArea(dock) == Qt::NoDockWidgetArea) continue;
            dock->raise();
            QTest::qWait(20);
            expectRoom(*dock, workspaceName(workspace) + ' ' + dock->windowTitle());
        }
        expectRoom(*window.menuBar(), workspaceName(workspace));
    }
}

INSTANTIATE_TEST_SUITE_P(Languages, RoomForTextTest, ::testing::Values("en", "zh_CN"));

// QCustomPlot looks for a small e, which many languages write large.
TEST_F(ChineseWindowTest, TicksOfPlotsAreThoseOfEnglish) {
    openSample();
    for (const auto* plot : window.findChildren<QCustomPlot*>())
        EXPECT_EQ(plot->locale(), QLocale::c()) << plot->accessibleName().toStdString();
}

}  // namespace
}  // namespace halftone::app
