// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/theme.h"

#include <QApplication>
#include <QFile>
#include <QPainter>
#include <QProxyStyle>
#include <QStyleFactory>
#include <QStyleOption>

#include <algorithm>

/// Resources of a static library are linked only if something asks for them; the macro must stand outside namespaces.
static void initializeResources() {
    Q_INIT_RESOURCE(studio);
}

namespace halftone::app {

namespace {

constexpr int kRowHeight = 22, kButtonRoom = 24;

QColor mix(const QColor& a, const QColor& b, double share) {
    const auto part = [share](int x, int y) { return int(x + (y - x) * share); };
    return {part(a.red(), b.red()), part(a.green(), b.green()), part(a.blue(), b.blue())};
}

bool isDarkPalette(const QPalette& palette) {
    return palette.color(QPalette::Window).lightness() < 128;
}

/// Fusion with room between the columns of a table: a right-aligned number beside a left-aligned word needs it.
class RoomyStyle : public QProxyStyle {
  public:
    using QProxyStyle::QProxyStyle;
    int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override {
        if (metric == PM_FocusFrameHMargin) return 5;
        return QProxyStyle::pixelMetric(metric, option, widget);
    }

    /// Lists and popups have the rows of tables.
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& contents,
                           const QWidget* widget) const override {
        QSize size = QProxyStyle::sizeFromContents(type, option, contents, widget);
        if (type == CT_ItemViewItem) size.setHeight(std::max(size.height(), kRowHeight));
        // A text that is just wider than the least button would touch its edges.
        if (type == CT_PushButton) size.setWidth(std::max(size.width(), contents.width() + kButtonRoom));
        return size;
    }

    /// Fusion outlines boxes darker than the window, which in a dark one cannot be seen.
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        const bool isBox = element == PE_IndicatorCheckBox || element == PE_IndicatorItemViewItemCheck;
        if (!isBox || !isDarkPalette(option->palette)) return;
        const bool isEnabled = option->state & State_Enabled;
        painter->setPen(
            mix(option->palette.color(QPalette::Base), option->palette.color(QPalette::Text), isEnabled ? 0.45 : 0.25));
        painter->setBrush(Qt::NoBrush);
        painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
    }

    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override {
        const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
        if (element != CE_MenuBarItem || !item) return QProxyStyle::drawControl(element, option, painter, widget);
        // What stands in the bar's corner makes it higher than its items: they fill it, and their lower edges are its.
        QStyleOptionMenuItem whole(*item);
        whole.rect.setBottom(item->menuRect.bottom());
        QProxyStyle::drawControl(element, &whole, painter, widget);
    }
};

struct Tokens {
    QRgb window, base, alternate, text, muted, button, accent, accentText;
};
constexpr Tokens kLight{0xfff3f4f5, 0xffffffff, 0xfff8f9fa, 0xff1d2125, 0xff6b7680, 0xffe9ebed, 0xff2864b4, 0xffffffff};
constexpr Tokens kDark{0xff1f2326, 0xff181b1e, 0xff1c2023, 0xffdde1e4, 0xff8d979f, 0xff2c3135, 0xff3a78c8, 0xffffffff};

QPalette paletteOf(const Tokens& tokens) {
    QPalette palette;
    const QColor text(tokens.text), muted(tokens.muted), window(tokens.window);
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, QColor(tokens.base));
    palette.setColor(QPalette::AlternateBase, QColor(tokens.alternate));
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::PlaceholderText, muted);
    palette.setColor(QPalette::Button, QColor(tokens.button));
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, Qt::white);
    palette.setColor(QPalette::Highlight, QColor(tokens.accent));
    palette.setColor(QPalette::HighlightedText, QColor(tokens.accentText));
    palette.setColor(QPalette::Link, QColor(tokens.accent));
    palette.setColor(QPalette::ToolTipBase, QColor(tokens.base));
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Mid, mix(window, text, 0.18));
    palette.setColor(QPalette::Midlight, mix(window, text, 0.08));
    palette.setColor(QPalette::Dark, mix(window, text, 0.3));
    palette.setColor(QPalette::Light, mix(window, QColor(tokens.base), 0.5));
    palette.setColor(QPalette::Shadow, mix(window, Qt::black, 0.5));
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, mix(muted, window, 0.3));
    return palette;
}

