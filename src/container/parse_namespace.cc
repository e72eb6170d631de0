// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_namespace.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "store/names.hh"

namespace rpod::container {
namespace {

/// "container:NAME" and "ns:PATH", which all namespaces have. Nothing where it is another word.
std::optional<NamespaceChoice> parse_shared(std::string_view text, std::string_view flag) {
    if (text.starts_with("container:")) {
        const auto name = text.substr(10);
        if (!store::is_valid_name(name)) {
            throw Error("{}: '{}' does not name a container", flag, printable(text));
        }
        return NamespaceChoice{NamespaceMode::container, std::string(name)};
    }
    if (text.starts_with("ns:")) {
        const auto path = text.substr(3);
        if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) {
            throw Error("{}: '{}': ns: takes an absolute path", flag, printable(text));
        }
        return NamespaceChoice{NamespaceMode::path, std::string(path)};
    }
    if (text == "pod") return NamespaceChoice{NamespaceMode::pod, {}};
    return std::nullopt;
}

constexpr std::string_view kUserns = "userns";

uint32_t parse_id_option(std::string_view key, std::string_view value) {
    const auto id = parse_uint(value, UINT32_MAX - 1);
    if (!id) throw Error("userns: option '{}': '{}' is not a number", key, printable(value));
    return static_cast<uint32_t>(*id);
}

/// A count of IDs; 0 would be no namespace at all.
uint32_t parse_size_option(std::string_view value) {
    const uint32_t size = parse_id_option("size", value);
    if (size == 0) throw Error("userns: option 'size' must be at least 1");
    return size;
}

void take_keep_id_option(UsernsConfig& out, std::string_view key, std::string_view value) {
    if (key == "uid") {
        out.keep_uid = parse_id_option(key, value);
    } else if (key == "gid") {
        out.keep_gid = parse_id_option(key, value);
    } else if (key == "size") {
        out.size = parse_size_option(value);
    } else {
        throw Error("userns: keep-id has no option '{}'", printable(key));
    }
}

void take_auto_option(UsernsConfig& out, std::string_view key, std::string_view value) {
    if (key == "size") {
        out.size = parse_size_option(value);
    } else if (key == "uidmapping") {
        out.uid_maps.push_back(parse_id_mapping(value, "userns: uidmapping"));
    } else if (key == "gidmapping") {
        out.gid_maps.push_back(parse_id_mapping(value, "userns: gidmapping"));
    } else {
        throw Error("userns: auto has no option '{}'", printable(key));
    }
}

UsernsConfig parse_with_options(UsernsConfig::Mode mode, std::string_view options,
                                void (*take)(UsernsConfig&, std::string_view, std::string_view)) {
    UsernsConfig out{.mode = mode};
    for (const auto option : split(options, ',')) {
        const size_t at = option.find('=');
        if (at == std::string_view::npos) {
            throw Error("userns: option '{}' needs a value", printable(option));
        }
        take(out, option.substr(0, at), option.substr(at + 1));
    }
    return out;
}

uint32_t parse_map_number(std::string_view part, std::string_view text, std::string_view flag, uint64_t max) {
    const auto value = parse_uint(part, max);
    if (!value)
        throw Error("{}: '{}': '{}' is not a number of an ID", flag, printable(text), printable(part));
    return static_cast<uint32_t>(*value);
}

}  // namespace

NamespaceChoice parse_namespace(std::string_view text, std::string_view flag) {
    if (text.empty() || text == "private") return {NamespaceMode::private_, {}};
    if (text == "host") return {NamespaceMode::host, {}};
    if (const auto shared = parse_shared(text, flag)) return *shared;
    throw Error("{}: unknown mode '{}'; private, host, container:NAME and ns:PATH are known", flag,
                printable(text));
}

NamespaceChoice parse_ipc(std::string_view text) {
    if (text.empty() || text == "shareable") return {NamespaceMode::shareable, {}};
    if (text == "private") return {NamespaceMode::private_, {}};
    if (text == "host") return {NamespaceMode::host, {}};
    if (text == "none") return {NamespaceMode::none, {}};
    if (const auto shared = parse_shared(text, "ipc")) return *shared;
    throw Error(
        "ipc: unknown mode '{}'; private, shareable, none, host, container:NAME and ns:PATH are known",
        printable(text));
}

NamespaceChoice network_namespace(const NetworkConfig& network) {
    if (network.networks.empty()) return {};
    const std::string& text = network.networks.front();
    NamespaceChoice out;
    if (text == "host") {
        out.mode = NamespaceMode::host;
    } else if (text == "none") {
        out.mode = NamespaceMode::none;
    } else if (const auto shared = parse_shared(text, "network")) {
        out = *shared;
    }
    if (out.mode != NamespaceMode::private_ && network.networks.size() > 1) {
        throw Error("network: '{}' cannot be combined with other networks", printable(text));
    }
    return out;
}

UsernsConfig parse_userns(std::string_view text) {
    using Mode = UsernsConfig::Mode;
    // Each pod has a user namespace of its own in any case; "private" asks for nothing else.
    if (text.empty() || text == "host" || text == "private") return {};
    if (text == "nomap") return UsernsConfig{.mode = Mode::nomap};
    if (text == "keep-id") return UsernsConfig{.mode = Mode::keep_id};
    if (text == "auto") return UsernsConfig{.mode = Mode::automatic};
    if (text.starts_with("keep-id:"))
        return parse_with_options(Mode::keep_id, text.substr(8), take_keep_id_option);
    if (text.starts_with("auto:"))
        return parse_with_options(Mode::automatic, text.substr(5), take_auto_option);
    if (const auto shared = parse_shared(text, kUserns); shared && shared->mode != NamespaceMode::pod) {
        const bool joins = shared->mode == NamespaceMode::container;
        return UsernsConfig{.mode = joins ? Mode::container : Mode::path, .target = shared->target};
    }
    throw Error("userns: unknown mode '{}'; host, keep-id, nomap, auto, container:NAME and ns:PATH are known",
                printable(text));
}

IdMapping parse_id_mapping(std::string_view text, std::string_view flag) {
    const auto parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3) {
        throw Error("{}: '{}': expected INSIDE:OUTSIDE[:COUNT]", flag, printable(text));
    }
    if (text[0] == '+')
        throw Error("{}: '{}': adding to a map with '+' is not supported yet", flag, printable(text));
    IdMapping out;
    std::string_view outside = parts[1];
    out.outside_is_host = outside.starts_with('@');
    if (out.outside_is_host) outside.remove_prefix(1);
    out.inside = parse_map_number(parts[0], text, flag, UINT32_MAX - 1);
    out.outside = parse_map_number(outside, text, flag, UINT32_MAX - 1);
    if (parts.size() == 3) out.count = parse_map_number(parts[2], text, flag, UINT32_MAX);
    // IDs end at 2^32 - 2; the kernel refuses what runs past it.
    if (out.count == 0 || out.count > UINT32_MAX - std::max(out.inside, out.outside)) {
        throw Error("{}: '{}': the count is out of range", flag, printable(text));
    }
    return out;
}

}  // namespace rpod::container
