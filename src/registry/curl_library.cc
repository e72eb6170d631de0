// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/curl_library.hh"

#include "base/error.hh"
#include "sys/library.hh"

namespace rpod::registry {
namespace {

sys::Library open_library() {
#ifdef RPOD_STATIC_PROGRAM
    // It would bring a second C library along, whose threads know nothing of this one's.
    throw Error("this rpod is linked statically and cannot load libcurl, which talks to registries")
        .with_hint(
            "take a dynamically linked one, or: skopeo copy docker://NAME oci-archive:FILE; rpod load -i "
            "FILE");
#else
    // Either flavour will do; they differ in the library that speaks TLS.
    return sys::Library({"libcurl.so.4", "libcurl-gnutls.so.4"}, {.name = "libcurl",
                                                                  .purpose = "which talks to registries",
                                                                  .hint = "install the package libcurl4",
                                                                  .old_hint = {}});
#endif
}

CurlLibrary load() {
    const auto library = open_library();
    CurlLibrary table{};
    library.find("curl_global_init", table.global_init);
    library.find("curl_easy_init", table.easy_init);
    library.find("curl_easy_cleanup", table.easy_cleanup);
    library.find("curl_easy_reset", table.easy_reset);
    library.find("curl_easy_setopt", table.easy_setopt);
    library.find("curl_easy_getinfo", table.easy_getinfo);
    library.find("curl_easy_pause", table.easy_pause);
    library.find("curl_easy_strerror", table.easy_strerror);
    library.find("curl_multi_init", table.multi_init);
    library.find("curl_multi_cleanup", table.multi_cleanup);
    library.find("curl_multi_add_handle", table.multi_add_handle);
    library.find("curl_multi_remove_handle", table.multi_remove_handle);
    library.find("curl_multi_perform", table.multi_perform);
    library.find("curl_multi_poll", table.multi_poll);
    library.find("curl_multi_info_read", table.multi_info_read);
    library.find("curl_slist_append", table.slist_append);
    library.find("curl_slist_free_all", table.slist_free_all);
    if (table.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error("initialize libcurl");
    return table;
}

}  // namespace

const CurlLibrary& curl() {
    static const CurlLibrary table = load();
    return table;
}

}  // namespace rpod::registry
