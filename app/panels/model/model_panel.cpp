// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/model/model_panel.h"

#include <QTextBrowser>
#include <QUrl>
#include <QVBoxLayout>

#include <map>

#include "app/language/core_text.h"
#include "app/session/session.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

QString toText(std::string_view text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

QString row(const QString& name, const QString& value) {
    return QStringLiteral(
               "<tr><td style='padding-right:12px; vertical-align:bottom'>%1</td>"
               "<td style='vertical-align:bottom'>%2</td></tr>")
        .arg(name, value.toHtmlEscaped());
}

QString heading(const QString& text) {
    return QStringLiteral("<p><b>%1</b></p>").arg(text);
}

}  // namespace

ModelPanel::ModelPanel(Session& session, QWidget* parent)
    : QWidget(parent), m_session(session), m_text(new QTextBrowser(this)) {
    setObjectName(QStringLiteral("modelPanel"));
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setOpenLinks(false);
    m_text->document()->setDocumentMargin(8);
    m_text->setAccessibleName(tr("Model card"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_text);
    connect(&m_session, &Session::checkpointChanged, this, &ModelPanel::refresh);
    connect(&m_session, &Session::modelChanged, this, &ModelPanel::refresh);
    connect(m_text, &QTextBrowser::anchorClicked, this,
            [this](const QUrl& url) { m_session.selection().select({url.path().toInt()}); });
    refresh();
}

void ModelPanel::refresh() {
    m_text->setHtml(m_session.checkpoint() ? card(m_session, Reader::Window) : tr("No checkpoint is open."));
}

QString ModelPanel::card(Session& session, Reader reader) {
    const auto& checkpoint = *session.checkpoint();
    QString kind;
    switch (checkpoint.kind()) {
        case CheckpointKind::kHuggingFace:
            kind = tr("Hugging Face folder");
            break;
        case CheckpointKind::kGguf:
            kind = tr("GGUF");
            break;
        case CheckpointKind::kTensorFile:
            kind = tr("tensors without a configuration");
            break;
        case CheckpointKind::kTokenizer:
            kind = tr("tokenizer only");
            break;
    }
    QString text = QStringLiteral("<h3>%1</h3><table>").arg(QString::fromStdString(checkpoint.name()).toHtmlEscaped());
    text += row(tr("kind"), kind);
    if (reader == Reader::Window) text += row(tr("path"), QString::fromStdString(checkpoint.path().string()));
    text += row(tr("files"), QString::number(checkpoint.files().size()));
    if (!checkpoint.architecture().empty())
        text += row(tr("architecture"), QString::fromStdString(checkpoint.architecture()));
    text += row(tr("parameters"), shortCountText(double(checkpoint.parameterCount())));
    text += row(tr("tensors"), QStringLiteral("%1, %2").arg(countText(int64_t(checkpoint.tensors().size())),
                                                            bytesText(double(checkpoint.totalTensorBytes()))));
    text += QStringLiteral("</table>") + hyperParameters(session) + bytesByRole(session) + warnings(session, reader);
    return text;
}

QString ModelPanel::hyperParameters(Session& session) {
    const auto& model = session.model();
    if (!model) {
        const QString why = session.modelJobs().whyNot();
        return heading(tr("Running")) + QStringLiteral("<p>%1</p>").arg(why.toHtmlEscaped());
    }
    const auto& config = model->graph->config;
    QString text = heading(tr("Running")) + QStringLiteral("<table>");
    text += row(tr("blocks"), QString::number(config.blockCount));
    text += row(tr("hidden size"), countText(config.hiddenSize));
    text += row(tr("feed-forward size"), countText(config.ffnSize));
    text += row(tr("heads"), tr("%1 of %2 values, %3 for keys and values")
                                 .arg(config.headCount)
                                 .arg(config.headDim)
                                 .arg(config.kvHeadCount));
    text +=
        row(tr("context"), tr("%1 tokens", nullptr, int(config.contextLength)).arg(countText(config.contextLength)));
    text += row(tr("embeddings"), config.tiedEmbeddings ? tr("tied with the head") : tr("apart from the head"));
    // "character BPE, 2048 tokens": the kind of the vocabulary, then its size.
    const QString kind = QString::fromStdString(model->tokenizer->description()).section(QLatin1Char(','), 0, 0);
    const auto size = int64_t(model->tokenizer->vocabSize());
    text += row(tr("tokenizer"),
                tr("%1, %2 tokens", nullptr, int(size)).arg(coreText(kind.toStdString()), countText(size)));
    return text + QStringLiteral("</table>");
}

QString ModelPanel::bytesByRole(const Session& session) {
    std::map<TensorRole, uint64_t> bytes;
    for (const auto& tensor : session.checkpoint()->tensors()) bytes[tensor.role] += tensor.sizeBytes;
    const double total = double(std::max<uint64_t>(session.checkpoint()->totalTensorBytes(), 1));
    QString text = heading(tr("Bytes by role")) + QStringLiteral("<table>");
    for (const auto& [role, size] : bytes) {
        text += row(toText(roleName(role)),
                    QStringLiteral("%1  (%2)").arg(bytesText(double(size)), sharePercentText(double(size) / total)));
    }
    return text + QStringLiteral("</table>");
}

QString ModelPanel::warnings(const Session& session, Reader reader) {
    const auto list = session.checkpoint()->warnings();
    if (list.empty()) return {};
    QString text = heading(tr("Warnings"));
    for (const auto& warning : list) {
        const QString message = coreText(warning.message).toHtmlEscaped();
        const auto* tensor = warning.tensor.empty() ? nullptr : session.checkpoint()->find(warning.tensor);
        const bool isLinked = tensor && reader == Reader::Window;
        const auto index = isLinked ? tensor - session.checkpoint()->tensors().data() : -1;
        text += index < 0 ? QStringLiteral("<p>%1</p>").arg(message)
                          : QStringLiteral("<p><a href='tensor:%1'>%2</a></p>").arg(index).arg(message);
    }
    return text;
}

}  // namespace halftone::app
