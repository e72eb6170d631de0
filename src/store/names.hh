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

/// Containers and pods are directories of records, each named by its ID, with their names in "names" below.

/// The records in a directory: the names in it that are IDs (64 hex digits). None where there is no
/// directory.
std::vector<std::string> record_ids(const std::filesystem::path& records);
/// What a name, an ID or the front of an ID means; nothing where it means none.
/// @param kind  "container", for the error
/// @throws Error where several fit
std::optional<std::string> lookup_record(const std::filesystem::path& records, std::string_view kind,
                                         const std::string& name_or_id);
/// Whether a record has the name. One that is gone does not count.
bool is_name_taken(const std::filesystem::path& records, const std::string& name);
/// Claims a name, also from a record that never came to be: who claimed it died first. The caller holds the
/// exclusive store lock. @return false where a record has it
bool claim_record_name(const std::filesystem::path& records, const std::string& name, const std::string& id);
/// Claims a name nobody chose, and that none of `others` has. @return the name
std::string claim_random_name(const std::filesystem::path& records, const std::filesystem::path& others,
                              const std::string& id);

/// What a prefix of an ID means among the IDs there are.
struct PrefixMatch {
    std::optional<std::string> id;  ///< the one that it can mean
    bool ambiguous = false;
};
PrefixMatch match_prefix(const std::vector<std::string>& ids, std::string_view prefix);

}  // namespace rpod::store
