// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/login.hh"

#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/defer.hh"
#include "base/strings.hh"
#include "cli/registry_options.hh"
#include "oci/reference.hh"
#include "sys/file.hh"
#include "sys/terminal.hh"

namespace rpod::cli {
namespace {

constexpr size_t kMaxSecret = 64 << 10;  // some registries' passwords are JSON documents

struct LoginOptions {
    std::string user;
    std::string password;
    bool password_stdin = false;
    bool get_login = false;
    bool verbose = false;
    RegistryOptions registry;
};

/// "https://quay.io/" as people copy it, "quay.io/team" as auth.json has it.
std::string parse_registry(std::string text) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (text.starts_with(scheme)) text.erase(0, scheme.size());
    }
    while (text.ends_with('/')) text.pop_back();
    const std::string host = text.substr(0, text.find('/'));
    const bool one = host == text;
    // Its grammar is that of an image's name.
    if (!oci::Reference::try_parse(host + "/x") || !oci::Reference::names_domain(host + "/x")) {
        throw Error("'{}' is not the name of a registry", printable(text));
    }
    if (!one && !oci::Reference::try_parse(text))
        throw Error("'{}' is not the name of a repository", printable(text));
    return host == "index.docker.io" ? "docker.io" + text.substr(host.size()) : text;
}

/// A line from the terminal, with a prompt; `echo` shows what is typed.
std::string ask(Context& ctx, const std::string& prompt, bool echo) {
    if (!sys::is_terminal(ctx.in)) {
        throw Error("cannot ask for user name and password: standard input is no terminal")
            .with_hint("use --username and --password-stdin");
    }
    ctx.err << prompt;
    termios before{};
    check(::tcgetattr(ctx.in, &before), "ask for the terminal's mode");
    Defer restore([&] { ::tcsetattr(ctx.in, TCSAFLUSH, &before); });
    if (!echo) {
        termios quiet = before;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(ctx.in, TCSAFLUSH, &quiet);
    }
    std::string line;
    char c = 0;
    while (line.size() < kMaxSecret && ::read(ctx.in, &c, 1) == 1 && c != '\n') line += c;
    if (!echo) ctx.err << "\n";
    return line;
}

std::string read_password(Context& ctx, const LoginOptions& o) {
    if (o.password_stdin) {
        std::string text = sys::read_all(ctx.in, "standard input", kMaxSecret);
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        return text;
    }
    return o.password.empty() ? ask(ctx, "Password: ", false) : o.password;
}

int show_login(Context& ctx, const std::string& name, const registry::ClientOptions& options) {
    const auto found = registry::find_credential(name, options.credentials);
    if (!found) throw Error("not logged into {}", name);
    ctx.out << found->user << "\n";
    return 0;
}

int run_login(Context& ctx, const LoginOptions& o, const std::string& registry) {
    // login makes the file that the others want to be there.
    RegistryOptions access = o.registry;
    const std::string authfile = std::exchange(access.authfile, {});
    auto options = client_options(access);
    options.credentials.authfile = authfile;
    const std::string name = parse_registry(registry);
    if (o.get_login) return show_login(ctx, name, options);
    if (o.password_stdin && o.user.empty()) throw Error("Must provide --username with --password-stdin");
    if (o.password_stdin && !o.password.empty()) {
        throw Error("Can't specify both --password-stdin and --password");
    }
    registry::Credential credential{.user = o.user.empty() ? ask(ctx, "Username: ", true) : o.user,
                                    .password = read_password(ctx, o),
                                    .identity_token = {},
                                    .source = {}};
    if (credential.user.empty() || credential.password.empty())
        throw Error("user name and password are needed");
    if (credential.user.find(':') != std::string::npos) throw Error("a user name has no colon");
    bool stays = false;
    const std::string file = registry::credential_file(options.credentials, &stays);
    options.credentials.given = credential;
    registry::Client(name.substr(0, name.find('/')), {}, options).check_login();
    registry::store_credential(file, name, credential);
    if (stays) ctx.err << fmt::format("The credentials are kept in '{}' until rpod logout.\n", file);
    if (o.verbose) ctx.out << "Used: " << file << "\n";
    ctx.out << "Login Succeeded!\n";
    return 0;
}

Action define_login(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LoginOptions>();
    define_registry_access(flags, o->registry);
    flags.add_flag("--get-login", o->get_login, "Print the user who is logged in");
    flags.add_option("-p,--password", o->password, "Password; others may see it: prefer --password-stdin")
        ->type_name("PASSWORD");
    flags.add_flag("--password-stdin", o->password_stdin, "Read the password from standard input");
    flags.add_option("-u,--username", o->user, "User name")->type_name("NAME");
    flags.add_flag("-v,--verbose", o->verbose, "Say in which file the credentials are");
    return [o, &ctx](const Args& args) {
        return run_login(ctx, *o, args.empty() ? std::string("docker.io") : args[0]);
    };
}

struct LogoutOptions {
    bool all = false;
    std::string authfile;
};

int run_logout(Context& ctx, const LogoutOptions& o, const Args& args) {
    if (o.all && !args.empty()) throw Error("--all takes no arguments");
    const registry::CredentialSources sources{.authfile = o.authfile};
    const std::string file = registry::credential_file(sources);
    if (o.all) {
        registry::remove_all_credentials(file);
        ctx.out << "Removed login credentials for all registries\n";
        return 0;
    }
    const std::string name = parse_registry(args.empty() ? std::string("docker.io") : args[0]);
    if (!registry::remove_credential(file, name)) {
        const auto elsewhere = registry::find_credential(name, sources);
        if (elsewhere) {
            throw Error("not logged into {} with current authentication file", name)
                .with_hint(fmt::format("credentials for it are in {}, which is not rpod's to change",
                                       elsewhere->source));
        }
        throw Error("not logged into {}", name);
    }
    ctx.out << "Removed login credentials for " << name << "\n";
    return 0;
}

Action define_logout(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LogoutOptions>();
    flags.add_flag("-a,--all", o->all, "Forget all registries of the file");
    flags.add_option("--authfile", o->authfile, "File with the credentials for registries")
        ->type_name("FILE");
    return [o, &ctx](const Args& args) { return run_logout(ctx, *o, args); };
}

}  // namespace

std::vector<Command> login_commands() {
    return {{.name = "login",
             .arguments = "[options] [REGISTRY]",
             .summary = "Keep the credentials for a registry",
             .arity = {.min = 0, .max = 1},
             .define = define_login},
            {.name = "logout",
             .arguments = "[options] [REGISTRY]",
             .summary = "Forget the credentials for a registry",
             .arity = {.min = 0, .max = 1},
             .define = define_logout}};
}

}  // namespace rpod::cli
