// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/callout.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

#include "app/widgets/theme.h"

namespace halftone::app {

namespace {

constexpr int kWidth = 320, kGap = 10, kRing = 3;

/// The frame around what is spoken of.
class Ring : public QWidget {
  public:
    explicit Ring(QWidget* parent) : QWidget(parent) {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        setObjectName(QStringLiteral("calloutRing"));
    }

  protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(themeColors(palette()).accent, 2));
        painter.drawRoundedRect(QRectF(rect()).adjusted(1.5, 1.5, -1.5, -1.5), 4, 4);
    }
};

}  // namespace

Callout::Callout(QWidget* window) : QFrame(window), m_window(window), m_ring(new Ring(window)) {
    setObjectName(QStringLiteral("callout"));
    setAccessibleName(tr("Tour"));
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    setFixedWidth(kWidth);
    createLayout();
    window->installEventFilter(this);
    hide();
}

Callout::~Callout() {
    delete m_ring;
}

void Callout::createLayout() {
    m_title = new QLabel(this);
    m_title->setTextFormat(Qt::RichText);
    m_text = new QLabel(this);
    m_text->setWordWrap(true);
    m_place = new QLabel(this);
    m_place->setProperty("role", "muted");
    m_close = new QToolButton(this);
    m_close->setObjectName(QStringLiteral("calloutClose"));
    m_close->setText(QStringLiteral("✕"));
    m_close->setToolTip(tr("End the tour"));
    m_close->setAccessibleName(m_close->toolTip());
    m_back = new QPushButton(tr("Back"), this);
    m_back->setObjectName(QStringLiteral("calloutBack"));
    m_next = new QPushButton(this);
    m_next->setObjectName(QStringLiteral("calloutNext"));
    auto* top = new QHBoxLayout;
    top->addWidget(m_title, 1);
    top->addWidget(m_close);
    auto* bottom = new QHBoxLayout;
    bottom->addWidget(m_place, 1);
    bottom->addWidget(m_back);
    bottom->addWidget(m_next);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 8, 12, 12);
    layout->setSpacing(8);
    layout->addLayout(top);
    layout->addWidget(m_text);
    layout->addLayout(bottom);
    connect(m_close, &QToolButton::clicked, this, &Callout::dismissed);
    connect(m_back, &QPushButton::clicked, this, &Callout::backRequested);
    connect(m_next, &QPushButton::clicked, this, &Callout::nextRequested);
}

void Callout::showAt(QWidget* target, const Content& content) {
    if (m_target) m_target->removeEventFilter(this);
    m_target = target;
    if (m_target) m_target->installEventFilter(this);
    m_title->setText(QStringLiteral("<b>%1</b>").arg(content.title.toHtmlEscaped()));
    m_text->setText(content.text);
    m_place->setText(content.place);
    m_next->setText(content.button);
    m_back->setVisible(content.hasBack);
    setAccessibleDescription(content.text);
    show();
    place();
    m_next->setFocus(Qt::OtherFocusReason);
}

void Callout::place() {
    layout()->activate();
    resize(kWidth, std::max(layout()->totalHeightForWidth(kWidth), sizeHint().height()));
    const bool hasTarget = m_target && m_target->isVisible();
    m_ring->setVisible(hasTarget && isVisible());
    QPoint corner((m_window->width() - width()) / 2, (m_window->height() - height()) / 2);
    if (hasTarget) {
        const QRect at(m_target->mapTo(m_window, QPoint()), m_target->size());
        m_ring->setGeometry(at.adjusted(-kRing, -kRing, kRing, kRing).intersected(m_window->rect()));
        m_ring->raise();
        corner = cornerBeside(at);
    }
    move(corner);
    raise();
}

QPoint Callout::cornerBeside(const QRect& target) const {
    const QRect room = m_window->rect().adjusted(kGap, kGap, -kGap, -kGap);
    const int x =
        std::clamp(target.center().x() - width() / 2, room.left(), std::max(room.left(), room.right() - width()));
    const int y =
        std::clamp(target.center().y() - height() / 2, room.top(), std::max(room.top(), room.bottom() - height()));
    const QPoint choices[] = {{x, target.bottom() + kGap},
                              {x, target.top() - kGap - height()},
                              {target.right() + kGap, y},
                              {target.left() - kGap - width(), y}};
    for (const QPoint& corner : choices)
        if (room.contains(QRect(corner, size()))) return corner;
    return {x, y};
}

bool Callout::eventFilter(QObject* watched, QEvent* event) {
    const auto type = event->type();
    const bool moves = type == QEvent::Resize || type == QEvent::Move || type == QEvent::Show || type == QEvent::Hide;
    // After the layouts have had their turn.
    if (moves && isVisible()) QMetaObject::invokeMethod(this, &Callout::place, Qt::QueuedConnection);
    return QFrame::eventFilter(watched, event);
}

void Callout::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) {
        emit dismissed();
    } else {
        QFrame::keyPressEvent(event);
    }
}

void Callout::hideEvent(QHideEvent* event) {
    QFrame::hideEvent(event);
    if (m_ring) m_ring->hide();
}

}  // namespace halftone::app
