// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// libcurl calls back with bytes when it has them, while a layer is read when its decompressor wants some.
// Each exchange therefore drives a multi handle of its own, with one transfer in it, from within read(): no
// thread is needed, and what nobody has read yet is bounded by pausing the transfer.
#include "registry/http.hh"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <mutex>

#include "base/strings.hh"
#include "registry/curl_library.hh"
#include "registry/trust.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxBuffered = 1 << 20;
constexpr size_t kMaxHeaderBytes = 256 << 10;
constexpr long kReceiveBuffer = 256 << 10;
constexpr long kStallBytesPerSecond = 64;

template <class T>
void set(CURL* easy, CURLoption option, T value) {
    if (const auto rc = curl().easy_setopt(easy, option, value); rc != CURLE_OK) {
        throw Error("libcurl: option {}: {}", static_cast<int>(option), curl().easy_strerror(rc));
    }
}

/// A connection, or several to different hosts, with the cache in which libcurl keeps them.
struct Connection {
    Connection() : multi(curl().multi_init()), easy(curl().easy_init()) {
        if (!multi || !easy) throw Error("libcurl: out of memory");
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() {
        curl().easy_cleanup(easy);
        curl().multi_cleanup(multi);
    }
    CURLM* multi;
    CURL* easy;
};

HttpProblem classify(CURLcode code, long os_error, std::string_view text) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
            return HttpProblem::resolve;
        case CURLE_COULDNT_CONNECT:
            return os_error == ECONNREFUSED ? HttpProblem::refused : HttpProblem::unreachable;
        case CURLE_OPERATION_TIMEDOUT:
            return HttpProblem::timeout;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
            return HttpProblem::tls;
        case CURLE_SSL_CONNECT_ERROR: {
            const bool plain = text.find("wrong version number") != std::string_view::npos ||
                               text.find("packet length") != std::string_view::npos ||
                               text.find("unexpected TLS packet") != std::string_view::npos;
            return plain ? HttpProblem::not_tls : HttpProblem::tls;
        }
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_SEND_FAIL_REWIND:
        case CURLE_GOT_NOTHING:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return HttpProblem::cut;
        default:
            return HttpProblem::other;
    }
}

/// The words that people search for; libcurl's own where there are none better.
std::string describe(HttpProblem problem, const std::string& text) {
    switch (problem) {
        case HttpProblem::refused:
            return "connection refused";
        case HttpProblem::not_tls:
            return "server gave HTTP response to HTTPS client";
        case HttpProblem::timeout:
            return "time-out: " + text;
        case HttpProblem::cut:
            return "the connection was cut: " + text;
        default:
            return text;
    }
}

}  // namespace

std::optional<std::string> HttpHead::find(std::string_view name) const {
    const auto it = std::find_if(headers.begin(), headers.end(),
                                 [&](const auto& header) { return header.first == name; });
    return it == headers.end() ? std::nullopt : std::optional(it->second);
}

std::vector<std::string> HttpHead::all(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : headers) {
        if (key == name) out.push_back(value);
    }
    return out;
}

std::string HttpExchange::read_all(size_t max_bytes) {
    std::string out;
    std::array<char, 16384> buffer;
    while (const size_t n = read(buffer)) {
        out.append(buffer.data(), n);
        if (out.size() > max_bytes) throw Error("the answer is larger than the {} bytes allowed", max_bytes);
    }
    return out;
}

struct Http::Pool {
    explicit Pool(HttpOptions o) : options(std::move(o)), trust(Trust::of(options)) {}

    std::unique_ptr<Connection> take() {
        const std::lock_guard guard(mutex);
        if (idle.empty()) return std::make_unique<Connection>();
        auto connection = std::move(idle.back());
        idle.pop_back();
        return connection;
    }
    void give_back(std::unique_ptr<Connection> connection) {
        const std::lock_guard guard(mutex);
        idle.push_back(std::move(connection));
    }

    const HttpOptions options;
    const Trust trust;
    std::mutex mutex;
    std::vector<std::unique_ptr<Connection>> idle;
};

namespace {

/// HTTP_PROXY in capitals: libcurl leaves it alone, since CGI programs get it from their clients. rpod is
/// none.
const char* capital_proxy(const Url& url) {
    if (url.scheme != "http" || std::getenv("http_proxy")) return nullptr;
    return std::getenv("HTTP_PROXY");
}

}  // namespace

