# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# Once before all files: the program under test and the image that every store gets.
# shellcheck shell=bash

setup_suite() {
    export BUSYBOX_TAR=$BATS_SUITE_TMPDIR/busybox.tar
    [ -x "${RPOD:?names the program under test}" ] || {
        echo "not executable: $RPOD" >&2
        return 1
    }
    "$BATS_TEST_DIRNAME/../../contrib/busybox-image" "$BUSYBOX_TAR"
}
