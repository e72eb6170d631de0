// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

namespace rpod::net {

/// How rpod:net locks itself in, because it parses what containers send. Phases, in this order:
///
///   isolate_environment  before libslirp is made: forgets the environment, by which libslirp and GLib are
///                        steered (SLIRP_DEBUG, G_DEBUG), raises the limit of open files to what it may be,
///                        and ignores SIGPIPE.
///   isolate_files        when everything is open: an empty root directory. Needs CAP_SYS_ADMIN in the user
///                        namespace.
///   isolate_forwarder    by the thread that serves published ports, in the pod's network namespace, and
///   isolate_process      by the first thread: no capability, no core dump, no_new_privs, and a list of
///                        system calls, each thread its own: sockets of TCP, UDP and (the first thread) ICMP,
///                        and what a loop over them needs. Others fail with EPERM; memory never becomes
///                        executable.
///
/// What is left to who takes over this process: to reach the network as the user can, to read the pod's
/// traffic and to connect to its services.
void isolate_environment();
void isolate_files();
void isolate_forwarder();
void isolate_process();

}  // namespace rpod::net
