// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// The cache: one file "seccomp-<hash of the key>" for each filter, numbers as this machine has them:
//
//     CacheHeader | key | program (struct sock_filter[count])
//
// The key is everything that the result depends on, the profile's text included, and is compared byte by
// byte: two keys with one hash cost a compilation, never a wrong filter. A file that is not exactly what it
// should be is as good as none.
#include "runtime/seccomp_filter.hh"

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "runtime/seccomp_profile.hh"
#include "sys/fd.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

// ---- compiling
// -----------------------------------------------------------------------------------------------------

/// SECCOMP_RET_* with the data that belongs to it.
uint32_t action_of(const std::string& name, std::optional<uint32_t> errno_ret, std::string_view where) {
    constexpr uint32_t max_errno = 4095;
    if (name == "SCMP_ACT_ERRNO" || name == "SCMP_ACT_TRACE") {
        const uint32_t data = errno_ret.value_or(EPERM);
        const bool is_errno = name == "SCMP_ACT_ERRNO";
        if (data > (is_errno ? max_errno : SECCOMP_RET_DATA)) {
            throw Error("seccomp: {}: {} is too large for {}", where, data, name);
        }
        return (is_errno ? SECCOMP_RET_ERRNO : SECCOMP_RET_TRACE) | data;
    }
    if (errno_ret.value_or(0) != 0) throw Error("seccomp: {}: {} takes no errno", where, name);
    constexpr std::pair<std::string_view, uint32_t> plain[] = {
        {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
        {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
        {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
        {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
        {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
        {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
    };
    for (const auto& [text, value] : plain) {
        if (name == text) return value;
    }
    if (name == "SCMP_ACT_NOTIFY") throw Error("seccomp: {}: SCMP_ACT_NOTIFY is not supported", where);
    throw Error("seccomp: {}: there is no action '{}'", where, printable(name));
}

sys::SeccompCompare compare_of(const oci::SeccompArg& arg, std::string_view where) {
    using Op = sys::SeccompCompare::Op;
    constexpr std::pair<std::string_view, Op> ops[] = {
        {"SCMP_CMP_NE", Op::ne},
        {"SCMP_CMP_LT", Op::lt},
        {"SCMP_CMP_LE", Op::le},
        {"SCMP_CMP_EQ", Op::eq},
        {"SCMP_CMP_GE", Op::ge},
        {"SCMP_CMP_GT", Op::gt},
        {"SCMP_CMP_MASKED_EQ", Op::masked_eq},
    };
    if (arg.index > 5) throw Error("seccomp: {}: a system call has no argument {}", where, arg.index);
    for (const auto& [text, op] : ops) {
        if (arg.op == text)
            return {.index = arg.index, .op = op, .value = arg.value, .value_two = arg.value_two};
    }
    throw Error("seccomp: {}: there is no operator '{}'", where, printable(arg.op));
}

void add_rule(sys::SeccompBuilder& builder, uint32_t action, const std::string& syscall,
              const std::vector<sys::SeccompCompare>& compares) {
    std::set<unsigned> indices;
    for (const auto& compare : compares) indices.insert(compare.index);
    bool known = true;
    if (indices.size() == compares.size()) {
        known = builder.add_rule(action, syscall, compares);
    } else {
        // Several comparisons of one argument cannot all hold: they are alternatives (runc and crun read them
        // so).
        for (const auto& compare : compares) known = builder.add_rule(action, syscall, {compare});
    }
    if (!known) log::debug("seccomp: libseccomp does not know the system call '{}'", printable(syscall));
}

unsigned flags_of(const std::vector<std::string>& names) {
    constexpr std::pair<std::string_view, unsigned> known[] = {
        {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
        {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
        {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    };
    unsigned flags = 0;
    for (const auto& name : names) {
        const auto* found =
            std::find_if(std::begin(known), std::end(known), [&](const auto& k) { return k.first == name; });
        if (found == std::end(known)) throw Error("seccomp: the flag '{}' is not supported", printable(name));
        flags |= found->second;
    }
    return flags;
}

/// "SCMP_ARCH_X86_64" → "x86_64"
std::string architecture_of(const std::string& name) {
    constexpr std::string_view prefix = "SCMP_ARCH_";
    if (!name.starts_with(prefix)) throw Error("seccomp: there is no architecture '{}'", printable(name));
    return to_lower(std::string_view(name).substr(prefix.size()));
}

// ---- the cache
// -----------------------------------------------------------------------------------------------------

struct CacheHeader {
    std::array<char, 8> magic{'r', 'p', 'o', 'd', 'b', 'p', 'f', '1'};
    uint64_t checksum = 0;  ///< of flags and program
    uint32_t key_size = 0;
    uint32_t count = 0;
    uint32_t flags = 0;
    uint32_t zero = 0;
};
static_assert(sizeof(CacheHeader) == 32);

constexpr std::string_view kCachePrefix = "seccomp-";
/// A new kernel or profile leaves old files behind: with more than this many, all go.
constexpr size_t kMaxCacheFiles = 64;

/// Tells damage and different keys apart; no defence against somebody who can write to the directory.
uint64_t hash_of(std::string_view bytes) {
    constexpr uint64_t factor = 0x9e3779b97f4a7c15;
    uint64_t h = bytes.size() * factor;
    while (!bytes.empty()) {
        uint64_t word = 0;
        const auto n = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), n);
        h = (h ^ word) * factor;
        h ^= h >> 29;
        bytes.remove_prefix(n);
    }
    return h;
}

uint64_t checksum_of(std::string_view program, uint32_t flags) { return hash_of(program) + flags; }

std::string_view bytes_of(const sys::BpfProgram& program) {
    return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

std::string cache_key(std::string_view text, sys::CapSet bounding) {
    utsname uts{};
    check(::uname(&uts), "ask for the kernel's version");
    return fmt::format("{}\n{} {:x} {} {} {}", text, text.size(), bounding,
                       sys::seccomp_native_architecture(), sys::libseccomp_version(), uts.release);
}

std::string cache_name(std::string_view key) { return fmt::format("{}{:016x}", kCachePrefix, hash_of(key)); }

/// Nothing for anything but the file that was written for this key.
std::optional<SeccompFilter> decode(std::string_view data, std::string_view key) {
    CacheHeader header;
    if (data.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, data.data(), sizeof header);
    data.remove_prefix(sizeof header);
    const uint64_t program_size = uint64_t{header.count} * sizeof(sock_filter);
    if (header.magic != CacheHeader{}.magic || header.zero != 0 || header.count == 0 ||
        header.count > BPF_MAXINSNS || header.key_size != key.size() ||
        data.size() != key.size() + program_size || data.substr(0, key.size()) != key) {
        return std::nullopt;
    }
    data.remove_prefix(key.size());
    SeccompFilter filter{.program = sys::BpfProgram(header.count), .flags = header.flags};
    std::memcpy(filter.program.data(), data.data(), data.size());
    if (checksum_of(data, header.flags) != header.checksum) return std::nullopt;
    return filter;
}

std::string encode(const SeccompFilter& filter, std::string_view key) {
    const auto program = bytes_of(filter.program);
    CacheHeader header;
    header.checksum = checksum_of(program, filter.flags);
    header.key_size = static_cast<uint32_t>(key.size());
    header.count = static_cast<uint32_t>(filter.program.size());
    header.flags = filter.flags;
    std::string data(reinterpret_cast<const char*>(&header), sizeof header);
    data.append(key).append(program);
    return data;
}

std::optional<SeccompFilter> find_cached(int dir, std::string_view key) try {
    const auto file = sys::find_at(dir, cache_name(key), O_RDONLY);
    if (!file) return std::nullopt;
    auto found = decode(sys::read_all(file->get(), "the cached filter", 4 << 20), key);
    if (!found) log::debug("seccomp: the cached filter '{}' is damaged or another's", cache_name(key));
    return found;
} catch (const Error& e) {
    log::debug("seccomp: {}", e.what());
    return std::nullopt;
}

void sweep_cache(int dir) {
    std::vector<std::string> ours;
    for (auto& name : sys::list_dir(dir)) {
        if (name.starts_with(kCachePrefix)) ours.push_back(std::move(name));
    }
    if (ours.size() < kMaxCacheFiles) return;
    for (const auto& name : ours) ::unlinkat(dir, name.c_str(), 0);
}

void keep_in_cache(int dir, std::string_view key, const SeccompFilter& filter) try {
    sweep_cache(dir);
    sys::replace_file_at(dir, cache_name(key), encode(filter, key), 0600, sys::Sync::no);
} catch (const Error& e) {
    log::debug("seccomp: {}", e.what());
}

}  // namespace

SeccompFilter compile_seccomp(const oci::Seccomp& seccomp) {
    if (!seccomp.listener_path.empty()) throw Error("seccomp: listenerPath is not supported");
    sys::SeccompBuilder builder(
        action_of(seccomp.default_action, seccomp.default_errno_ret, "defaultAction"));
    for (const auto& name : seccomp.architectures) builder.add_architecture(architecture_of(name));
    for (size_t i = 0; i < seccomp.syscalls.size(); ++i) {
        const auto& rule = seccomp.syscalls[i];
        const auto where = fmt::format("syscalls[{}]", i);
        const auto action = action_of(rule.action, rule.errno_ret, where);
        std::vector<sys::SeccompCompare> compares;
        for (const auto& arg : rule.args) compares.push_back(compare_of(arg, where));
        for (const auto& name : rule.names) add_rule(builder, action, name, compares);
    }
    return {.program = builder.compile(), .flags = flags_of(seccomp.flags)};
}

SeccompFilter compile_seccomp_profile(std::string_view text, const std::string& what, sys::CapSet bounding,
                                      int cache_dir) {
    const auto key = cache_key(text, bounding);
    if (cache_dir >= 0) {
        if (auto found = find_cached(cache_dir, key)) return *std::move(found);
    }
    SeccompFilter filter;
    {
        const auto rules = parse_seccomp_profile(text, what, bounding, SeccompHost::current());
        filter = in_context([&] { return compile_seccomp(rules); }, "{}", what);
    }
#ifdef __GLIBC__
    // That took 1.2 MB, which every process that is forked from here would keep as long as the container
    // lives.
    ::malloc_trim(0);
#endif
    if (cache_dir >= 0) keep_in_cache(cache_dir, key, filter);
    return filter;
}

}  // namespace rpod::runtime
