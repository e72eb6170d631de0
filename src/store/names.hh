// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::store {

/// Names of containers, pods and volumes: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 253 bytes.
bool is_valid_name(std::string_view name);
/// @throws Error in podman's words
void require_valid_name(std::string_view name);

/// Who has which name, one symbolic link NAME → ID for each: claimed by an exclusive create that holds its
/// content from the first moment, so that two commands never both get a name and a crash leaves no
/// half-written one.
class Names {
  public:
    /// @param dir  made when the first name is claimed
    explicit Names(std::filesystem::path dir) : dir_(std::move(dir)) {}

    /// false where another one has it (owner() says who). @throws Error for a name that is not valid
    bool claim(const std::string& name, const std::string& id) const;
    std::optional<std::string> owner(const std::string& name) const;
    /// Where `id` has it; else nothing happens.
    void release(const std::string& name, const std::string& id) const;

  private:
    std::filesystem::path dir_;
};

/// A name nobody chose: adjective_noun, from a table of 64 × 64.
std::string random_pair_name();

/// The records in a directory: the names in it that are IDs (64 hex digits). None where there is no
/// directory.
std::vector<std::string> record_ids(const std::filesystem::path& directory);

/// What a prefix of an ID means among the IDs there are.
struct PrefixMatch {
    std::optional<std::string> id;  ///< the one that it can mean
    bool ambiguous = false;
};
PrefixMatch match_prefix(const std::vector<std::string>& ids, std::string_view prefix);

}  // namespace rpod::store
