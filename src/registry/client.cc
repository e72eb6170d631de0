// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/client.hh"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "oci/manifest.hh"
#include "registry/client_retry.hh"
#include "registry/server_error.hh"
#include "registry/trust.hh"

namespace rpod::registry {
namespace {

constexpr int kMaxRedirects = 8;
constexpr size_t kMaxErrorBody = 64 << 10;
constexpr size_t kMaxTagPage = 8 << 20;
constexpr size_t kMaxTags = 100'000;

/// docker's Hub has another name than its registry.
std::string host_of(const std::string& registry) {
    return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

HttpOptions http_options(const std::string& registry, const ClientOptions& options) {
    HttpOptions http{.verify_tls = options.tls_verify.value_or(true)};
    const std::string certs = options.cert_dir.empty() ? find_certificates(registry) : options.cert_dir;
    if (!certs.empty()) add_certificates(certs, http);
    if (const char* text = std::getenv("RPOD_REGISTRY_TIMEOUT")) {
        const auto seconds = parse_uint(text, 24 * 3600);
        if (!seconds || *seconds == 0)
            throw Error("RPOD_REGISTRY_TIMEOUT: '{}' is not a number of seconds", printable(text));
        http.connect_seconds = http.stall_seconds = static_cast<long>(*seconds);
    }
    return http;
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string accepted_manifests() {
    // Schema 1 too: it is refused by name then, and not as something that does not exist.
    return fmt::format("{}, {}, {}, {}, application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1",
                       oci::media_type::kManifest, oci::media_type::kIndex, oci::media_type::kDockerManifest,
                       oci::media_type::kDockerList);
}

/// The media type, where it says more than "some JSON".
std::string media_type_of(const HttpHead& head) {
    std::string type(trim(split(head.find("content-type").value_or(""), ';').front()));
    const bool says_nothing = type == "application/json" || type.starts_with("text/") ||
                              type == "application/octet-stream" || type == "binary/octet-stream";
    return says_nothing ? std::string() : type;
}

/// The whole body. What was cut keeps its type: it can be asked for again.
std::string read_small(HttpExchange& exchange, size_t max_bytes, const std::string& step) {
    try {
        return exchange.read_all(max_bytes);
    } catch (const HttpError&) {
        throw;
    } catch (const Error& e) {
        throw Error("{}: {}", step, e.what());
    }
}

}  // namespace

Client::Client(std::string registry, std::string repository, ClientOptions options)
    : registry_(std::move(registry)),
      repository_(std::move(repository)),
      options_(std::move(options)),
      insecure_(!options_.tls_verify.value_or(true)),
      http_(http_options(registry_, options_)),
      authorizer_(http_, find_credential(repository_.empty() ? registry_ : name(), options_.credentials),
                  insecure_) {}

Client::~Client() = default;

std::string Client::scope(const Call& call) const {
    if (repository_.empty()) return call.registry_scope;
    std::string out = fmt::format("repository:{}:{}", repository_, call.actions);
    if (!call.also_pull.empty()) out += fmt::format(" repository:{}:pull", call.also_pull);
    return out;
}

Url Client::root() {
    const std::lock_guard guard(root_mutex_);
    if (!root_) root_ = probe_root();
    return *root_;
}

/// https, unless nobody there speaks it and clear text is allowed.
Url Client::probe_root() {
    const auto https = Url::parse("https://" + host_of(registry_));
    if (!https) throw Error("'{}' is not the name of a registry", printable(registry_));
    if (!insecure_) return *https;
    try {
        http_.open(HttpRequest{.url = *https->resolve("/v2/")});
        return *https;
    } catch (const HttpError& e) {
        log::debug("{}; trying without TLS", e.what());
    }
    return *Url::parse("http://" + host_of(registry_));
}

Url Client::redirect(const HttpHead& head, const Url& from) const {
    const auto location = head.find("location");
    const auto to = location ? from.resolve(*location) : std::nullopt;
    if (!to) throw Error("a redirect of '{}' to no valid URL", from.without_query());
    if (from.scheme == "https" && to->scheme == "http" && !insecure_) {
        throw Error("'{}' redirects to '{}', in clear text", from.without_query(), to->without_query());
    }
    return *to;
}

Client::Exchange Client::send_once(const Call& call) {
    const Url home = root();
    auto url = call.url ? call.url : home.resolve(call.target);
    if (!url) throw Error("'{}' makes no valid URL", printable(call.target));
    bool answered = false;
    for (int requests = 0; requests <= kMaxRedirects; ++requests) {
        HttpRequest request{.method = call.method, .url = *url, .headers = call.headers, .body = call.body};
        if (call.upload) {
            request.upload = call.upload->open();
            request.upload_size = call.upload->size;
        }
        // Nobody but the registry itself sees what it is asked with.
        const bool at_home = url->same_origin(home);
        const std::string authorization = at_home ? authorizer_.header(scope(call)) : std::string();
        if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
        request.show_certificate = at_home;
        auto exchange = http_.open(request);
        const HttpHead& head = exchange->head();
        if (std::find(call.expected.begin(), call.expected.end(), head.status) != call.expected.end()) {
            return exchange;
        }
        if (head.status == 401 && at_home && !answered) {
            answered = true;
            const HttpHead refusal = head;
            exchange.reset();
            authorizer_.answer(refusal, scope(call), authorization);
        } else if (is_redirect(head.status) && (call.method == "GET" || call.method == "HEAD")) {
            url = redirect(head, *url);
        } else {
            const std::string body =
                call.method == "HEAD" ? std::string() : exchange->read_all(kMaxErrorBody);
            if (at_home && (head.status == 401 || head.status == 403)) {
                const bool refused = head.status == 401 && authorization.starts_with("Basic ");
                throw Unauthorized((refused ? "invalid username/password: " : "") +
                                   server_reason(head.status, body));
            }
            throw_server_error(at_home ? call.step : call.step + " at " + url->host_and_port(), head, body);
        }
    }
    throw Error("{}: more than {} redirects", call.step, kMaxRedirects);
}

void Client::wait_before_retry(unsigned failures, std::optional<long> server_wish,
                               const std::string& why) const {
    using std::chrono::nanoseconds;
    const nanoseconds own = options_.retry.delay.value_or(std::chrono::seconds(1L << std::min(failures, 6U)));
    const nanoseconds delay = std::max<nanoseconds>(own, std::chrono::seconds(server_wish.value_or(0)));
    const double seconds = static_cast<double>(delay.count()) / 1e9;
    log::warn("Failed, retrying in {}s ... ({}/{}). Error: {}", seconds, failures + 1,
              options_.retry.attempts, why);
    std::this_thread::sleep_for(delay);
}

Client::Exchange Client::send(const Call& call) {
    return with_retries(call.step, [&] { return send_once(call); });
}

void Client::explain(const std::string& step, const HttpError& error) const {
    std::string hint;
    switch (error.problem()) {
        case HttpProblem::resolve:
            hint = "check the registry's name and the network; a proxy is taken from HTTPS_PROXY";
            break;
        case HttpProblem::tls:
            hint = fmt::format(
                "put the certificate of its authority into ~/.config/containers/certs.d/{}/ca.crt, "
                "or do without with --tls-verify=false",
                registry_);
            break;
        case HttpProblem::not_tls:
            hint = "it is a registry without TLS: --tls-verify=false, or insecure = true in registries.conf";
            break;
        default:
            break;
    }
    throw Error("{}: {}", step, error.what()).with_hint(std::move(hint));
}

void Client::explain(const std::string& step, const Unauthorized& error) const {
    const auto& credential = authorizer_.credential();
    if (credential && credential->source.empty()) throw Error("{}: {}", step, error.what());
    throw Error("{}: {}", step, error.what())
        .with_hint(
            credential
                ? fmt::format("the credentials of {} were used; replace them with `rpod login {}`",
                              credential->source, registry_)
                : fmt::format("the repository may not exist, or want a login: `rpod login {}`", registry_));
}

ManifestDocument Client::manifest(const std::string& reference) {
    const Call call{.step = fmt::format("reading manifest {} in {}", reference, name()),
                    .target = fmt::format("/v2/{}/manifests/{}", repository_, reference),
                    .headers = {{"Accept", accepted_manifests()}}};
    return with_retries(call.step, [&] {
        const auto exchange = send_once(call);
        const auto length = parse_uint(exchange->head().find("content-length").value_or("0"));
        if (!length || *length > oci::kMaxManifestBytes) {
            throw Error("{}: it is larger than the {} bytes allowed", call.step, oci::kMaxManifestBytes);
        }
        std::string bytes = read_small(*exchange, oci::kMaxManifestBytes, call.step);
        return ManifestDocument{.bytes = std::move(bytes), .media_type = media_type_of(exchange->head())};
    });
}

std::optional<oci::Digest> Client::manifest_digest(const std::string& reference) {
    const auto exchange = send({.step = fmt::format("reading manifest {} in {}", reference, name()),
                                .method = "HEAD",
                                .target = fmt::format("/v2/{}/manifests/{}", repository_, reference),
                                .headers = {{"Accept", accepted_manifests()}}});
    return oci::Digest::try_parse(exchange->head().find("docker-content-digest").value_or(""));
}

std::string Client::blob(const oci::Digest& digest, size_t max_bytes) {
    const auto reader = open_blob(digest, std::nullopt);
    std::string out;
    std::vector<char> buffer(64 << 10);
    while (const size_t n = reader->read(buffer)) {
        out.append(buffer.data(), n);
        if (out.size() > max_bytes) {
            throw Error("reading blob {} in {}: it is larger than the {} bytes allowed", digest.str(), name(),
                        max_bytes);
        }
    }
    return out;
}

std::unique_ptr<BlobReader> Client::open_blob(const oci::Digest& digest, std::optional<uint64_t> size) {
    return std::make_unique<BlobReader>(*this, digest, size);
}

/// `Link: </v2/NAME/tags/list?last=x&n=100>; rel="next"`; empty where this was the last.
std::string Client::next_page(const HttpHead& head) const {
    const std::string link = head.find("link").value_or("");
    const size_t begin = link.find('<');
    const size_t end = link.find('>', begin);
    if (end == std::string::npos || link.find("rel=\"next\"", end) == std::string::npos) return {};
    const auto url = root_->resolve(link.substr(begin + 1, end - begin - 1));
    // Another host would be asked with this one's token.
    return url && url->same_origin(*root_) ? url->target : std::string();
}

std::vector<std::string> Client::tags() {
    std::vector<std::string> out;
    std::string target = fmt::format("/v2/{}/tags/list", repository_);
    while (!target.empty()) {
        const Call call{.step = fmt::format("reading the tags of {}", name()), .target = target};
        const auto exchange = send(call);
        const std::string text = read_small(*exchange, kMaxTagPage, call.step);
        const auto page = json::Value::parse(text, call.step, json::Limits{.max_bytes = kMaxTagPage});
        const auto tags = page.strings_or_empty("tags");
        out.insert(out.end(), tags.begin(), tags.end());
        if (out.size() > kMaxTags) throw Error("{}: more than {}", call.step, kMaxTags);
        target = tags.empty() ? std::string() : next_page(exchange->head());
    }
    return out;
}

void Client::check_login() {
    send({.step = fmt::format("authenticating to {}", registry_), .target = "/v2/"});
}

BlobReader::BlobReader(Client& client, const oci::Digest& digest, std::optional<uint64_t> size)
    : client_(client),
      digest_(digest),
      size_(size),
      step_(fmt::format("reading blob {} in {}", digest.str(), client.name())) {
    open();
}

BlobReader::~BlobReader() = default;

void BlobReader::open() {
    Client::Call call{.step = step_,
                      .target = fmt::format("/v2/{}/blobs/{}", client_.repository_, digest_.str()),
                      .expected = {200}};
    if (offset_ > 0) {
        call.headers.emplace_back("Range", fmt::format("bytes={}-", offset_));
        call.expected.push_back(206);
    }
    exchange_ = client_.send(call);
    if (offset_ == 0) return;
    if (exchange_->head().status == 200) return discard(offset_);
    const std::string range = exchange_->head().find("content-range").value_or("");
    if (!range.starts_with(fmt::format("bytes {}-", offset_))) {
        throw Error("{}: asked for the rest from byte {} on, the server sends '{}'", step_, offset_,
                    printable(range));
    }
}

/// The server knows no ranges and begins again.
void BlobReader::discard(uint64_t n) {
    std::vector<char> scratch(64 << 10);
    while (n > 0) {
        const size_t got = exchange_->read(std::span(scratch).first(std::min<uint64_t>(n, scratch.size())));
        if (got == 0) throw HttpError(HttpProblem::cut, "the blob has become shorter");
        n -= got;
    }
}

void BlobReader::fail(const HttpError& error) {
    // Some progress may have been made each time, and yet it must end.
    constexpr uint64_t kProgress = 1 << 20;
    if (offset_ >= offset_of_failure_ + kProgress) failures_ = 0;
    offset_of_failure_ = offset_;
    exchange_.reset();
    if (!error.transient() || failures_ >= client_.options_.retry.attempts) client_.explain(step_, error);
    client_.wait_before_retry(failures_++, {}, error.what());
}

size_t BlobReader::read(std::span<char> into) {
    for (;;) {
        try {
            if (!exchange_) open();
            const size_t n = exchange_->read(into);
            if (n == 0 && size_ && offset_ < *size_) {
                throw HttpError(HttpProblem::cut,
                                fmt::format("the answer ended after {} of {} bytes", offset_, *size_));
            }
            if (size_ && offset_ + n > *size_) {
                throw Error("{}: the server sends more than the {} bytes that the manifest says", step_,
                            *size_);
            }
            offset_ += n;
            return n;
        } catch (const HttpError& e) {
            fail(e);
        }
    }
}

}  // namespace rpod::registry
