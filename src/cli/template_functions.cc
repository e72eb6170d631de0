// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/template_ast.hh"
#include "cli/template_printf.hh"

namespace rpod::cli::template_ast {
namespace {

const std::string& text_arg(std::string_view function, const Data& arg) {
    const auto* text = arg.text();
    if (!text) throw Error("wrong type for value; expected string; got {}", arg.type_name());
    (void)function;
    return *text;
}

int64_t integer_arg(const Data& arg) {
    const auto* value = arg.integer();
    if (!value) throw Error("wrong type for value; expected int; got {}", arg.type_name());
    return *value;
}

/// -1, 0, 1; the kinds must agree. @throws Error
int compare(const Data& a, const Data& b) {
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    if (a.integer() && b.integer()) return order(*a.integer(), *b.integer());
    if (a.real() && b.real()) return order(*a.real(), *b.real());
    if (a.text() && b.text()) return order(*a.text(), *b.text());
    if (a.time() && b.time()) return order(*a.time(), *b.time());
    throw Error("incompatible types for comparison");
}

bool equal(const Data& a, const Data& b) {
    if (a.is_nil() || b.is_nil()) return a.is_nil() && b.is_nil();
    if (a.boolean() && b.boolean()) return *a.boolean() == *b.boolean();
    if (a.list() || a.map() || a.object() || b.list() || b.map() || b.object()) {
        throw Error("non-comparable type {}", a.type_name());
    }
    return compare(a, b) == 0;
}

Data eq(const DataList& args) {
    return std::any_of(args.begin() + 1, args.end(), [&](const Data& arg) { return equal(args[0], arg); });
}

Data length(const DataList& args) {
    if (const auto* text = args[0].text()) return static_cast<int64_t>(text->size());
    if (const auto* list = args[0].list()) return static_cast<int64_t>(list->size());
    if (const auto* map = args[0].map()) return static_cast<int64_t>(map->size());
    throw Error("len of type {}", args[0].type_name());
}

Data index_one(const Data& data, const Data& key) {
    if (const auto* map = data.map()) {
        const auto it = map->find(text_arg("index", key));
        // The zero of the maps that there are, whose values are texts.
        return it == map->end() ? Data("") : it->second;
    }
    const auto* list = data.list();
    if (!list && !data.text()) throw Error("can't index item of type {}", data.type_name());
    const int64_t i = integer_arg(key);
    const auto size = static_cast<int64_t>(list ? list->size() : data.text()->size());
    if (i < 0 || i >= size) throw Error("index out of range: {}", i);
    if (list) return (*list)[static_cast<size_t>(i)];
    return static_cast<int64_t>(static_cast<unsigned char>((*data.text())[static_cast<size_t>(i)]));
}

Data index(const DataList& args) {
    Data at = args[0];
    for (size_t i = 1; i < args.size(); ++i) at = index_one(at, args[i]);
    return at;
}

Data slice(const DataList& args) {
    const auto* list = args[0].list();
    const auto* text = args[0].text();
    if (!list && !text) throw Error("can't slice item of type {}", args[0].type_name());
    const auto size = static_cast<int64_t>(list ? list->size() : text->size());
    const int64_t begin = args.size() > 1 ? integer_arg(args[1]) : 0;
    const int64_t end = args.size() > 2 ? integer_arg(args[2]) : size;
    if (begin < 0 || end > size || begin > end)
        throw Error("index out of range: {}", begin < 0 ? begin : end);
    if (text) return text->substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    return DataList(list->begin() + begin, list->begin() + end);
}

Data join_list(const DataList& args) {
    const auto* list = args[0].list();
    if (!list) throw Error("wrong type for value; expected []string; got {}", args[0].type_name());
    std::vector<std::string> words;
    for (const auto& item : *list) words.push_back(text_arg("join", item));
    return join(words, text_arg("join", args[1]));
}

Data split_text(const DataList& args) {
    const std::string& text = text_arg("split", args[0]);
    const std::string& separator = text_arg("split", args[1]);
    DataList out;
    if (separator.empty()) {
        for (const char c : text) out.emplace_back(std::string(1, c));
        return out;
    }
    size_t at = 0;
    for (size_t next = text.find(separator); next != std::string::npos; next = text.find(separator, at)) {
        out.emplace_back(text.substr(at, next - at));
        at = next + separator.size();
    }
    out.emplace_back(text.substr(at));
    return out;
}

Data upper(const DataList& args) {
    std::string text = text_arg("upper", args[0]);
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

Data title(const DataList& args) {
    std::string text = text_arg("title", args[0]);
    bool start = true;
    for (char& c : text) {
        if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        start = c == ' ' || c == '\t' || c == '\n';
    }
    return text;
}

constexpr int64_t kMaxPad = 4096;

Data pad(const DataList& args) {
    const std::string& text = text_arg("pad", args[0]);
    const int64_t before = integer_arg(args[1]);
    const int64_t after = integer_arg(args[2]);
    if (before < 0 || after < 0 || before > kMaxPad || after > kMaxPad) throw Error("pad out of range");
    if (text.empty()) return text;
    return std::string(static_cast<size_t>(before), ' ') + text +
           std::string(static_cast<size_t>(after), ' ');
}

Data truncate(const DataList& args) {
    const int64_t n = integer_arg(args[1]);
    if (n < 0) throw Error("length out of range: {}", n);
    return text_arg("truncate", args[0]).substr(0, static_cast<size_t>(n));
}

/// Operands side by side get a blank between two that are no texts; with println between all.
std::string print_all(const DataList& args, bool line) {
    std::string out;
    for (size_t i = 0; i < args.size(); ++i) {
        if (i > 0 && (line || (!args[i].text() && !args[i - 1].text()))) out += ' ';
        out += args[i].print();
    }
    return line ? out + "\n" : out;
}

Data html(const DataList& args) {
    std::string out;
    for (const char c : print_all(args, false)) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&#34;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

struct Function {
    std::string_view name;
    size_t min_args;
    size_t max_args;
    Data (*call)(const DataList& args);
};

constexpr size_t kAny = SIZE_MAX;

constexpr std::array kFunctions{
    Function{"and", 1, kAny, nullptr},
    Function{"or", 1, kAny, nullptr},
    Function{"not", 1, 1, [](const DataList& a) { return Data(!a[0].truth()); }},
    Function{"eq", 2, kAny, eq},
    Function{"ne", 2, 2, [](const DataList& a) { return Data(!equal(a[0], a[1])); }},
    Function{"lt", 2, 2, [](const DataList& a) { return Data(compare(a[0], a[1]) < 0); }},
    Function{"le", 2, 2, [](const DataList& a) { return Data(compare(a[0], a[1]) <= 0); }},
    Function{"gt", 2, 2, [](const DataList& a) { return Data(compare(a[0], a[1]) > 0); }},
    Function{"ge", 2, 2, [](const DataList& a) { return Data(compare(a[0], a[1]) >= 0); }},
    Function{"len", 1, 1, length},
    Function{"index", 1, kAny, index},
    Function{"slice", 1, 3, slice},
    Function{"print", 0, kAny, [](const DataList& a) { return Data(print_all(a, false)); }},
    Function{"println", 0, kAny, [](const DataList& a) { return Data(print_all(a, true)); }},
    Function{"printf", 1, kAny,
             [](const DataList& a) {
                 return Data(go_sprintf(text_arg("printf", a[0]), DataList(a.begin() + 1, a.end())));
             }},
    Function{"html", 1, kAny, html},
    Function{"json", 1, 1, [](const DataList& a) { return Data(a[0].to_json().dump()); }},
    Function{"join", 2, 2, join_list},
    Function{"split", 2, 2, split_text},
    Function{"lower", 1, 1, [](const DataList& a) { return Data(to_lower(text_arg("lower", a[0]))); }},
    Function{"upper", 1, 1, upper},
    Function{"title", 1, 1, title},
    Function{"pad", 3, 3, pad},
    Function{"truncate", 2, 2, truncate},
};

const Function* find(std::string_view name) {
    const auto* it =
        std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& f) { return f.name == name; });
    return it == kFunctions.end() ? nullptr : it;
}

}  // namespace

bool is_function(std::string_view name) { return find(name) != nullptr; }

Data call_function(std::string_view name, const DataList& args) {
    const Function& function = *find(name);
    if (args.size() < function.min_args || args.size() > function.max_args) {
        throw Error("wrong number of args for {}: want {}{} got {}", name,
                    function.max_args == function.min_args ? "" : "at least ", function.min_args,
                    args.size());
    }
    return in_context([&] { return function.call(args); }, "error calling {}", name);
}

}  // namespace rpod::cli::template_ast
