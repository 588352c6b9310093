// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/compare/default_prompts.h"

#include <QFile>
#include <QFileInfo>

#include <algorithm>
#include <limits>

#include "app/language/language.h"
#include "app/session/resources.h"
#include "core/checkpoint/checkpoint.h"
#include "core/tokenizer/text_coverage.h"
#include "core/tokenizer/vocabulary_scripts.h"

namespace halftone::app {

namespace {

/// From here on a vocabulary is one of Chinese before all else.
constexpr double kMostlyChinese = 0.5;
/// Vocabularies that have the usual characters need at most so many tokens for one; bytes would be three.
constexpr double kFewTokensPerCharacter = 1.2;
constexpr double kSpelled = 0.05;  ///< share of characters that a prompt may lose

/// One prompt per line.
QStringList bundledPrompts(const char* name) {
    QFile file(QStringLiteral(":/prompts/%1.txt").arg(QLatin1String(name)));
    if (!file.open(QIODevice::ReadOnly)) return {};
    return QString::fromUtf8(file.readAll()).split('\n', Qt::SkipEmptyParts);
}

bool isSample(const Checkpoint* checkpoint) {
    const QString sample = resourcePath(QStringLiteral("sample"));
    return checkpoint && !sample.isEmpty() &&
           QFileInfo(QString::fromStdString(checkpoint->path().string())) == QFileInfo(sample);
}

/// How a vocabulary takes a text.
struct Fit {
    double lost = 1;  ///< share of the characters
    double tokensPerCharacter = std::numeric_limits<double>::infinity();
};

Fit fitOf(const Tokenizer& tokenizer, const QString& text) {
    const std::string bytes = text.toStdString();
    const auto ids = tokenizer.encode(bytes, {});
    if (!ids) return {};
    const auto coverage = textCoverage(tokenizer, bytes, *ids);
    const auto characters = double(std::max<int64_t>(coverage.characters, 1));
    return {coverage.lostShare(), double(ids->size()) / characters};
}

enum class Language { English, Chinese };

Language languageOfWindow() {
    return currentTexts().startsWith(QLatin1String("zh")) ? Language::Chinese : Language::English;
}

Language languageOf(const Tokenizer& tokenizer, const QStringList& chinese) {
    if (vocabularyScripts(tokenizer).ideographicShare() >= kMostlyChinese) return Language::Chinese;
    const auto fit = fitOf(tokenizer, chinese.join(QString()));
    const bool knowsChinese = fit.lost <= kSpelled && fit.tokensPerCharacter <= kFewTokensPerCharacter;
    return knowsChinese ? languageOfWindow() : Language::English;
}

/// Those that the vocabulary spells; at least the one that it spells best.
QStringList spelledOnes(const QStringList& prompts, const Tokenizer& tokenizer) {
    QStringList kept;
    QString best;
    double least = std::numeric_limits<double>::infinity();
    for (const auto& prompt : prompts) {
        const double lost = fitOf(tokenizer, prompt).lost;
        if (lost <= kSpelled) kept.append(prompt);
        if (lost < least) best = prompt;
        least = std::min(least, lost);
    }
    return kept.isEmpty() ? QStringList{best} : kept;
}

}  // namespace

QStringList defaultPrompts(const Checkpoint* checkpoint, const Tokenizer* tokenizer) {
    if (isSample(checkpoint)) return bundledPrompts("sample");
    const QStringList english = bundledPrompts("general"), chinese = bundledPrompts("general_zh");
    const Language language = tokenizer ? languageOf(*tokenizer, chinese) : languageOfWindow();
    const QStringList& prompts = language == Language::Chinese ? chinese : english;
    return tokenizer ? spelledOnes(prompts, *tokenizer) : prompts;
}

}  // namespace halftone::app
