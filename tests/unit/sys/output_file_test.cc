// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/output_file.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
  protected:
    OutputFileTest() : top_(fs::temp_directory_path() / ("rpod-output-" + random_name())) {
        fs::create_directory(top_);
    }
    ~OutputFileTest() override {
        fs::permissions(top_, fs::perms::owner_all);
        fs::remove_all(top_);
    }
    /// All names, sorted; the content of each.
    std::string found() {
        std::string out;
        for (const auto& entry : fs::directory_iterator(top_)) {
            out += entry.path().filename().native() + "=" + read_file(entry.path()) + ";";
        }
        return out;
    }

    fs::path top_;
};

TEST_F(OutputFileTest, AppearsWhenItIsComplete) {
    OutputFile file(top_ / "f");
    write_all(file.fd(), "text", "a file");
    EXPECT_FALSE(fs::exists(top_ / "f"));
    file.finish();
    EXPECT_EQ(found(), "f=text;");
}

TEST_F(OutputFileTest, AFailureLeavesWhatWasThere) {
    replace_file(top_ / "f", "old");
    {
        OutputFile file(top_ / "f");
        write_all(file.fd(), "text", "a file");
    }
    EXPECT_EQ(found(), "f=old;");
}

TEST_F(OutputFileTest, KeepsModesAndLinks) {
    replace_file(top_ / "f", "old", 0600);
    fs::create_symlink("f", top_ / "l");
    OutputFile file(top_ / "l");
    write_all(file.fd(), "new", "a file");
    file.finish();
    EXPECT_TRUE(fs::is_symlink(top_ / "l"));
    EXPECT_EQ(read_file(top_ / "f"), "new");
    struct stat st {};
    EXPECT_EQ(::stat((top_ / "f").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 07777, 0600u);
}

TEST_F(OutputFileTest, WritesWhatIsNoRegularFileAsItIs) {
    ASSERT_EQ(::mkfifo((top_ / "p").c_str(), 0600), 0);
    const auto reader = open_file(top_ / "p", O_RDONLY | O_NONBLOCK);
    OutputFile file(top_ / "p");
    write_all(file.fd(), "text", "a fifo");
    char text[8];
    EXPECT_EQ(::read(reader.get(), text, sizeof text), 4);
    file.finish();
    EXPECT_TRUE(fs::is_fifo(top_ / "p"));
}

TEST_F(OutputFileTest, AFileInAClosedDirectoryIsWrittenAsItIs) {
    if (::geteuid() == 0) GTEST_SKIP() << "nothing is closed to root";
    replace_file(top_ / "f", "old and longer");
    fs::permissions(top_, fs::perms::owner_read | fs::perms::owner_exec);
    OutputFile file(top_ / "f");
    write_all(file.fd(), "new", "a file");
    file.finish();
    EXPECT_EQ(found(), "f=new;");
    EXPECT_THROW(OutputFile(top_ / "g"), SysError);
}

TEST_F(OutputFileTest, ADirectoryThatIsMissingIsAnError) {
    EXPECT_THROW(OutputFile(top_ / "nothing/f"), SysError);
}

}  // namespace
}  // namespace rpod::sys
