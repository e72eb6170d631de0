// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/accounts.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

struct Variable {
    std::string_view name;  ///< with the dollar
    std::string value;
};

/// Every variable is tried where a dollar stands; the longest name comes first in the list.
template <size_t N>
std::string expand(std::string_view text, const std::array<Variable, N>& variables) {
    std::string out;
    for (size_t i = 0; i < text.size();) {
        const auto found = std::find_if(variables.begin(), variables.end(), [&](const Variable& v) {
            return text.substr(i).starts_with(v.name);
        });
        if (found != variables.end()) {
            out += found->value;
            i += found->name.size();
        } else {
            out += text[i++];
        }
    }
    return out;
}

bool is_caller(const AccountPlan& plan, const ContainerUser& user) {
    return plan.caller && plan.caller->uid == user.uid;
}

std::string account_name(const AccountPlan& plan, const ContainerUser& user) {
    return is_caller(plan, user) ? plan.caller->name : std::to_string(user.uid);
}

/// A mount of the user's on the file, or on a directory that holds it, decides what is there.
bool is_covered(const oci::RuntimeSpec& spec, std::string_view file) {
    return std::any_of(spec.mounts.begin(), spec.mounts.end(),
                       [&](const oci::Mount& m) { return m.destination == "/etc" || m.destination == file; });
}

/// The caller's own directory where the container has it, else where the command starts.
std::string choose_home(const AccountPlan& plan, const oci::RuntimeSpec& spec, const sys::RootedDir& root,
                        const ContainerUser& user) {
    if (is_caller(plan, user)) {
        const auto& home = plan.caller->home;
        const bool mounted = std::any_of(spec.mounts.begin(), spec.mounts.end(),
                                         [&](const oci::Mount& m) { return m.destination == home; });
        if (mounted || root.find(home, O_PATH | O_DIRECTORY)) return home;
    }
    return spec.process.cwd.empty() ? "/" : spec.process.cwd;
}

/// A line at the end of a regular file of the image. @return false where there is none, or it takes nothing
bool append_line(const sys::RootedDir& root, const std::string& path, const std::string& line) {
    // Two steps: nobody waits for a fifo, and a device is not opened at all.
    const auto found = root.find(path, O_PATH);
    struct stat st {};
    if (!found || ::fstat(found->get(), &st) < 0 || !S_ISREG(st.st_mode)) return false;
    try {
        const auto file = root.open(path, O_RDWR | O_APPEND | O_NONBLOCK);
        char last = '\n';
        check(::fstat(file.get(), &st), "stat '{}'", path);
        if (!S_ISREG(st.st_mode)) return false;
        if (st.st_size > 0) check(::pread(file.get(), &last, 1, st.st_size - 1), "read '{}'", path);
        sys::write_all(file.get(), (last == '\n' ? "" : "\n") + line + "\n", path);
    } catch (const SysError& e) {
        // A root file system of the caller's own may be read-only.
        log::debug("{}", e.what());
        return false;
    }
    return true;
}

}  // namespace

std::string passwd_line(const AccountPlan& plan, const ContainerUser& user, const std::string& home) {
    const auto name = account_name(plan, user);
    const auto full_name = is_caller(plan, user) ? plan.caller->full_name : "container user";
    if (plan.passwd_entry.empty())
        return fmt::format("{}:*:{}:{}:{}:{}:/bin/sh", name, user.uid, user.gid, full_name, home);
    return expand(plan.passwd_entry,
                  std::array{Variable{"$USERNAME", name}, Variable{"$UID", std::to_string(user.uid)},
                             Variable{"$GID", std::to_string(user.gid)}, Variable{"$NAME", full_name},
                             Variable{"$HOME", home}});
}

std::string group_line(const AccountPlan& plan, const ContainerUser& user) {
    const bool caller = is_caller(plan, user) && plan.caller->gid == user.gid;
    const auto name = caller ? plan.caller->group : std::to_string(user.gid);
    const auto members = account_name(plan, user);
    if (plan.group_entry.empty()) return fmt::format("{}:x:{}:{}", name, user.gid, members);
    return expand(plan.group_entry,
                  std::array{Variable{"$GROUPNAME", name}, Variable{"$GID", std::to_string(user.gid)},
                             Variable{"$USERLIST", members}});
}

void add_accounts(const AccountPlan& plan, const oci::RuntimeSpec& spec, const sys::RootedDir& root,
                  ContainerUser& user) {
    if (!plan.add) return;
    const bool new_user = user.name.empty() && !is_covered(spec, "/etc/passwd");
    const bool new_group = !has_group(root, user.gid) && !is_covered(spec, "/etc/group");
    if (new_user) {
        const auto home = choose_home(plan, spec, root, user);
        if (append_line(root, "/etc/passwd", passwd_line(plan, user, home))) {
            user.name = account_name(plan, user);
            user.home = home;
            user.shell = "/bin/sh";
        }
    }
    if (new_group) append_line(root, "/etc/group", group_line(plan, user));
}

}  // namespace rpod::runtime
