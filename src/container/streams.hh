// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "container/clients.hh"
#include "container/log_writer.hh"
#include "container/relay.hh"
#include "runtime/launch.hh"

namespace rpod::container {

/// The monitor's side of a container's standard streams: output goes to the log and to the clients, input
/// comes from these.
class Streams {
  public:
    /// @param terminal  they are one terminal
    Streams(Clients& clients, bool terminal) : clients_(clients), terminal_(terminal) {}

    void open_log(const std::filesystem::path& directory, const LogConfig& config) {
        log_.emplace(directory, config);
    }
    /// Takes the descriptors of a container that starts.
    void open(runtime::Launched& launched);
    /// The container has ended.
    void close();

    void add_to(PollSet& set, bool takes_output);
    /// After the poll. @param ended  nobody is left who should write: once nothing is to be read, all are
    /// closed
    void serve(const PollSet& set, bool ended);
    bool output_taken() const;

    void take_input(Client& client, std::string_view data);
    void end_input();
    /// A client does not read this stream ("1" or "2") any more.
    void end_output(Client& client, std::string_view stream);
    /// @param text  "ROWS COLUMNS"
    void resize(std::string_view text);

  private:
    void take_output(OutputSource& output);
    void write_input();

    Clients& clients_;
    bool terminal_;
    std::optional<LogWriter> log_;
    std::optional<InputRelay> input_;
    std::vector<OutputSource> outputs_;
    size_t first_ = 0;   ///< in the poll set: the input, then the outputs
    size_t polled_ = 0;  ///< how many of these
};

}  // namespace rpod::container
