// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// --format: a template ends, in output or in an error.
#include <string>
#include <string_view>

#include "base/error.hh"
#include "cli/template.hh"

namespace {

using namespace rpod::cli;

Data sample() {
    DataObject inner{.type = "define.Inner"};
    inner.add("Name", "x").add("Empty", Data::nil_list());
    DataObject object{.type = "define.Outer"};
    object.add("ID", "0123456789abcdef")
        .add("Size", int64_t{4711})
        .add("Real", 1.5)
        .add("Yes", true)
        .add("Names", Data::strings({"a", "b"}))
        .add("Labels", Data::string_map({{"k", "v"}}))
        .add("Inner", Data(std::move(inner)));
    object.methods["Tag"] = [](const DataList& args) { return Data(static_cast<int64_t>(args.size())); };
    return Data(std::move(object));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Data sample_data = sample();
    try {
        (void)Template("fuzz", {reinterpret_cast<const char*>(data), size}).run(sample_data);
    } catch (const rpod::Error&) {
    }
    return 0;
}
