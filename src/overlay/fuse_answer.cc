// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/fuse_answer.hh"

#include <algorithm>
#include <memory>

namespace rpod::overlay {

std::span<char> reply_buffer(size_t size) {
    thread_local size_t capacity = 0;
    thread_local std::unique_ptr<char[]> memory;
    size = std::min(size, kMaxTransfer);
    if (size > capacity) {
        memory.reset(new char[size]);
        capacity = size;
    }
    return {memory.get(), size};
}

int reply_sized(fuse_req_t request, const Result<std::string>& value, size_t size) {
    if (!value) return value.err();
    if (size == 0) {
        fuse_reply_xattr(request, value->size());
    } else if (value->size() > size) {
        return ERANGE;
    } else {
        fuse_reply_buf(request, value->data(), value->size());
    }
    return 0;
}

void refuse_interrupt(int fuse, const fuse_in_header& header) noexcept {
    const fuse_out_header never_again{.len = sizeof never_again, .error = -ENOSYS, .unique = header.unique};
    (void)!::write(fuse, &never_again, sizeof never_again);
}

}  // namespace rpod::overlay
