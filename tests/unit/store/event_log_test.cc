// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/event_log.hh"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "store/event_reader.hh"
#include "store/temp_store.hh"

namespace rpod::store {
namespace {

Event volume_event(const std::string& name) { return {.type = "volume", .status = "create", .name = name}; }

std::vector<std::string> names_of(EventReader& reader) {
    std::vector<std::string> names;
    reader.read_available([&](const Event& e) {
        names.push_back(e.name);
        return true;
    });
    return names;
}

TEST(Event, SurvivesItsLine) {
    const Event event{.type = "container",
                      .status = "died",
                      .id = "4f",
                      .name = "web",
                      .image = "localhost/a:latest",
                      .attributes = {{"a", "b\n\x1b"}},
                      .exit_code = 137,
                      .time = {.seconds = 1'700'000'000, .nanoseconds = 5}};
    const auto line = to_line(event);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto read = parse_event(line);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, "died");
    EXPECT_EQ(read->attributes, event.attributes);
    EXPECT_EQ(read->exit_code, 137);
    EXPECT_EQ(read->time, event.time);
}

TEST(Event, LeavesHugeLabelsOut) {
    Event event{.type = "container", .status = "create"};
    event.attributes["a"] = std::string(1 << 20, 'x');
    EXPECT_LT(to_line(event).size(), 200U);
}

TEST(Event, IsNotMadeOfRubbish) {
    for (const char* line : {"", "{", "null", "[]", R"({"time":"then","type":"a","status":"b"})",
                             R"({"type":"a","status":"b"})", R"({"time":1})"}) {
        EXPECT_FALSE(parse_event(line)) << line;
    }
}

TEST(EventLog, IsReadInTheOrderOfWriting) {
    const TempStore store;
    EventReader reader(store.paths());
    EXPECT_TRUE(names_of(reader).empty());
    note_event(store.paths(), volume_event("a"));
    note_event(store.paths(), volume_event("b"));
    EXPECT_EQ(names_of(reader), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(names_of(reader).empty());
    note_event(store.paths(), volume_event("c"));
    EXPECT_EQ(names_of(reader), (std::vector<std::string>{"c"}));
}

TEST(EventLog, CanBeSkipped) {
    const TempStore store;
    note_event(store.paths(), volume_event("a"));
    EventReader reader(store.paths());
    reader.skip_to_end();
    note_event(store.paths(), volume_event("b"));
    EXPECT_EQ(names_of(reader), (std::vector<std::string>{"b"}));
}

TEST(EventLog, GoesOnBehindACutLine) {
    const TempStore store;
    sys::make_dirs(store.paths().events());
    sys::replace_file(store.paths().events() / kEventLog, "{\"time\":\"2026-\n\xff\n");
    note_event(store.paths(), volume_event("a"));
    EventReader reader(store.paths());
    EXPECT_EQ(names_of(reader), (std::vector<std::string>{"a"}));
}

TEST(EventLog, RotatesAndAReaderMissesNothing) {
    const TempStore store;
    EventReader reader(store.paths());
    const std::string padding(1000, 'x');
    constexpr size_t kCount = 2500;  // two rotations
    std::vector<std::string> names;
    for (size_t i = 0; i < kCount; ++i) {
        note_event(store.paths(), volume_event(std::to_string(i) + padding));
        if (i % 100 == 0) {
            const auto more = names_of(reader);
            names.insert(names.end(), more.begin(), more.end());
        }
    }
    const auto more = names_of(reader);
    names.insert(names.end(), more.begin(), more.end());
    ASSERT_EQ(names.size(), kCount);
    for (size_t i = 0; i < kCount; ++i) EXPECT_EQ(names[i], std::to_string(i) + padding);
    for (const char* file : {kEventLog, kOldEventLog})
        EXPECT_LE(std::filesystem::file_size(store.paths().events() / file), kEventLogBytes + 2000) << file;
}

TEST(EventLog, LosesNoEventOfSeveralWriters) {
    const TempStore store;
    constexpr int kWriters = 4, kEvents = 400;  // one rotation: none is lost however slowly we read
    const std::string padding(600, 'x');
    for (int w = 0; w < kWriters; ++w) {
        if (::fork() != 0) continue;
        for (int i = 0; i < kEvents; ++i)
            note_event(store.paths(), volume_event(std::to_string(w * kEvents + i) + padding));
        ::_exit(0);
    }
    EventReader reader(store.paths());
    size_t count = 0;
    for (int ended = 0; ended < kWriters;) {
        count += names_of(reader).size();
        while (::waitpid(-1, nullptr, WNOHANG) > 0) ++ended;
    }
    count += names_of(reader).size();
    EXPECT_EQ(count, static_cast<size_t>(kWriters) * kEvents);
}

TEST(EventLog, ThatCannotBeWrittenHarmsNobody) {
    const TempStore store;
    sys::replace_file(store.paths().root() / "events", "in the way");
    note_event(store.paths(), volume_event("a"));
}

}  // namespace
}  // namespace rpod::store
