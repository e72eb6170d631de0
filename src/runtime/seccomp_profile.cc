// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/seccomp_profile.hh"

#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "sys/seccomp.hh"

// From src/embed.py. seccomp_default.json is pkg/seccomp/seccomp.json of github.com/containers/common, commit
// f437c58a (2025-08-25), Apache-2.0, unchanged.
extern "C" const char rpod_seccomp_default_begin[];
extern "C" const char rpod_seccomp_default_end[];

namespace rpod::runtime {
namespace {

using json::Value;

constexpr json::Limits kLimits{.max_bytes = 1 << 20, .max_depth = 16};

/// Go's name of the architecture, which is what the rules of a profile say.
std::string_view go_architecture(std::string_view libseccomp_name) {
    constexpr std::pair<std::string_view, std::string_view> names[] = {{"x86_64", "amd64"},
                                                                       {"aarch64", "arm64"}};
    for (const auto& [ours, go] : names) {
        if (ours == libseccomp_name) return go;
    }
    return libseccomp_name;
}

std::string scmp_architecture(std::string_view libseccomp_name) {
    std::string name = "SCMP_ARCH_";
    for (const char c : libseccomp_name)
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

/// "EPERM" → 1
uint32_t parse_errno_name(const Value& v) {
    const auto text = v.as_string();
    constexpr int kLast = 133;  // EHWPOISON
    for (int e = 1; e <= kLast; ++e) {
        const char* name = ::strerrorname_np(e);
        if (name && text == name) return static_cast<uint32_t>(e);
    }
    throw Error("{}: there is no errno '{}'", v.path(), printable(text));
}

/// The name counts where both are given, as for podman.
std::optional<uint32_t> read_errno(const Value& v, std::string_view name_key, std::string_view number_key) {
    const auto name = v.find(name_key);
    if (name && !name->as_string().empty()) return parse_errno_name(*name);
    const auto number = v.find(number_key);
    return number ? std::optional(static_cast<uint32_t>(number->as_uint(UINT16_MAX))) : std::nullopt;
}

/// A profile's text in the light of the container and the machine.
class ProfileReader {
  public:
    ProfileReader(sys::CapSet bounding, const SeccompHost& host) : bounding_(bounding), host_(host) {}

    oci::Seccomp read(const Value& v) const {
        oci::Seccomp out;
        out.default_action = v.at("defaultAction").as_string();
        out.default_errno_ret = read_errno(v, "defaultErrno", "defaultErrnoRet");
        out.architectures = read_architectures(v);
        out.flags = v.strings_or_empty("flags");
        out.listener_path = v.string_or("listenerPath");
        out.listener_metadata = v.string_or("listenerMetadata");
        if (const auto rules = v.find("syscalls")) {
            for (const auto& rule : rules->elements()) {
                if (applies(rule)) out.syscalls.push_back(read_rule(rule));
            }
        }
        return out;
    }

  private:
    std::vector<std::string> read_architectures(const Value& v) const {
        auto listed = v.strings_or_empty("architectures");
        const auto map = v.find("archMap");
        if (!map) return listed;
        if (!listed.empty()) throw Error("{}: has both 'architectures' and 'archMap'", v.path());
        const auto native = scmp_architecture(host_.architecture);
        for (const auto& entry : map->elements()) {
            if (entry.at("architecture").as_string() != native) continue;
            listed = entry.strings_or_empty("subArchitectures");
            listed.insert(listed.begin(), native);
            break;
        }
        return listed;
    }

    /// All capabilities and the kernel that `includes` names must be there, and none that `excludes` names.
    bool applies(const Value& rule) const {
        if (const auto excludes = rule.find("excludes")) {
            const auto caps = excludes->strings_or_empty("caps");
            if (std::any_of(caps.begin(), caps.end(), [&](const auto& cap) { return has(cap); }))
                return false;
            if (names_architecture(*excludes)) return false;
            if (const auto kernel = excludes->find("minKernel"); kernel && kernel_reaches(*kernel))
                return false;
        }
        if (const auto includes = rule.find("includes")) {
            const auto caps = includes->strings_or_empty("caps");
            if (!std::all_of(caps.begin(), caps.end(), [&](const auto& cap) { return has(cap); }))
                return false;
            if (!includes->strings_or_empty("arches").empty() && !names_architecture(*includes)) return false;
            if (const auto kernel = includes->find("minKernel"); kernel && !kernel_reaches(*kernel))
                return false;
        }
        return true;
    }

    bool has(const std::string& capability) const {
        const auto number = sys::find_capability(capability);
        return number && (bounding_ & sys::cap_bit(*number));
    }

    bool names_architecture(const Value& condition) const {
        const auto arches = condition.strings_or_empty("arches");
        return std::find(arches.begin(), arches.end(), go_architecture(host_.architecture)) != arches.end();
    }

    bool kernel_reaches(const Value& v) const {
        const auto text = v.as_string();
        const auto parts = split(text, '.');
        const auto major = parse_uint(parts[0], INT32_MAX);
        const auto minor = parts.size() > 1 ? parse_uint(parts[1], INT32_MAX) : std::nullopt;
        if (parts.size() != 2 || !major || !minor) {
            throw Error("{}: '{}' is not a kernel version like 4.8", v.path(), printable(text));
        }
        const std::pair<uint64_t, uint64_t> here(host_.kernel_major, host_.kernel_minor);
        return here >= std::pair(*major, *minor);
    }

    static oci::SeccompSyscall read_rule(const Value& v) {
        oci::SeccompSyscall rule;
        rule.names = v.strings_or_empty("names");
        // The form of old profiles: one rule for each system call.
        if (const auto name = v.find("name"); name && !name->as_string().empty()) {
            if (!rule.names.empty()) throw Error("{}: has both 'name' and 'names'", v.path());
            rule.names = {name->as_string()};
        }
        if (rule.names.empty()) throw Error("{}: names no system call", v.path());
        rule.action = v.at("action").as_string();
        rule.errno_ret = read_errno(v, "errno", "errnoRet");
        if (const auto args = v.find("args")) {
            for (const auto& arg : args->elements()) rule.args.push_back(read_arg(arg));
        }
        return rule;
    }

    static oci::SeccompArg read_arg(const Value& v) {
        const auto number = [&](std::string_view key) {
            const auto found = v.find(key);
            return found ? found->as_uint() : 0;
        };
        return {.index = static_cast<uint32_t>(v.at("index").as_uint(5)),
                .value = number("value"),
                .value_two = number("valueTwo"),
                .op = v.at("op").as_string()};
    }

    sys::CapSet bounding_;
    const SeccompHost& host_;
};

}  // namespace

SeccompHost SeccompHost::current() {
    SeccompHost host{.architecture = sys::seccomp_native_architecture()};
    utsname uts{};
    check(::uname(&uts), "ask for the kernel's version");
    const auto parts = split(uts.release, '.');
    const auto leading_number = [](std::string_view text) {
        const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
        return static_cast<int>(parse_uint(digits, INT32_MAX).value_or(0));
    };
    host.kernel_major = leading_number(parts[0]);
    host.kernel_minor = parts.size() > 1 ? leading_number(parts[1]) : 0;
    return host;
}

std::string_view default_seccomp_profile() {
    return {rpod_seccomp_default_begin,
            static_cast<size_t>(rpod_seccomp_default_end - rpod_seccomp_default_begin)};
}

oci::Seccomp parse_seccomp_profile(std::string_view text, const std::string& what, sys::CapSet bounding,
                                   const SeccompHost& host) {
    return ProfileReader(bounding, host).read(Value::parse(text, what, kLimits));
}

}  // namespace rpod::runtime
