// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/output.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "sys/append_content.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

namespace fs = std::filesystem;

class Output : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "output-XXXXXX").native();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        dir_ = name;
    }
    void TearDown() override { fs::remove_all(dir_); }

    size_t entries() const { return list_dir(open_file(dir_, O_RDONLY | O_DIRECTORY).get()).size(); }

    fs::path dir_;
};

TEST_F(Output, FileAppearsWhenItIsWhole) {
    const auto path = dir_ / "file";
    {
        OutputFile file(path);
        write_all(file.fd(), "new", "a file");
        EXPECT_FALSE(fs::exists(path));
        file.commit();
    }
    EXPECT_EQ(read_file(path), "new");
    EXPECT_EQ(entries(), 1u);
}

TEST_F(Output, FileThatIsGivenUpLeavesTheOldOne) {
    const auto path = dir_ / "file";
    replace_file(path, "old", 0640);
    {
        OutputFile file(path);
        write_all(file.fd(), "part", "a file");
    }
    EXPECT_EQ(read_file(path), "old");
    EXPECT_EQ(entries(), 1u);
}

TEST_F(Output, FileIsReplacedThroughItsLinkAndKeepsItsMode) {
    replace_file(dir_ / "real", "old", 0600);
    fs::create_symlink("real", dir_ / "link");
    OutputFile file(dir_ / "link");
    write_all(file.fd(), "new", "a file");
    file.commit();
    EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
    EXPECT_EQ(read_file(dir_ / "real"), "new");
    EXPECT_EQ(fs::status(dir_ / "real").permissions(), fs::perms(0600));
}

TEST_F(Output, WhatIsNoRegularFileIsWrittenAsItIs) {
    ASSERT_EQ(::mkfifo((dir_ / "p").c_str(), 0600), 0);
    const auto reader = open_file(dir_ / "p", O_RDONLY | O_NONBLOCK);
    OutputFile file(dir_ / "p");
    write_all(file.fd(), "text", "a fifo");
    char text[8];
    EXPECT_EQ(::read(reader.get(), text, sizeof text), 4);
    file.commit();
    EXPECT_TRUE(fs::is_fifo(dir_ / "p"));
}

TEST_F(Output, AFileInAClosedDirectoryIsWrittenAsItIs) {
    if (::geteuid() == 0) GTEST_SKIP() << "nothing is closed to root";
    replace_file(dir_ / "f", "old and longer");
    fs::permissions(dir_, fs::perms::owner_read | fs::perms::owner_exec);
    OutputFile file(dir_ / "f");
    write_all(file.fd(), "new", "a file");
    file.commit();
    EXPECT_EQ(read_file(dir_ / "f"), "new");
    EXPECT_THROW(OutputFile(dir_ / "g"), SysError);
    fs::permissions(dir_, fs::perms::owner_all);
}

TEST_F(Output, ADirectoryThatIsMissingIsAnError) { EXPECT_THROW(OutputFile(dir_ / "nothing/f"), SysError); }

TEST_F(Output, DirectoryMustBeEmptyAndAppearsWhenItIsWhole) {
    const auto path = dir_ / "out";
    {
        const OutputDir given_up(path);
        replace_file_at(given_up.fd(), "a", "x", 0600, Sync::no);
    }
    EXPECT_EQ(entries(), 0u);
    fs::create_directory(path);
    OutputDir out(path / "");
    replace_file_at(out.fd(), "a", "x", 0600, Sync::no);
    out.commit();
    EXPECT_EQ(read_file(path / "a"), "x");
    EXPECT_THROW(OutputDir{path}, Error);
    EXPECT_THROW(OutputDir{path / "a"}, Error);
}

TEST_F(Output, ContentIsAppendedToFilesAndPipes) {
    const std::string text(100'000, 'c');
    replace_file(dir_ / "from", text);
    const Fd from = open_file(dir_ / "from", O_RDONLY);
    const Fd to = open_file(dir_ / "to", O_WRONLY | O_CREAT, 0600);
    write_all(to.get(), "head ", "a file");
    EXPECT_EQ(append_content(from.get(), to.get(), text.size()), 0);
    EXPECT_EQ(read_file(dir_ / "to"), "head " + text);

    const Fd more = open_file(dir_ / "to", O_WRONLY | O_APPEND);
    EXPECT_EQ(append_content(from.get(), more.get(), 3), 0);
    EXPECT_EQ(read_file(dir_ / "to"), "head " + text + "ccc");

    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    EXPECT_EQ(append_content(from.get(), writer.get(), 1000), 0);
    writer.reset();
    EXPECT_EQ(read_all(reader.get(), "a pipe"), text.substr(0, 1000));
}

TEST_F(Output, AppendingMoreThanThereIsFails) {
    replace_file(dir_ / "from", "short");
    const Fd from = open_file(dir_ / "from", O_RDONLY);
    const Fd to = open_file(dir_ / "to", O_WRONLY | O_CREAT, 0600);
    EXPECT_EQ(append_content(from.get(), to.get(), 6), EIO);
}

}  // namespace
}  // namespace rpod::sys
