// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "core/quant/methods/encode_device.h"

namespace halftone {
class Backend;
}

namespace halftone::app {

/// The device that figures of formats are made on, where one is better at it than the processor, with the tensors that
/// were last asked for in its memory: another format for one of them moves nothing but figures. For jobs of one lane.
class TensorEncoder {
  public:
    struct Device {
        std::string id = "cpu";        ///< of a DeviceEntry
        int64_t memoryLimitBytes = 0;  ///< 0: what there is
        bool operator==(const Device&) const = default;
    };

    /// What encodes on the device; null: the processor does. A device that cannot be opened counts as none.
    EncodeDevice* encoder(const Device& device);
    /// The tensor on the encoder's device; null where there is no room (it is then brought there in pieces). Valid
    /// until the next call. `tensor` and `rows` belong together as long as this lives. Precondition: encoder() is not
    /// null.
    const DeviceMatrix* matrix(int tensor, const RowSource& rows, const JobContext& context);

  private:
    struct Kept {
        int tensor = 0;
        DeviceMatrix matrix;
    };
    void makeRoom(int64_t bytes);

    Device m_device;
    std::shared_ptr<Backend> m_backend;
    std::shared_ptr<EncodeDevice> m_encoder;
    std::list<Kept> m_kept;  ///< last used first
};

}  // namespace halftone::app
