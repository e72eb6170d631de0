// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/driver_choice.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/driver_trial.hh"
#include "store/record.hh"
#include "sys/boot.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

using runtime::StorageDriver;

constexpr store::RecordKind kRecord{.file = "driver.json", .version = 1};

/// What the outcome depends on, as far as a command can see it.
std::string circumstances(const store::Paths& paths) {
    struct stat st {};
    check(::stat(paths.root().c_str(), &st), "stat '{}'", paths.root().native());
    const bool fuse = ::access("/dev/fuse", R_OK | W_OK) == 0;
    struct stat device {};
    const bool there = ::stat("/dev/fuse", &device) == 0;
    return fmt::format("{} {} {}", sys::boot_id(), st.st_dev,
                       fuse && there ? fmt::format("{:x}", device.st_rdev) : "no");
}

std::optional<DriverChoice> find_remembered(const store::Paths& paths, const std::string& now) {
    try {
        const auto root = sys::open_file(paths.root(), O_RDONLY | O_DIRECTORY);
        const auto record = store::find_record(root.get(), kRecord, "the choice of a storage driver");
        if (!record || record->string_or("circumstances") != now) return std::nullopt;
        const auto driver = runtime::find_storage_driver(record->string_or("driver"));
        if (!driver) return std::nullopt;
        DriverChoice choice{.driver = *driver, .refused = {}};
        for (const auto& [name, reason] : record->string_map_or_empty("refused")) {
            if (const auto refused = runtime::find_storage_driver(name))
                choice.refused.push_back({.driver = *refused, .reason = reason});
        }
        return choice;
    } catch (const Error& e) {
        log::debug("{}", e.what());
        return std::nullopt;
    }
}

void remember(const store::Paths& paths, const std::string& now, const DriverChoice& choice) {
    std::map<std::string, std::string> refused;
    for (const auto& [driver, reason] : choice.refused) refused.emplace(runtime::name(driver), reason);
    auto record = store::make_record(kRecord);
    record.set("circumstances", now).set("driver", runtime::name(choice.driver));
    record.set("refused", json::Builder::of(refused));
    store::replace_record(sys::open_file(paths.root(), O_RDONLY | O_DIRECTORY).get(), kRecord, record);
}

DriverChoice judge(const TrialResults& results) {
    DriverChoice choice;
    for (const auto driver : runtime::kStorageDrivers) {
        const auto it = results.reasons.find(driver);
        if (it == results.reasons.end() || it->second.empty()) {
            choice.driver = driver;
            return choice;
        }
        choice.refused.push_back({.driver = driver, .reason = it->second});
    }
    return choice;
}

}  // namespace

DriverChoice choose_driver(const store::Paths& paths) {
    const auto now = circumstances(paths);
    if (auto remembered = find_remembered(paths, now)) return *std::move(remembered);
    const auto results = try_drivers(paths);
    auto choice = judge(results);
    for (const auto& [driver, reason] : choice.refused)
        log::info("the storage driver {} does not work here: {}", runtime::name(driver), reason);
    if (results.conclusive) remember(paths, now, choice);
    return choice;
}

}  // namespace rpod::container
