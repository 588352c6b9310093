// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/measure.h"

#include <QCoreApplication>

#include <array>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

constexpr std::array<MeasureInfo, 20> kMeasures{{
    {Measure::Bits, "bits", "bpw", QT_TRANSLATE_NOOP("Measure", "bits"),
     QT_TRANSLATE_NOOP("Measure", "Bits per weight in the assigned format, scales included."), MeasureStyle::Number,
     false},
    {Measure::Bytes, "size", "bytes", QT_TRANSLATE_NOOP("Measure", "size"),
     QT_TRANSLATE_NOOP("Measure", "Size in the assigned format."), MeasureStyle::Bytes, true},
    {Measure::StoredBytes, "stored_size", "stored_bytes", QT_TRANSLATE_NOOP("Measure", "stored size"),
     QT_TRANSLATE_NOOP("Measure", "Size in the checkpoint."), MeasureStyle::Bytes, true},
    {Measure::Parameters, "params", "parameters", QT_TRANSLATE_NOOP("Measure", "parameters"),
     QT_TRANSLATE_NOOP("Measure", "Number of weights."), MeasureStyle::Count, true},
    {Measure::RelativeError, "error", "err", QT_TRANSLATE_NOOP("Measure", "rel. error"),
     QT_TRANSLATE_NOOP("Measure",
                       "Squared error of the quantized weights relative to the squared weights. About 0.006 for a good "
                       "4-bit format; a factor of 4 for each bit."),
     MeasureStyle::Number, true},
    {Measure::Sqnr, "sqnr", "snr", QT_TRANSLATE_NOOP("Measure", "SQNR"),
     QT_TRANSLATE_NOOP("Measure",
                       "Signal to quantization noise, in decibels. Each bit is worth about 6 dB; below 15 dB a tensor "
                       "is usually heard in the output."),
     MeasureStyle::Decibel, false},
    {Measure::Sensitivity, "kld", "sensitivity", QT_TRANSLATE_NOOP("Measure", "KLD alone"),
     QT_TRANSLATE_NOOP("Measure",
                       "Divergence from the original, in nats per token, when this tensor alone takes its format: what "
                       "its bits are worth. Run > Measure sensitivity finds it out."),
     MeasureStyle::Number, true},
    {Measure::Kurtosis, "kurtosis", "kurt", QT_TRANSLATE_NOOP("Measure", "kurtosis"),
     QT_TRANSLATE_NOOP("Measure",
                       "Fourth standardized moment: 3 for a Gaussian. Large values mean heavy tails: few weights are "
                       "far from the rest, and a uniform 4-bit grid spends its levels on them."),
     MeasureStyle::Number, true},
    {Measure::MaxOverSigma, "maxsigma", "max_sigma", QT_TRANSLATE_NOOP("Measure", "max/σ"),
     QT_TRANSLATE_NOOP("Measure",
                       "Largest magnitude in standard deviations. What a scale must reach to: the larger, the coarser "
                       "the steps for everything else."),
     MeasureStyle::Number, true},
    {Measure::Minimum, "min", "", QT_TRANSLATE_NOOP("Measure", "min"), QT_TRANSLATE_NOOP("Measure", "Smallest weight."),
     MeasureStyle::Number, false},
    {Measure::Maximum, "max", "", QT_TRANSLATE_NOOP("Measure", "max"), QT_TRANSLATE_NOOP("Measure", "Largest weight."),
     MeasureStyle::Number, false},
    {Measure::Mean, "mean", "", QT_TRANSLATE_NOOP("Measure", "mean"),
     QT_TRANSLATE_NOOP("Measure", "Mean of the weights. Far from zero, an asymmetric format pays off."),
     MeasureStyle::Number, false},
    {Measure::Deviation, "sigma", "std", QT_TRANSLATE_NOOP("Measure", "σ"),
     QT_TRANSLATE_NOOP("Measure", "Standard deviation of the weights."), MeasureStyle::Number, true},
    {Measure::Outliers, "outliers", "", QT_TRANSLATE_NOOP("Measure", "outliers"),
     QT_TRANSLATE_NOOP("Measure",
                       "Weights more than 6 standard deviations from the mean. A Gaussian has none among a million."),
     MeasureStyle::Count, true},
    {Measure::Zeros, "zeros", "", QT_TRANSLATE_NOOP("Measure", "zeros"),
     QT_TRANSLATE_NOOP("Measure", "Share of weights that are exactly zero."), MeasureStyle::Percent, false},
    {Measure::NonFinite, "nonfinite", "nan", QT_TRANSLATE_NOOP("Measure", "non-finite"),
     QT_TRANSLATE_NOOP("Measure",
                       "NaN and infinite weights: the checkpoint is damaged there, and quantization refuses them."),
     MeasureStyle::Count, false},
    {Measure::Block, "block", "layer", QT_TRANSLATE_NOOP("Measure", "block"),
     QT_TRANSLATE_NOOP("Measure", "Transformer block."), MeasureStyle::Count, false},
    {Measure::ActivationMaximum, "act_max", "", QT_TRANSLATE_NOOP("Measure", "act. max"),
     QT_TRANSLATE_NOOP("Measure", "Largest magnitude that enters the layer on the calibration text."),
     MeasureStyle::Number, true},
    {Measure::ActivationMaxOverSigma, "act_maxsigma", "", QT_TRANSLATE_NOOP("Measure", "act. max/σ"),
     QT_TRANSLATE_NOOP("Measure", "Largest activation in standard deviations: massive channels show here."),
     MeasureStyle::Number, true},
    {Measure::ActivationKurtosis, "act_kurtosis", "act_kurt", QT_TRANSLATE_NOOP("Measure", "act. kurt."),
     QT_TRANSLATE_NOOP("Measure", "Kurtosis of the activations that enter the layer."), MeasureStyle::Number, true},
}};

}  // namespace

std::span<const MeasureInfo> allMeasures() {
    return kMeasures;
}

const MeasureInfo& measureInfo(Measure measure) {
    return kMeasures[size_t(measure)];
}

std::optional<Measure> measureFromKey(const QString& key) {
    for (const auto& info : kMeasures) {
        const bool hit = key.compare(QLatin1String(info.key), Qt::CaseInsensitive) == 0 ||
                         (info.alias[0] != 0 && key.compare(QLatin1String(info.alias), Qt::CaseInsensitive) == 0);
        if (hit) return info.measure;
    }
    return std::nullopt;
}

QString measureLabel(Measure measure) {
    return QCoreApplication::translate("Measure", measureInfo(measure).label);
}

QString measureMeaning(Measure measure) {
    return QCoreApplication::translate("Measure", measureInfo(measure).meaning);
}

QString measureText(Measure measure, std::optional<double> value) {
    if (!value) return noValue();
    switch (measureInfo(measure).style) {
        case MeasureStyle::Number:
            return numberText(*value);
        case MeasureStyle::Bytes:
            return bytesText(*value);
        case MeasureStyle::Percent:
            return sharePercentText(*value);
        case MeasureStyle::Count:
            return countText(int64_t(*value));
        case MeasureStyle::Decibel:
            return fixedText(*value, 1) + QStringLiteral("\u00a0dB");
    }
    return noValue();
}

}  // namespace halftone::app
