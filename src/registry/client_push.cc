// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// The half of the distribution protocol that writes. A blob goes in three steps, POST, PATCH, PUT, which
// every registry knows since docker does it so; an upload that is cut off is begun again.
#include "base/strings.hh"
#include "registry/client.hh"
#include "registry/client_retry.hh"

namespace rpod::registry {
namespace {

constexpr const char* kPushActions = "pull,push";

}  // namespace

bool Client::has_blob(const oci::Digest& digest) {
    const auto exchange = send({.step = fmt::format("looking for blob {} in {}", digest.str(), name()),
                                .method = "HEAD",
                                .target = fmt::format("/v2/{}/blobs/{}", repository_, digest.str()),
                                .actions = kPushActions,
                                .expected = {200, 404}});
    return exchange->head().status == 200;
}

Url Client::next_location(const HttpExchange& exchange, const std::string& step) {
    const auto location = exchange.head().find("location");
    const auto url = location ? root().resolve(*location) : std::nullopt;
    if (!url) throw Error("{}: the registry does not say where the blob goes", step);
    if (url->scheme == "http" && !insecure_) {
        throw Error("{}: the registry wants it in clear text, at '{}'", step, url->without_query());
    }
    return *url;
}

std::optional<Url> Client::begin_upload(const std::string& step, const oci::Digest& digest,
                                        const std::string& mount_from) {
    Call call{.step = step,
              .method = "POST",
              .target = fmt::format("/v2/{}/blobs/uploads/", repository_),
              .actions = kPushActions,
              .expected = {202}};
    if (!mount_from.empty()) {
        call.target +=
            fmt::format("?mount={}&from={}", percent_encode(digest.str()), percent_encode(mount_from));
        call.also_pull = mount_from;
        call.expected.push_back(201);
    }
    const auto exchange = send_once(call);
    if (exchange->head().status == 201) return std::nullopt;
    return next_location(*exchange, step);
}

bool Client::mount_blob(const oci::Digest& digest, const std::string& from_repository) {
    const std::string step = fmt::format("mounting blob {} in {}", digest.str(), name());
    return with_retries(step, [&] {
        const auto upload = begin_upload(step, digest, from_repository);
        if (!upload) return true;
        // It began an upload instead, which nobody wants yet.
        send_once({.step = step,
                   .method = "DELETE",
                   .actions = kPushActions,
                   .expected = {200, 202, 204, 400, 404, 405},
                   .url = upload});
        return false;
    });
}

void Client::upload(const BlobUpload& blob) {
    const std::string step = fmt::format("writing blob {} to {}", blob.digest.str(), name());
    with_retries(step, [&] {
        const auto at = begin_upload(step, blob.digest, {});
        auto sent = send_once({.step = step,
                               .method = "PATCH",
                               .headers = {{"Content-Type", "application/octet-stream"}},
                               .actions = kPushActions,
                               .expected = {202},
                               .url = at,
                               .upload = &blob});
        Url last = next_location(*sent, step);
        sent.reset();
        last.target += (last.target.find('?') == std::string::npos ? "?" : "&") + std::string("digest=") +
                       percent_encode(blob.digest.str());
        send_once({.step = step,
                   .method = "PUT",
                   .headers = {{"Content-Type", "application/octet-stream"}},
                   .actions = kPushActions,
                   .expected = {201},
                   .url = last});
    });
}

void Client::put_manifest(const std::string& reference, const std::string& bytes,
                          const std::string& media_type) {
    send({.step = fmt::format("writing manifest {} to {}", reference, name()),
          .method = "PUT",
          .target = fmt::format("/v2/{}/manifests/{}", repository_, reference),
          .headers = {{"Content-Type", media_type}},
          .actions = kPushActions,
          .expected = {200, 201, 202},
          .body = bytes});
}

}  // namespace rpod::registry
