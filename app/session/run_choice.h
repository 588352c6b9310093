// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "core/inference/run_format.h"

namespace halftone::app {

/// How recipes are run, chosen once for everything: evaluations run so, and the memory estimate counts a cache of these
/// types. GUI thread.
class RunChoice : public QObject {
    Q_OBJECT

  public:
    using QObject::QObject;

    /// Without the scales of static rounding, which follow from the calibration.
    [[nodiscard]] const RunFormat& format() const { return m_format; }
    /// Says nothing if nothing changes.
    void setFormat(const RunFormat& format);
    void setCache(const CacheFormat& cache);
    /// The cache that a runtime has: F16 where evaluations keep F32 as the yardstick, else what was chosen.
    [[nodiscard]] CacheFormat storedCache() const;

  signals:
    void changed();

  private:
    RunFormat m_format;
};

}  // namespace halftone::app
