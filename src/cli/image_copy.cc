// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/strings.hh"
#include "cli/images.hh"
#include "cli/manifests.hh"
#include "cli/platform_options.hh"
#include "cli/registry_options.hh"
#include "cli/transfer_options.hh"
#include "image/copy.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

/// What is said of one of the two sides.
struct Side {
    std::string authfile, creds, cert_dir;
    bool no_creds = false;
    std::optional<bool> tls_verify;
};

struct CopyFlags {
    bool all = false;
    bool preserve_digests = false;
    bool quiet = false;
    bool remove_signatures = false;
    std::string digestfile, format, multi_arch, policy;
    PlatformOptions platform;
    RegistryOptions common;  ///< --authfile, --retry, --retry-delay
    Side from, to;
};

void define_side(CLI::App& flags, Side& side, const std::string& prefix, const std::string& what) {
    flags.add_option(prefix + "authfile", side.authfile, "File with the credentials for " + what)
        ->type_name("FILE");
    flags.add_option(prefix + "cert-dir", side.cert_dir, "Certificates for " + what)->type_name("DIR");
    flags.add_option(prefix + "creds", side.creds, "Credentials for " + what)->type_name("USER[:PASSWORD]");
    flags.add_flag(prefix + "no-creds", side.no_creds, "Use no credentials for " + what);
    const auto set = [&side](int64_t value) { side.tls_verify = value > 0; };
    flags.add_flag_function(prefix + "tls-verify", set,
                            "Require TLS and check the certificate of " + what + " (default true)");
}

registry::ClientOptions options_of(const CopyFlags& o, const Side& side, const char* prefix) {
    RegistryOptions all = o.common;
    if (!side.authfile.empty()) all.authfile = side.authfile;
    if (side.no_creds && !side.creds.empty())
        throw Error("{}creds and {}no-creds exclude each other", prefix, prefix);
    all.creds = side.creds;
    all.cert_dir = side.cert_dir;
    all.tls_verify = side.tls_verify;
    auto options = client_options(all);
    // Nobody: as such it is what is used, and no file is looked at.
    if (side.no_creds) options.credentials.given = registry::Credential{};
    return options;
}

bool wants_all(const CopyFlags& o) {
    if (o.multi_arch.empty()) return o.all;
    if (o.all) throw Error("cannot use --all and --multi-arch flags together");
    if (o.multi_arch == "all") return true;
    if (o.multi_arch == "system") return false;
    throw Error("unknown multi-arch option '{}': system and all are known", printable(o.multi_arch));
}

int run_copy(Context& ctx, const CopyFlags& o, const Args& args) {
    const auto from = image::Place::require(args[0]);
    const auto to = image::Place::require(args[1]);
    const image::CopyOptions options{.all = wants_all(o),
                                     .format = parse_manifest_format(o.format),
                                     .preserve_digests = o.preserve_digests,
                                     .platform = platform_of(o.platform),
                                     .from = options_of(o, o.from, "--src-"),
                                     .to = options_of(o, o.to, "--dest-"),
                                     .policy_file = o.policy};
    const auto store = open_images(ctx);
    const auto digest =
        in_context([&] { return image::copy_image(store, from, to, options, progress_to(ctx, o.quiet)); },
                   "copy '{}' to '{}'", printable(args[0]), printable(args[1]));
    if (!o.digestfile.empty()) sys::replace_file(o.digestfile, digest.str(), 0644);
    return 0;
}

Action define_copy(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CopyFlags>();
    flags.add_flag("-a,--all", o->all, "Of an index, copy all images and the index itself");
    flags.add_option("--authfile", o->common.authfile, "File with the credentials for both sides")
        ->type_name("FILE");
    define_side(flags, o->to, "--dest-", "the destination");
    flags.add_option("--digestfile", o->digestfile, "Write the digest of the copy to this file")
        ->type_name("FILE");
    flags.add_option("-f,--format", o->format, "Format of the manifest: oci, v2s2 (default: as it is)")
        ->type_name("FORMAT");
    flags.add_option("--multi-arch", o->multi_arch, "Of an index: all, or only that of this system")
        ->type_name("WHICH");
    define_platform(flags, o->platform);
    flags.add_option("--platform", o->platform.platform, "The same as one: OS/ARCH[/VARIANT]")
        ->type_name("PLATFORM");
    flags.add_flag("--preserve-digests", o->preserve_digests, "Fail where a digest would change");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    // Neither place keeps any.
    flags.add_flag("--remove-signatures", o->remove_signatures)->group("");
    define_retries(flags, o->common);
    define_policy(flags, o->policy);
    define_side(flags, o->from, "--src-", "the source");
    return [o, &ctx](const Args& args) { return run_copy(ctx, *o, args); };
}

}  // namespace

std::vector<Command> image_copy_commands() {
    return {
        Command{.name = "image copy",
                .arguments = "[options] SOURCE DESTINATION",
                .summary = "Copy an image between registries, layouts, archives, directories and the store",
                .arity = {.min = 2, .max = 2},
                .define = define_copy}};
}

}  // namespace rpod::cli
