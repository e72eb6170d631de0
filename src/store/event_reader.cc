// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/event_reader.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "store/event_log.hh"
#include "sys/file.hh"

namespace rpod::store {

EventReader::EventReader(Paths paths) : paths_(std::move(paths)) {
    sys::make_dirs(paths_.events());
    sources_ = open_sources();
}

EventReader::Source EventReader::open_source(const std::filesystem::path& file) {
    Source source;
    auto fd = sys::find_at(AT_FDCWD, file, O_RDONLY);
    if (!fd) return source;
    struct stat st {};
    check(::fstat(fd->get(), &st), "stat '{}'", file.native());
    source.fd = *std::move(fd);
    source.device = st.st_dev;
    source.inode = st.st_ino;
    return source;
}

std::vector<EventReader::Source> EventReader::open_sources() const {
    for (;;) {
        auto log = open_source(paths_.events() / kEventLog);
        auto old = open_source(paths_.events() / kOldEventLog);
        // Rotated between the two: there is another file by the first name.
        if (log.fd && old.fd && log.inode == old.inode && log.device == old.device) continue;
        std::vector<Source> out;
        if (old.fd) out.push_back(std::move(old));
        if (log.fd) out.push_back(std::move(log));
        return out;
    }
}

void EventReader::look() {
    auto found = open_sources();
    for (auto& source : found) {
        const auto known = std::find_if(sources_.begin(), sources_.end(), [&](const Source& s) {
            return s.inode == source.inode && s.device == source.device;
        });
        if (known != sources_.end()) source = std::move(*known);
    }
    sources_ = std::move(found);
}

void EventReader::skip_to_end() {
    for (auto& source : sources_) source.offset = check(::lseek(source.fd.get(), 0, SEEK_END), "seek");
}

bool EventReader::read_source(Source& source, const Take& take) {
    std::array<char, 1 << 16> buffer{};
    for (;;) {
        const auto n = check(::pread(source.fd.get(), buffer.data(), buffer.size(), source.offset),
                             "read the log of events");
        if (n == 0) return true;
        source.offset += n;
        std::string_view rest(buffer.data(), static_cast<size_t>(n));
        for (size_t end; (end = rest.find('\n')) != rest.npos; rest.remove_prefix(end + 1)) {
            source.begun += rest.substr(0, end);
            const auto event = parse_event(source.begun);
            source.begun.clear();
            if (event && !take(*event)) return false;
        }
        source.begun += rest;
    }
}

void EventReader::read_available(const Take& take) {
    // First what is open: a file that has lost its name may have got its last lines meanwhile.
    for (auto& source : sources_) {
        if (!read_source(source, take)) return;
    }
    look();
    for (auto& source : sources_) {
        if (!read_source(source, take)) return;
    }
}

}  // namespace rpod::store
