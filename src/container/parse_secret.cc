// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_secret.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_path.hh"

namespace rpod::container {
namespace {

constexpr std::string_view kDirectory = "/run/secrets/";

Error invalid(std::string_view option) {
    return Error("option {} invalid: parsing secret", printable(option));
}

uint32_t parse_id(std::string_view value, std::string_view option) {
    const auto id = parse_uint(value, UINT32_MAX - 1);
    if (!id) throw invalid(option);
    return static_cast<uint32_t>(*id);
}

uint32_t parse_mode(std::string_view value, std::string_view option) {
    uint32_t mode = 0;
    for (const char c : value) {
        if (c < '0' || c > '7' || mode > 0777) throw invalid(option);
        mode = mode * 8 + static_cast<uint32_t>(c - '0');
    }
    if (value.empty() || mode > 0777) throw invalid(option);
    return mode;
}

/// Reads the fields one by one; what they mean together is finish()'s.
class SecretParser {
  public:
    void take(std::string_view option) {
        const auto parts = split(option, '=', 2);
        if (parts.size() == 1) return take_name(option, option);
        const auto key = parts[0], value = parts[1];
        if (key == "source") return take_name(value, option);
        if (key == "target") {
            use_.target = value;
        } else if (key == "type") {
            if (value != "mount" && value != "env")
                throw Error("type {} is invalid: parsing secret", printable(value));
            use_.env = value == "env";
        } else if (key == "uid" || key == "UID") {
            use_.uid = parse_id(value, option);
            of_file_ = true;
        } else if (key == "gid" || key == "GID") {
            use_.gid = parse_id(value, option);
            of_file_ = true;
        } else if (key == "mode") {
            use_.mode = parse_mode(value, option);
            of_file_ = true;
        } else {
            throw invalid(option);
        }
    }

    SecretUse finish() {
        if (use_.name.empty()) throw Error("no source found: parsing secret");
        if (use_.env && of_file_)
            throw Error("UID, GID, Mode options cannot be set with secret type env: parsing secret");
        if (use_.target.empty()) use_.target = use_.name;
        use_.env ? check_variable() : place_file();
        return std::move(use_);
    }

  private:
    void take_name(std::string_view name, std::string_view option) {
        if (!use_.name.empty()) throw invalid(option);
        use_.name = name;
    }

    void check_variable() const {
        if (use_.target.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
            throw invalid("target=" + use_.target);
    }

    void place_file() {
        if (!use_.target.starts_with('/')) use_.target.insert(0, kDirectory);
        use_.target = parse_destination(use_.target, "secret");
        for (const char* special : {"/proc", "/sys"}) {
            if (use_.target == special || use_.target.starts_with(std::string(special) + "/"))
                throw Error("secret: nothing can be put on '{}'", printable(use_.target));
        }
    }

    SecretUse use_;
    bool of_file_ = false;
};

}  // namespace

SecretUse parse_secret(std::string_view text) {
    SecretParser parser;
    for (const auto option : split(text, ',')) parser.take(option);
    return parser.finish();
}

}  // namespace rpod::container