class Http::Exchange : public HttpExchange {
  public:
    Exchange(std::shared_ptr<Pool> pool, const HttpRequest& request)
        : pool_(std::move(pool)), connection_(pool_->take()), request_(request) {
        try {
            set_up();
            while (!head_done_ && !done_) pump();
            if (!head_done_ && (done_ || refused_)) throw_failure();
        } catch (...) {
            end();
            throw;
        }
    }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    ~Exchange() override {
        end();
        // With bytes still under way, libcurl has closed the connection; the handles are good again.
        pool_->give_back(std::move(connection_));
    }

    const HttpHead& head() const override { return head_; }

    size_t read(std::span<char> into) override {
        while (given_ == buffer_.size() && !done_) pump();
        if (given_ == buffer_.size()) {
            if (result_ != CURLE_OK) throw_failure();
            return 0;
        }
        const size_t n = buffer_.copy(into.data(), into.size(), given_);
        given_ += n;
        if (given_ == buffer_.size()) {
            buffer_.clear();
            given_ = 0;
        }
        return n;
    }

  private:
    void set_up() {
        CURL* easy = connection_->easy;
        curl().easy_reset(easy);
        set(easy, CURLOPT_ERRORBUFFER, error_text_.data());
        set(easy, CURLOPT_URL, request_.url.str().c_str());
        set(easy, CURLOPT_NOSIGNAL, 1L);
        set(easy, CURLOPT_FOLLOWLOCATION, 0L);
        set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        set(easy, CURLOPT_USERAGENT, "rpod");
        set(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
        set(easy, CURLOPT_CONNECTTIMEOUT, pool_->options.connect_seconds);
        set(easy, CURLOPT_LOW_SPEED_LIMIT, kStallBytesPerSecond);
        set(easy, CURLOPT_LOW_SPEED_TIME, pool_->options.stall_seconds);
        set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
        if (const char* proxy = capital_proxy(request_.url)) set(easy, CURLOPT_PROXY, proxy);
        set_trust(easy);
        set_callbacks(easy);
        set_method(easy);
        for (const auto& [name, value] : request_.headers) add_header(name + ": " + value);
        // Registries answer it late or not at all.
        add_header("Expect:");
        set(easy, CURLOPT_HTTPHEADER, lines_);
        curl().multi_add_handle(connection_->multi, easy);
        added_ = true;
    }

    void set_trust(CURL* easy) {
        const auto& trust = pool_->trust;
        set(easy, CURLOPT_SSL_VERIFYPEER, trust.verify ? 1L : 0L);
        set(easy, CURLOPT_SSL_VERIFYHOST, trust.verify ? 2L : 0L);
        if (!trust.ca_bundle.empty()) {
            curl_blob blob{.data = const_cast<char*>(trust.ca_bundle.data()),
                           .len = trust.ca_bundle.size(),
                           .flags = CURL_BLOB_NOCOPY};
            set(easy, CURLOPT_CAINFO_BLOB, &blob);
        }
        if (!trust.ca_dir.empty()) set(easy, CURLOPT_CAPATH, trust.ca_dir.c_str());
        if (trust.client_cert.empty() || !request_.show_certificate) return;
        set(easy, CURLOPT_SSLCERT, trust.client_cert.c_str());
        set(easy, CURLOPT_SSLKEY, trust.client_key.c_str());
    }

    void set_callbacks(CURL* easy) {
        set(easy, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
        set(easy, CURLOPT_HEADERDATA, this);
        set(easy, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
        set(easy, CURLOPT_WRITEDATA, this);
    }

    void set_method(CURL* easy) {
        if (request_.method == "HEAD") {
            set(easy, CURLOPT_NOBODY, 1L);
            return;
        }
        if (request_.method == "GET") return;
        if (request_.upload) {
            set(easy, CURLOPT_UPLOAD, 1L);
            set(easy, CURLOPT_READFUNCTION, &Exchange::on_upload);
            set(easy, CURLOPT_READDATA, this);
            set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.upload_size));
        } else {
            set(easy, CURLOPT_POST, 1L);
            set(easy, CURLOPT_POSTFIELDS, request_.body.data());
            set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        }
        set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    }

    void add_header(const std::string& line) {
        // From file contents and server answers: a line break would begin another header.
        if (line.find_first_of("\r\n") != std::string::npos) throw Error("a header with a line break in it");
        curl_slist* longer = curl().slist_append(lines_, line.c_str());
        if (!longer) throw Error("libcurl: out of memory");
        lines_ = longer;
    }

    void end() noexcept {
        if (added_) curl().multi_remove_handle(connection_->multi, connection_->easy);
        added_ = false;
        // The handle lives on, this object's buffer does not.
        curl().easy_setopt(connection_->easy, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
        curl().slist_free_all(lines_);
        lines_ = nullptr;
    }

    /// Moves the transfer on, and waits where there is nothing to do.
    void pump() {
        const size_t before = buffer_.size();
        if (paused_) {
            paused_ = false;
            curl().easy_pause(connection_->easy, CURLPAUSE_CONT);
        }
        int running = 0;
        if (const auto rc = curl().multi_perform(connection_->multi, &running); rc != CURLM_OK) {
            throw Error("libcurl: transfer failed ({})", static_cast<int>(rc));
        }
        int left = 0;
        while (const CURLMsg* message = curl().multi_info_read(connection_->multi, &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            done_ = true;
            result_ = message->data.result;
        }
        if (upload_failure_) std::rethrow_exception(upload_failure_);
        if (!done_ && buffer_.size() == before && !paused_) {
            curl().multi_poll(connection_->multi, nullptr, 0, 1000, nullptr);
        }
    }

    [[noreturn]] void throw_failure() {
        const std::string where = request_.url.without_query();
        if (refused_) throw HttpError(HttpProblem::other, fmt::format("{}: {}", where, refused_));
        long os_error = 0;
        curl().easy_getinfo(connection_->easy, CURLINFO_OS_ERRNO, &os_error);
        const std::string text =
            error_text_[0] ? printable(error_text_.data()) : curl().easy_strerror(result_);
        const HttpProblem problem = classify(result_, os_error, text);
        throw HttpError(problem, fmt::format("{} {}: {}", request_.method, where, describe(problem, text)));
    }

    static size_t on_header(char* data, size_t size, size_t count, void* self) noexcept {
        return static_cast<Exchange*>(self)->take_header({data, size * count});
    }
    static size_t on_body(char* data, size_t size, size_t count, void* self) noexcept {
        return static_cast<Exchange*>(self)->take_body({data, size * count});
    }
    static size_t on_upload(char* data, size_t size, size_t count, void* self) noexcept {
        return static_cast<Exchange*>(self)->give_body({data, size * count});
    }

    size_t take_header(std::string_view line) noexcept {
        header_bytes_ += line.size();
        if (header_bytes_ > kMaxHeaderBytes) {
            refused_ = "the answer's header is too large";
            return 0;
        }
        if (head_done_) return line.size();  // a trailer
        const std::string_view text = trim(line);
        if (text.starts_with("HTTP/")) {
            head_ = HttpHead{};
            long status = 0;
            curl().easy_getinfo(connection_->easy, CURLINFO_RESPONSE_CODE, &status);
            head_.status = static_cast<int>(status);
        } else if (text.empty()) {
            head_done_ = head_.status >= 200;
        } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
            head_.headers.emplace_back(to_lower(trim(text.substr(0, colon))), trim(text.substr(colon + 1)));
        }
        return line.size();
    }

    size_t take_body(std::string_view bytes) noexcept {
        if (buffer_.size() - given_ >= kMaxBuffered) {
            paused_ = true;
            return CURL_WRITEFUNC_PAUSE;
        }
        buffer_ += bytes;
        return bytes.size();
    }

    size_t give_body(std::span<char> into) noexcept {
        try {
            return request_.upload(into);
        } catch (...) {
            upload_failure_ = std::current_exception();
            return CURL_READFUNC_ABORT;
        }
    }

    std::shared_ptr<Pool> pool_;
    std::unique_ptr<Connection> connection_;
    HttpRequest request_;
    curl_slist* lines_ = nullptr;
    bool added_ = false;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    HttpHead head_;
    size_t header_bytes_ = 0;
    bool head_done_ = false;
    bool done_ = false;
    bool paused_ = false;
    CURLcode result_ = CURLE_OK;
    const char* refused_ = nullptr;
    std::exception_ptr upload_failure_;
    std::string buffer_;
    size_t given_ = 0;
};

Http::Http(HttpOptions options) : pool_(std::make_shared<Pool>(std::move(options))) {}
Http::~Http() = default;

std::unique_ptr<HttpExchange> Http::open(const HttpRequest& request) {
    return std::make_unique<Exchange>(pool_, request);
}

}  // namespace rpod::registry
