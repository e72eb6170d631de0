# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The rpod authors
#
# Debian's names; "a|b" where another release has another one. Sourced by quickstart and check.
# shellcheck shell=bash disable=SC2034

# To build rpod.
BUILD_PACKAGES=(
    g++ meson ninja-build pkg-config python3
    libspdlog-dev libfmt-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev
    libfuse3-dev libslirp-dev libglib2.0-dev libseccomp-dev
    libssl-dev libcurl4-openssl-dev libisal-dev zlib1g-dev libzstd-dev liblzma-dev libbz2-dev
    scdoc
)

# To run it: newuidmap and newgidmap, and what is loaded when it is needed: libslirp, libcurl. The image of the quick start comes from the static
# busybox.
RUN_PACKAGES=(uidmap libslirp0 "libcurl4|libcurl4t64" ca-certificates busybox-static)

# What the tests run, compare with, or make images of.
TEST_PACKAGES=(
    "${RUN_PACKAGES[@]}"
    clang libclang-rt-dev clang-format-14 clang-tidy-14
    libgtest-dev bats zstd xz-utils bzip2 libarchive-tools libcap2-bin attr fuse3
    skopeo umoci docker-registry openssl shellcheck jq procps iproute2
)

# What tests/bench compares with.
BENCH_PACKAGES=(podman crun bubblewrap fuse-overlayfs slirp4netns hyperfine fio iperf3)
