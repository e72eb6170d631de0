// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/image_filter.hh"

#include <fnmatch.h>

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/filter_values.hh"
#include "cli/image_users.hh"

namespace rpod::cli {
namespace {

/// The pattern against the name and each end of it that begins with a path component, with and without the
/// tag; '*' does not match '/'.
bool matches_pattern(const oci::Reference& name, const std::string& pattern) {
    const std::string repository = name.repository();
    for (size_t start = 0; start != std::string::npos;) {
        const std::string end = repository.substr(start);
        const std::string tagged = end + ":" + name.tag().value_or("");
        for (const auto& candidate : {end, tagged}) {
            if (::fnmatch(pattern.c_str(), candidate.c_str(), FNM_PATHNAME) == 0) return true;
        }
        const size_t slash = repository.find('/', start);
        start = slash == std::string::npos ? slash : slash + 1;
    }
    return false;
}

bool has_image_label(const image::Image& image, const std::string& value) {
    return has_label(image.config.config.labels, value);
}

Timestamp created_or_zero(const image::Image& image) { return created_time(image).value_or(Timestamp{}); }

}  // namespace

std::optional<Timestamp> created_time(const image::Image& image) {
    return parse_rfc3339(image.config.created);
}

ImageFilter::ImageFilter(const std::vector<std::string>& filters, const image::ImageStore& store) {
    for (const auto& filter : filters) {
        const auto parts = split(filter, '=', 2);
        if (parts.size() != 2)
            throw Error("invalid image filter \"{}\": must be in the format \"filter=value\"", filter);
        add(to_lower(parts[0]), std::string(parts[1]), store);
    }
}

void ImageFilter::add(const std::string& key, const std::string& value, const image::ImageStore& store) {
    const auto is = [&](auto test) {
        return [test, wanted = parse_bool_value(value, key)](const image::Image& i) {
            return test(i) == wanted;
        };
    };
    if (key == "reference") {
        references_.push_back(value);
    } else if (key == "id") {
        const std::string prefix = value.starts_with("sha256:") ? value.substr(7) : value;
        tests_.add_any(key, [prefix](const image::Image& i) { return i.id.hex().starts_with(prefix); });
    } else if (key == "digest") {
        tests_.add_any(key, [value](const image::Image& i) { return i.digest().str().starts_with(value); });
    } else if (key == "label") {
        tests_.add_all([value](const image::Image& i) { return has_image_label(i, value); });
    } else if (key == "label!") {
        tests_.add_all([value](const image::Image& i) { return !has_image_label(i, value); });
    } else if (key == "before") {
        const auto limit = created_or_zero(store.get(value));
        tests_.add_all([limit](const image::Image& i) { return created_or_zero(i) < limit; });
    } else if (key == "since" || key == "after") {
        const auto limit = created_or_zero(store.get(value));
        tests_.add_all([limit](const image::Image& i) { return created_or_zero(i) > limit; });
    } else if (key == "until") {
        const auto limit = parse_moment(value);
        tests_.add_all([limit](const image::Image& i) { return created_or_zero(i) < limit; });
    } else if (key == "dangling") {
        tests_.add_all(is([](const image::Image& i) { return i.names.empty(); }));
    } else if (key == "containers") {
        const auto users = image_users(store.paths());
        tests_.add_all(is([users](const image::Image& i) { return users.contains(i.id); }));
    } else if (key == "manifest") {
        tests_.add_all(is([](const image::Image& i) { return i.list.has_value(); }));
    } else if (key == "intermediate" || key == "readonly") {
        // Images of these kinds do not exist here.
        tests_.add_all(is([](const image::Image&) { return false; }));
    } else {
        throw Error("unsupported image filter \"{}\"", printable(key));
    }
}

bool ImageFilter::matches(const image::Image& image) const {
    if (!tests_.hold(image)) return false;
    return references_.empty() || std::any_of(image.names.begin(), image.names.end(),
                                              [&](const oci::Reference& name) { return matches_name(name); });
}

bool ImageFilter::matches_name(const oci::Reference& name) const {
    return references_.empty() ||
           std::any_of(references_.begin(), references_.end(),
                       [&](const std::string& pattern) { return matches_pattern(name, pattern); });
}

}  // namespace rpod::cli
