// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/file.hh"

#include <gtest/gtest.h>

namespace rpod::sys {
namespace {

namespace fs = std::filesystem;

TEST(ReplaceFile, TakesANameInTheWorkingDirectory) {
    const auto before = fs::current_path();
    const auto dir = fs::temp_directory_path() / ("file-" + random_name());
    fs::create_directory(dir);
    fs::current_path(dir);
    EXPECT_NO_THROW(replace_file("name", "text"));
    fs::current_path(before);
    EXPECT_EQ(find_file(dir / "name"), "text");
    fs::remove_all(dir);
}

}  // namespace
}  // namespace rpod::sys
