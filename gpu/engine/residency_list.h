// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <mutex>
#include <vector>

namespace halftone {

class WeightResidency;

/// The executables' weights on one device: whoever needs memory asks the others for some. Any thread.
class ResidencyList {
  public:
    void add(WeightResidency& residency);
    void remove(WeightResidency& residency);
    /// Makes one of the others stream a block that was resident; false: none could.
    bool giveUpBlockOfOthers(const WeightResidency& asking);

  private:
    std::mutex m_mutex;
    std::vector<WeightResidency*> m_all;
};

}  // namespace halftone
