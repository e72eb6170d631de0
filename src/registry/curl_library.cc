// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/curl_library.hh"

#include <dlfcn.h>

#include "base/error.hh"

namespace rpod::registry {
namespace {

void* open_library() {
#ifdef RPOD_STATIC_PROGRAM
    // It would bring a second C library along, whose threads know nothing of this one's.
    throw Error("this rpod is linked statically and cannot load libcurl, which talks to registries")
        .with_hint(
            "take a dynamically linked one, or: skopeo copy docker://NAME oci-archive:FILE; rpod load -i "
            "FILE");
#else
    // Either flavour will do; they differ in the library that speaks TLS.
    for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
        if (void* library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
    }
    const char* why = ::dlerror();
    throw Error("load libcurl, which talks to registries: {}", why ? why : "unknown error")
        .with_hint("install the package libcurl4");
#endif
}

template <class Function>
void find(void* library, const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(library, name));
    if (!into) throw Error("load libcurl: it has no {}", name);
}

CurlLibrary load() {
    void* library = open_library();
    CurlLibrary table{};
    find(library, "curl_global_init", table.global_init);
    find(library, "curl_easy_init", table.easy_init);
    find(library, "curl_easy_cleanup", table.easy_cleanup);
    find(library, "curl_easy_reset", table.easy_reset);
    find(library, "curl_easy_setopt", table.easy_setopt);
    find(library, "curl_easy_getinfo", table.easy_getinfo);
    find(library, "curl_easy_pause", table.easy_pause);
    find(library, "curl_easy_strerror", table.easy_strerror);
    find(library, "curl_multi_init", table.multi_init);
    find(library, "curl_multi_cleanup", table.multi_cleanup);
    find(library, "curl_multi_add_handle", table.multi_add_handle);
    find(library, "curl_multi_remove_handle", table.multi_remove_handle);
    find(library, "curl_multi_perform", table.multi_perform);
    find(library, "curl_multi_poll", table.multi_poll);
    find(library, "curl_multi_info_read", table.multi_info_read);
    find(library, "curl_slist_append", table.slist_append);
    find(library, "curl_slist_free_all", table.slist_free_all);
    if (table.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error("initialize libcurl");
    return table;
}

}  // namespace

const CurlLibrary& curl() {
    // Never unloaded: its libraries have threads' and exit handlers of their own.
    static const CurlLibrary table = load();
    return table;
}

}  // namespace rpod::registry
