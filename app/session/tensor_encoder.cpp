// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/tensor_encoder.h"

#include <algorithm>

#include "app/session/backend_factory.h"

namespace halftone::app {

namespace {
/// Of original values kept on the device, beside what a model that runs there takes.
constexpr int64_t kMostKeptBytes = int64_t(512) << 20;
}  // namespace

EncodeDevice* TensorEncoder::encoder(const Device& device) {
    if (device == m_device) return m_encoder.get();
    m_kept.clear();
    m_encoder.reset();
    m_backend.reset();
    m_device = device;
    if (device.id.starts_with("cpu")) return nullptr;
    auto backend = createBackend(device.id, device.memoryLimitBytes);
    if (!backend) return nullptr;
    m_backend = std::move(*backend);
    m_encoder = m_backend->encoder();
    return m_encoder.get();
}

const DeviceMatrix* TensorEncoder::matrix(int tensor, const RowSource& rows, const JobContext& context) {
    const auto found = std::ranges::find(m_kept, tensor, &Kept::tensor);
    if (found != m_kept.end()) {
        m_kept.splice(m_kept.begin(), m_kept, found);
        return &m_kept.front().matrix;
    }
    const auto stored = rows.storedRows();
    const int64_t bytes = stored ? std::ssize(stored->bytes) : rows.rows() * rows.cols() * int64_t(sizeof(float));
    if (bytes > kMostKeptBytes) return nullptr;
    makeRoom(bytes);
    auto matrix = DeviceMatrix::upload(*m_encoder, rows, context);
    if (!matrix) return nullptr;
    m_kept.push_front({tensor, std::move(*matrix)});
    return &m_kept.front().matrix;
}

void TensorEncoder::makeRoom(int64_t bytes) {
    int64_t kept = bytes;
    for (const auto& entry : m_kept) kept += entry.matrix.sizeBytes();
    while (kept > kMostKeptBytes && !m_kept.empty()) {
        kept -= m_kept.back().matrix.sizeBytes();
        m_kept.pop_back();
    }
}

}  // namespace halftone::app
