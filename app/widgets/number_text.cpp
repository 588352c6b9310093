// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/number_text.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <cmath>

#include "core/project/figure_text.h"

namespace halftone::app {

namespace {

QString scaled(double value, double step, const char* const* units, int unitCount) {
    int unit = 0;
    double magnitude = std::abs(value);
    while (magnitude >= step * 0.9995 && unit + 1 < unitCount) {
        magnitude /= step;
        value /= step;
        ++unit;
    }
    const QString number = unit == 0 ? QString::number(value, 'f', 0) : numberText(value);
    const QString suffix = QString::fromLatin1(units[unit]);
    return suffix.isEmpty() ? number : number + QChar(0x00a0) + suffix;
}

}  // namespace

/// Both numbers to the same decimal, so that what is uncertain in the first stands under the second.
static QString joinEstimate(double mean, double standardError, int decimals) {
    return QStringLiteral("%1 ± %2").arg(fixedText(mean, decimals), fixedText(standardError, decimals));
}

/// Mean with its standard error.
static QString estimateText(double mean, double standardError, int decimals) {
    return QStringLiteral("%1 ± %2").arg(fixedText(mean, decimals), numberText(standardError, 2));
}

QString noValue() {
    return QString(QChar(0x2014));
}

QString numberText(double value, int significant) {
    return QString::fromStdString(figureText(value, significant));
}

QString fixedText(double value, int decimals) {
    if (!std::isfinite(value)) return numberText(value);
    return QString::number(value, 'f', decimals).replace('-', QStringLiteral("−"));
}

QString percentText(double share, int significant) {
    if (!std::isfinite(share)) return noValue();
    return numberText(100 * share, significant) + QStringLiteral("\u00a0%");
}

QString sharePercentText(double share) {
    if (!std::isfinite(share)) return noValue();
    if (share > 0 && share < 0.0005) return QStringLiteral("<\u00a00.1\u00a0%");
    return fixedText(100 * share, 1) + QStringLiteral("\u00a0%");
}

QString bytesText(double bytes) {
    static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    return scaled(bytes, 1000, kUnits, 5);
}

QString countText(int64_t count) {
    QString digits = QString::number(count);
    const int first = count < 0 ? 1 : 0;
    for (int at = int(digits.size()) - 3; at > first; at -= 3) digits.insert(at, QChar(0x2009));
    return digits;
}

QString shortCountText(double count) {
    static constexpr const char* kUnits[] = {"", "k", "M", "B", "T"};
    return scaled(count, 1000, kUnits, 5);
}

QString durationText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return noValue();
    if (seconds < 1) return QCoreApplication::translate("Duration", "%1 s").arg(QString::number(seconds, 'f', 2));
    if (seconds < 10) return QCoreApplication::translate("Duration", "%1 s").arg(QString::number(seconds, 'f', 1));
    const auto whole = int64_t(std::llround(seconds));
    if (whole < 60) return QCoreApplication::translate("Duration", "%1 s").arg(whole);
    if (whole < 3600) return QCoreApplication::translate("Duration", "%1 min %2 s").arg(whole / 60).arg(whole % 60);
    return QCoreApplication::translate("Duration", "%1 h %2 min")
        .arg(whole / 3600)
        .arg(whole % 3600 / 60, 2, 10, QChar('0'));
}

QString momentText(const QDateTime& moment) {
    const QDateTime local = moment.toLocalTime();
    const bool isToday = local.date() == QDate::currentDate();
    return isToday ? QLocale().toString(local.time(), QLocale::ShortFormat)
                   : QLocale().toString(local.date(), QLocale::ShortFormat);
}

QString perplexityText(double mean, double standardError) {
    constexpr int kDecimals = 3, kFigures = 5;
    const int digitsBefore = mean >= 1 && std::isfinite(mean) ? int(std::floor(std::log10(mean))) + 1 : 1;
    return estimateText(mean, standardError, std::clamp(kFigures - digitsBefore, 0, kDecimals));
}

QString significantEstimateText(double mean, double standardError, int significant) {
    const double magnitude = std::abs(mean);
    if (!std::isfinite(mean) || magnitude == 0) return estimateText(mean, standardError, significant);
    const int exponent = int(std::floor(std::log10(magnitude)));
    if (exponent >= -4) return joinEstimate(mean, standardError, std::max(0, significant - 1 - exponent));
    const double unit = std::pow(10.0, exponent);
    return u'(' + joinEstimate(mean / unit, standardError / unit, significant - 1) + u')' +
           QString::fromStdString(powerOfTenText(exponent));
}

}  // namespace halftone::app
