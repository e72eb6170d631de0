// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "oci/runtime_spec.hh"
#include "oci/state.hh"

/// Hooks of an OCI bundle: programs that run at points of a container's life (config.md, "POSIX-platform
/// Hooks"). They come from the config.json of a bundle that the caller named, and from nowhere else: no image
/// and no command line brings any.
namespace rpod::runtime {

enum class HookPoint { prestart, create_runtime, create_container, start_container, poststart, poststop };
/// The specification's word: "createRuntime".
const char* name(HookPoint point) noexcept;
const std::vector<oci::Hook>& hooks_at(const oci::Hooks& hooks, HookPoint point) noexcept;

/// How the processes of hooks differ from the one that runs them.
struct HookOptions {
    std::string directory;         ///< that they start in; empty: the current one
    std::function<void()> become;  ///< in each process, right before it executes the hook; may be empty
};

/// Runs one hook and waits for it. It has the state as standard input, our standard error as output and
/// error, the environment that it names and no other, and no descriptor of ours; past its time it is killed
/// with its process group.
/// @throws Error unless it exits with 0 in time
void run_hook(const oci::Hook& hook, HookPoint point, const oci::State& state, const HookOptions& options);

/// Runs all hooks of a point in their order; the first that fails is the last.
/// @throws Error of run_hook
void run_hooks(const oci::Hooks& hooks, HookPoint point, const oci::State& state, const HookOptions& options);

}  // namespace rpod::runtime
