// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/screens/screen_compare.h"

#include <QPainter>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace halftone::test {

namespace {

constexpr int kMostColors = 256;

/// 32 steps a channel, which is finer than a difference that counts.
QRgb rounded(QRgb color) {
    const auto step = [](int value) { return std::min(255, (value + 4) / 8 * 8); };
    return qRgb(step(qRed(color)), step(qGreen(color)), step(qBlue(color)));
}

int distance(QRgb a, QRgb b) {
    const int red = qRed(a) - qRed(b), green = qGreen(a) - qGreen(b), blue = qBlue(a) - qBlue(b);
    return red * red + green * green + blue * blue;
}

/// The commonest colour of each step, the commonest steps first: surfaces keep their colours exactly.
std::vector<QRgb> commonColors(const std::map<QRgb, int>& counts) {
    struct Step {
        int times = 0, most = 0;
        QRgb commonest = 0;
    };
    std::map<QRgb, Step> steps;
    for (const auto& [color, count] : counts) {
        auto& step = steps[rounded(color)];
        step.times += count;
        if (count > step.most) step.most = count, step.commonest = color;
    }
    std::vector<std::pair<int, QRgb>> order;
    for (const auto& [color, step] : steps) order.emplace_back(-step.times, step.commonest);
    std::sort(order.begin(), order.end());
    std::vector<QRgb> colors;
    for (const auto& [times, color] : order) {
        if (colors.size() < kMostColors) colors.push_back(color);
    }
    return colors;
}

const QRgb* lineOf(const QImage& picture, int y) {
    return reinterpret_cast<const QRgb*>(picture.constScanLine(y));
}

/// Means of 3 x 3 pixels.
QImage blurred(const QImage& picture) {
    QImage result(picture.size(), QImage::Format_RGB32);
    for (int y = 0; y < picture.height(); ++y) {
        const QRgb* lines[] = {lineOf(picture, std::max(0, y - 1)), lineOf(picture, y),
                               lineOf(picture, std::min(picture.height() - 1, y + 1))};
        auto* out = reinterpret_cast<QRgb*>(result.scanLine(y));
        for (int x = 0; x < picture.width(); ++x) {
            const int columns[] = {std::max(0, x - 1), x, std::min(picture.width() - 1, x + 1)};
            int red = 0, green = 0, blue = 0;
            for (const auto* line : lines) {
                for (const int column : columns) {
                    red += qRed(line[column]);
                    green += qGreen(line[column]);
                    blue += qBlue(line[column]);
                }
            }
            out[x] = qRgb(red / 9, green / 9, blue / 9);
        }
    }
    return result;
}

bool isAlike(QRgb a, QRgb b) {
    return std::abs(qRed(a) - qRed(b)) <= kPixelLimit && std::abs(qGreen(a) - qGreen(b)) <= kPixelLimit &&
           std::abs(qBlue(a) - qBlue(b)) <= kPixelLimit;
}

bool hasLike(QRgb color, const QImage& other, int x, int y) {
    if (isAlike(color, lineOf(other, y)[x])) return true;
    for (int row = std::max(0, y - 1); row <= std::min(other.height() - 1, y + 1); ++row) {
        const QRgb* line = lineOf(other, row);
        for (int column = std::max(0, x - 1); column <= std::min(other.width() - 1, x + 1); ++column) {
            if (isAlike(color, line[column])) return true;
        }
    }
    return false;
}

using Mean = std::array<double, 3>;

Mean meanOf(const QImage& picture, const QRect& area) {
    Mean sum{};
    const QRect inside = area.intersected(picture.rect());
    for (int y = inside.top(); y <= inside.bottom(); ++y) {
        const auto* line = lineOf(picture, y);
        for (int x = inside.left(); x <= inside.right(); ++x) {
            sum[0] += qRed(line[x]);
            sum[1] += qGreen(line[x]);
            sum[2] += qBlue(line[x]);
        }
    }
    const double count = std::max(1, inside.width() * inside.height());
    for (auto& channel : sum) channel /= count;
    return sum;
}

double distance(const Mean& a, const Mean& b) {
    double most = 0;
    for (size_t channel = 0; channel < a.size(); ++channel) most = std::max(most, std::abs(a[channel] - b[channel]));
    return most;
}

bool isEqual(const QImage& golden, const QImage& picture, const QRect& block) {
    for (int y = block.top(); y <= block.bottom(); ++y) {
        const auto *a = lineOf(golden, y) + block.left(), *b = lineOf(picture, y) + block.left();
        if (std::memcmp(a, b, size_t(block.width()) * sizeof(QRgb)) != 0) return false;
    }
    return true;
}

bool hasOtherPixels(const QImage& golden, const QImage& picture, const QRect& block) {
    int strange = 0;
    for (int y = block.top(); y <= block.bottom(); ++y) {
        for (int x = block.left(); x <= block.right(); ++x) {
            strange += !hasLike(lineOf(golden, y)[x], picture, x, y) || !hasLike(lineOf(picture, y)[x], golden, x, y);
        }
    }
    return strange > kMostPixels;
}

bool hasOtherMean(const QImage& golden, const QImage& picture, const QRect& block) {
    const Mean wanted = meanOf(golden, block);
    for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
            if (distance(wanted, meanOf(picture, block.translated(dx, dy))) <= kMeanLimit) return false;
        }
    }
    return true;
}

