// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/library.hh"

#include <dlfcn.h>

#include "base/error.hh"

namespace rpod::sys {

Library::Library(const std::vector<const char*>& files, Texts texts) : texts_(std::move(texts)) {
    for (const char* file : files) {
        handle_ = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
        if (handle_) return;
    }
    const char* why = ::dlerror();
    throw Error("load {}, {}: {}", texts_.name, texts_.purpose, why ? why : "unknown error")
        .with_hint(texts_.hint);
}

void* Library::address(const char* symbol) const {
    void* const found = ::dlsym(handle_, symbol);
    if (!found) throw Error("load {}: it has no {}", texts_.name, symbol).with_hint(texts_.old_hint);
    return found;
}

}  // namespace rpod::sys
