// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "oci/digest.hh"
#include "registry/authorizer.hh"
#include "registry/credentials.hh"
#include "registry/http.hh"

namespace rpod::registry {

struct RetryPolicy {
    unsigned attempts = 3;                            ///< after the first
    std::optional<std::chrono::nanoseconds> delay{};  ///< nothing: 1, 2, 4, … seconds
};

struct ClientOptions {
    /// false: certificates are not checked, and a registry that does not speak TLS is spoken to in clear
    /// text. Nothing: as registries.conf says; true.
    std::optional<bool> tls_verify{};
    std::string cert_dir{};  ///< instead of those in certs.d; empty: those
    RetryPolicy retry{};
    CredentialSources credentials{};
};

/// A manifest or index as the registry gave it.
struct ManifestDocument {
    std::string bytes;
    std::string media_type;  ///< Content-Type without parameters; empty where it says nothing
};

/// A blob to be stored in a registry.
struct BlobUpload {
    oci::Digest digest;
    uint64_t size = 0;
    /// Gives its bytes from the front, each time it is called: an upload may be begun again.
    std::function<std::function<size_t(std::span<char>)>()> open;
    /// A repository of the same registry that may have it: it need not be sent then.
    std::string mount_from{};
};

class BlobReader;

/// One repository of one registry (OCI distribution-spec 1.1). Requests are authorized, redirected and, where
/// that can help, repeated; what fails in the end is one Error that names the registry, the step, and what
/// the server said, with a hint. Digests are not checked here. Several threads may use it; it does its work
/// in the threads that call it.
class Client {
  public:
    /// @param registry    "docker.io", "localhost:5000"
    /// @param repository  "library/debian"; empty: only check_login(), search_page() and catalog() make sense
    Client(std::string registry, std::string repository, ClientOptions options);
    ~Client();

    /// @param reference  a tag or a digest
    ManifestDocument manifest(const std::string& reference);
    /// The digest that the registry says a tag has; nothing where it does not say.
    std::optional<oci::Digest> manifest_digest(const std::string& reference);
    /// A small blob, whole. @throws Error where it is larger
    std::string blob(const oci::Digest& digest, size_t max_bytes);
    /// @param size  where it is known, no more is read
    std::unique_ptr<BlobReader> open_blob(const oci::Digest& digest, std::optional<uint64_t> size);
    std::vector<std::string> tags();
    bool has_blob(const oci::Digest& digest);
    /// Takes the blob from another repository of the registry, which must be one that can be read. false: not
    /// there, or the registry does not do that.
    bool mount_blob(const oci::Digest& digest, const std::string& from_repository);
    void upload(const BlobUpload& blob);
    /// @param reference  a tag or a digest
    void put_manifest(const std::string& reference, const std::string& bytes, const std::string& media_type);
    /// What /v1/search says, unread. @throws Error, also where the registry has no such thing
    std::string search_page(const std::string& term, size_t limit);
    /// Hands out the pages of /v2/_catalog, unread, until `take` says false.
    void catalog(const std::function<bool(const std::string& page)>& take);
    /// Whether the registry takes the credential. @throws Error where not
    void check_login();

    /// "localhost:5000/library/debian".
    std::string name() const { return registry_ + "/" + repository_; }

  private:
    friend class BlobReader;
    /// A request and what it is for.
    struct Call {
        std::string step;  ///< for messages: "reading manifest latest in quay.io/x/y"
        std::string method = "GET";
        std::string target;  ///< below the registry's root
        Headers headers{};
        std::string actions = "pull";
        std::vector<int> expected{200};
        std::string also_pull{};       ///< another repository that is read
        std::string registry_scope{};  ///< what is asked for where there is no repository
        std::optional<Url> url{};      ///< instead of target: where an upload goes on
        std::string body{};
        const BlobUpload* upload = nullptr;  ///< whose bytes are the body
    };
    using Exchange = std::unique_ptr<HttpExchange>;

    /// With retries. @throws Error for any other status than those expected
    Exchange send(const Call& call);
    Exchange send_once(const Call& call);
    Url root();
    Url probe_root();
    Url redirect(const HttpHead& head, const Url& from) const;
    std::string scope(const Call& call) const;
    /// Where the bytes go; nothing where the blob was mounted.
    std::optional<Url> begin_upload(const std::string& step, const oci::Digest& digest,
                                    const std::string& mount_from);
    Url next_location(const HttpExchange& exchange, const std::string& step);
    std::string next_page(const HttpHead& head) const;
    /// Runs fn until it succeeds, fails for good, or has failed too often.
    template <class Fn>
    auto with_retries(const std::string& step, Fn&& fn) -> decltype(fn());
    void wait_before_retry(unsigned failures, std::optional<long> server_wish, const std::string& why) const;
    [[noreturn]] void explain(const std::string& step, const HttpError& error) const;
    [[noreturn]] void explain(const std::string& step, const Unauthorized& error) const;

    const std::string registry_;
    const std::string repository_;
    const ClientOptions options_;
    const bool insecure_;
    Http http_;
    Authorizer authorizer_;
    std::mutex root_mutex_;
    std::optional<Url> root_;
};

/// A blob's bytes, front to back; a connection that is cut is made again and goes on where it stopped. One
/// thread uses it.
class BlobReader {
  public:
    BlobReader(Client& client, const oci::Digest& digest, std::optional<uint64_t> size);
    ~BlobReader();
    /// Fills the front of `into`; 0 at the end. @throws Error
    size_t read(std::span<char> into);

  private:
    void open();
    void discard(uint64_t n);
    void fail(const HttpError& error);

    Client& client_;
    const oci::Digest digest_;
    const std::optional<uint64_t> size_;
    const std::string step_;
    std::unique_ptr<HttpExchange> exchange_;
    uint64_t offset_ = 0;
    uint64_t offset_of_failure_ = 0;
    unsigned failures_ = 0;
};

}  // namespace rpod::registry
