#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
"""The linters must find what they are for: a linter that matches nothing is always green."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import layering  # noqa: E402
import source_rules  # noqa: E402


def includes(path, text):
    return list(layering.check_file(pathlib.PurePosixPath(path), text))


def rules(path, text):
    spdx = ''.join(f'// {line}\n' for line in source_rules.SPDX)
    return list(source_rules.check_file(pathlib.PurePosixPath(path), spdx + text))


class Layering(unittest.TestCase):
    def test_table_names_only_lower_folders(self):
        seen = set()
        for folder, row in layering.FOLDERS.items():
            self.assertLessEqual(set(row.split()), seen, folder)
            seen.add(folder)

    def test_upward_include_is_named_with_its_line(self):
        found = includes('src/sys/file.cc', '#include "sys/file.hh"\n\n#include "image/tar.hh"\n')
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith('src/sys/file.cc:3: '), found)

    def test_downward_include_is_allowed(self):
        self.assertEqual(includes('src/overlay/tree.cc', '#include "sys/fd.hh"\n#include <fuse3/fuse_lowlevel.h>\n'), [])

    def test_tests_obey_the_row_of_their_folder(self):
        self.assertEqual(len(includes('tests/unit/oci/digest_test.cc', '#include "sys/fd.hh"\n')), 1)
        self.assertEqual(includes('tests/unit/oci/digest_test.cc', '#include <gtest/gtest.h>\n'), [])

    def test_third_party_headers_are_fenced(self):
        for path, header in [('src/image/layer.cc', 'nlohmann/json.hpp'), ('src/runtime/init.cc', 'seccomp.h'),
                             ('src/main.cc', 'CLI/CLI.hpp'), ('src/sys/mount.cc', 'fuse_lowlevel.h'),
                             ('src/cli/run.cc', 'slirp/libslirp.h'), ('src/net/tap.cc', 'spdlog/spdlog.h')]:
            self.assertEqual(len(includes(path, f'#include <{header}>\n')), 1, header)

    def test_unknown_folder_fails(self):
        self.assertEqual(len(includes('src/utils/misc.cc', '')), 1)

    def test_library_fallen_into_quotes_fails(self):
        self.assertEqual(len(includes('src/cli/run.cc', '#include "CLI/CLI.hpp"\n')), 1)


class SourceRules(unittest.TestCase):
    def test_unit_tests_that_nobody_builds(self):
        self.assertEqual(source_rules.unbuilt_tests(['a/b_test.cc'], "files('a/b_test.cc')"), [])
        self.assertEqual(len(source_rules.unbuilt_tests(['a/b_test.cc', 'a/c_test.cc'], "files('a/c_test.cc')")), 1)

    def test_missing_licence(self):
        self.assertEqual(len(list(source_rules.check_file(pathlib.PurePosixPath('src/a/b.cc'), 'int x;\n'))), 1)

    def test_pragma_once(self):
        self.assertEqual(len(rules('src/sys/a.hh', 'int x;\n')), 1)
        self.assertEqual(rules('src/sys/a.hh', '#pragma once\n'), [])

    def test_raw_system_calls_only_in_sys(self):
        self.assertEqual(len(rules('src/net/a.cc', '    const long n = ::syscall(SYS_openat2);\n')), 1)
        self.assertEqual(rules('src/sys/a.cc', '    ::syscall(SYS_openat2);\n'), [])
        self.assertEqual(rules('src/net/a.cc', '    install_syscall(3);  // not syscall(2)\n'), [])

    def test_each_rule_has_teeth(self):
        for line in ['std::filesystem::remove_all(path);', 'using namespace std;', 'std::system("ls");',
                     '// TODO: later', 'strcpy(a, b);']:
            self.assertEqual(len(rules('src/image/a.cc', line + '\n')), 1, line)

    def test_an_exception_is_possible_and_visible(self):
        self.assertEqual(rules('src/net/a.cc', '::syscall(1);  // the reason; lint: allow\n'), [])


if __name__ == '__main__':
    unittest.main()