/// The most marked cells of a grid that touch each other, corners included.
int largestArea(std::vector<char> marked, int columns) {
    int largest = 0;
    const int rows = int(marked.size()) / std::max(columns, 1);
    for (int start = 0; start < int(marked.size()); ++start) {
        int size = 0;
        std::vector<int> waiting;
        if (std::exchange(marked[size_t(start)], char(0))) waiting.push_back(start);
        while (!waiting.empty()) {
            const int at = waiting.back();
            waiting.pop_back();
            ++size;
            for (int row = std::max(0, at / columns - 1); row <= std::min(rows - 1, at / columns + 1); ++row) {
                for (int column = std::max(0, at % columns - 1); column <= std::min(columns - 1, at % columns + 1);
                     ++column) {
                    const int next = row * columns + column;
                    if (std::exchange(marked[size_t(next)], char(0))) waiting.push_back(next);
                }
            }
        }
        largest = std::max(largest, size);
    }
    return largest;
}

}  // namespace

QImage reduced(const QImage& picture) {
    QImage plain = picture.convertToFormat(QImage::Format_RGB32);
    const int width = qRound(picture.width() / picture.devicePixelRatio());
    plain.setDevicePixelRatio(1);
    if (width == plain.width()) return plain;
    return plain.scaledToWidth(width, Qt::SmoothTransformation).convertToFormat(QImage::Format_RGB32);
}

QImage withPalette(const QImage& picture) {
    const QImage plain = picture.convertToFormat(QImage::Format_RGB32);
    std::map<QRgb, int> counts;
    for (int y = 0; y < plain.height(); ++y) {
        for (int x = 0; x < plain.width(); ++x) ++counts[lineOf(plain, y)[x]];
    }
    const auto colors = commonColors(counts);
    std::unordered_map<QRgb, uint> place;
    for (const auto& [color, count] : counts) {
        const auto nearest = std::min_element(colors.begin(), colors.end(), [color = color](QRgb a, QRgb b) {
            return distance(a, color) < distance(b, color);
        });
        place[color] = uint(nearest - colors.begin());
    }
    QImage indexed(plain.size(), QImage::Format_Indexed8);
    indexed.setColorTable(QList<QRgb>(colors.begin(), colors.end()));
    for (int y = 0; y < plain.height(); ++y) {
        for (int x = 0; x < plain.width(); ++x) indexed.setPixel(x, y, place[lineOf(plain, y)[x]]);
    }
    return indexed;
}

bool ScreenDifference::isSame() const {
    return problem.isEmpty() && largestArea <= kMostTouching && double(differing) <= kTotalShare * double(blocks);
}

QString ScreenDifference::text() const {
    if (!problem.isEmpty()) return problem;
    return QStringLiteral("%1 of %2 blocks differ, %3 of them beside each other")
        .arg(differing)
        .arg(blocks)
        .arg(largestArea);
}

ScreenDifference compareScreens(const QImage& golden, const QImage& picture) {
    ScreenDifference difference;
    if (golden.size() != picture.size()) {
        difference.problem = QStringLiteral("the picture has %1 x %2 pixels, the golden one %3 x %4")
                                 .arg(picture.width())
                                 .arg(picture.height())
                                 .arg(golden.width())
                                 .arg(golden.height());
        difference.map = picture;
        return difference;
    }
    const QImage a = golden.convertToFormat(QImage::Format_RGB32), b = picture.convertToFormat(QImage::Format_RGB32);
    const QImage softA = blurred(a), softB = blurred(b);
    const int columns = (a.width() + kBlock - 1) / kBlock, rows = (a.height() + kBlock - 1) / kBlock;
    std::vector<char> marked(size_t(columns * rows));
    difference.map = b;
    QPainter painter(&difference.map);
    painter.setPen(Qt::red);
    for (int at = 0; at < columns * rows; ++at) {
        const QRect block = QRect(at % columns * kBlock, at / columns * kBlock, kBlock, kBlock).intersected(a.rect());
        if (isEqual(a, b, block)) continue;
        if (!hasOtherPixels(softA, softB, block) && !hasOtherMean(a, b, block)) continue;
        marked[size_t(at)] = 1;
        painter.drawRect(block.adjusted(0, 0, -1, -1));
    }
    difference.blocks = columns * rows;
    difference.differing = int(std::count(marked.begin(), marked.end(), char(1)));
    difference.largestArea = largestArea(std::move(marked), columns);
    return difference;
}

}  // namespace halftone::test