QString styleSheet(const ThemeColors& colors, const QPalette& palette) {
    QFile file(QStringLiteral(":/themes/halftone.qss"));
    if (!file.open(QIODevice::ReadOnly)) return {};
    QString sheet = QString::fromUtf8(file.readAll());
    sheet.replace(QLatin1String("@hairline"), colors.hairline.name());
    sheet.replace(QLatin1String("@muted"), colors.mutedText.name());
    sheet.replace(QLatin1String("@accent"), colors.accent.name());
    sheet.replace(QLatin1String("@hover"), colors.hover.name());
    sheet.replace(QLatin1String("@failed"), colors.failed.name());
    sheet.replace(QLatin1String("@text"), colors.text.name());
    sheet.replace(QLatin1String("@surface"), colors.surface.name());
    sheet.replace(QLatin1String("@window"), palette.color(QPalette::Window).name());
    return sheet;
}

}  // namespace

QString themeName(ThemeChoice choice) {
    switch (choice) {
        case ThemeChoice::Light:
            return QStringLiteral("light");
        case ThemeChoice::Dark:
            return QStringLiteral("dark");
        case ThemeChoice::System:
            break;
    }
    return QStringLiteral("system");
}

ThemeChoice themeFromName(const QString& name) {
    if (name == QLatin1String("light")) return ThemeChoice::Light;
    if (name == QLatin1String("dark")) return ThemeChoice::Dark;
    return ThemeChoice::System;
}

ThemeColors themeColors(const QPalette& palette) {
    ThemeColors colors;
    colors.isDark = isDarkPalette(palette);
    colors.surface = palette.color(QPalette::Base);
    colors.text = palette.color(QPalette::Text);
    colors.mutedText = palette.color(QPalette::PlaceholderText);
    if (colors.mutedText.alpha() < 255) colors.mutedText = mix(colors.text, colors.surface, 0.45);
    colors.hairline = mix(palette.color(QPalette::Window), colors.text, colors.isDark ? 0.16 : 0.14);
    colors.accent = palette.color(QPalette::Highlight);
    if (colors.isDark) colors.accent = colors.accent.lighter(115);
    colors.accentSoft = mix(colors.surface, colors.accent, colors.isDark ? 0.35 : 0.22);
    colors.second = colors.isDark ? QColor(0xff, 0x9d, 0x4d) : QColor(0xd0, 0x5f, 0x0a);
    colors.hover = mix(colors.surface, colors.accent, colors.isDark ? 0.18 : 0.10);
    colors.stale = colors.isDark ? QColor(0xd9, 0xa4, 0x41) : QColor(0xa8, 0x6a, 0x00);
    colors.failed = colors.isDark ? QColor(0xf0, 0x70, 0x6a) : QColor(0xc0, 0x2f, 0x2a);
    colors.ok = colors.isDark ? QColor(0x5c, 0xc0, 0x78) : QColor(0x1f, 0x8a, 0x45);
    return colors;
}

void applyTheme(QApplication& application, ThemeChoice choice) {
    initializeResources();
    // The platform's palette as it was before any theme of ours.
    static const QPalette systemPalette = application.palette();
    const bool dark = choice == ThemeChoice::Dark || (choice == ThemeChoice::System && isDarkPalette(systemPalette));
    application.setStyle(new RoomyStyle(QStyleFactory::create(QStringLiteral("Fusion"))));
    const QPalette palette = paletteOf(dark ? kDark : kLight);
    application.setPalette(palette);
    application.setStyleSheet(styleSheet(themeColors(palette), palette));
}

}  // namespace halftone::app
