// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/template.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "cli/report.hh"
#include "cli/table.hh"
#include "cli/template_printf.hh"

namespace rpod::cli {
namespace {

Data sample() {
    DataObject inner{.type = "Inner"};
    inner.add("Status", "running").add("Pid", 42);
    DataObject o{.type = "Container"};
    o.add("ID", "abc", "Id")
        .add("Names", Data::strings({"web", "db"}))
        .add("State", inner)
        .add("Running", true);
    o.add("Labels", Data::string_map({{"a", "1"}, {"b", "2"}})).add("Empty", Data::nil_list());
    o.add("Alias", "hidden", "", DataObject::Show::templates).add("Size", 1.5).add("Zero", 0);
    o.methods["Label"] = [](const DataList& args) { return Data("label:" + *args.at(0).text()); };
    return o;
}

std::string run(std::string_view text) { return Template("t", text).run(sample()); }

std::string error_of(std::string_view text) {
    try {
        run(text);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

TEST(Template, PrintsFieldsAsGoDoes) {
    EXPECT_EQ(run("{{.ID}} {{ .State.Status }}/{{.State.Pid}} {{.Running}} {{.Size}}"),
              "abc running/42 true 1.5");
    EXPECT_EQ(run("{{.Names}} {{.Labels}} {{.State}} {{.Empty}}"), "[web db] map[a:1 b:2] {running 42} []");
    EXPECT_EQ(run("{{.Labels.a}} {{.Labels.nope}} {{index .Labels \"b\"}}[{{index .Labels \"nope\"}}]"),
              "1 <no value> 2[]");
    EXPECT_EQ(run("{{.Label \"x\"}} {{.Alias}} {{(index .Names 1)}}"), "label:x hidden db");
}

TEST(Template, HasVariablesAndBranches) {
    EXPECT_EQ(run("{{$x := .ID}}{{if .Running}}up {{$x}}{{else}}down{{end}}"), "up abc");
    EXPECT_EQ(run("{{if .Zero}}a{{else if .Empty}}b{{else if .ID}}c{{else}}d{{end}}"), "c");
    EXPECT_EQ(run("{{with .State}}{{.Status}} {{$.ID}}{{end}}{{with .Empty}}x{{else}}none{{end}}"),
              "running abcnone");
    EXPECT_EQ(run("{{$n := 1}}{{range .Names}}{{$n = 2}}{{end}}{{$n}}"), "2");
}

TEST(Template, RangesOverListsAndMaps) {
    EXPECT_EQ(run("{{range .Names}}<{{.}}>{{end}}"), "<web><db>");
    EXPECT_EQ(run("{{range $i, $n := .Names}}{{if $i}},{{end}}{{$i}}={{$n}}{{end}}"), "0=web,1=db");
    EXPECT_EQ(run("{{range $k, $v := .Labels}}{{$k}}{{$v}};{{end}}"), "a1;b2;");
    EXPECT_EQ(run("{{range .Empty}}x{{else}}empty{{end}}"), "empty");
    EXPECT_EQ(run("{{range .Names}}{{if eq . \"db\"}}{{break}}{{end}}{{.}}{{end}}"), "web");
    EXPECT_EQ(run("{{range .Names}}{{if eq . \"web\"}}{{continue}}{{end}}{{.}}{{end}}"), "db");
}

TEST(Template, TrimsAndComments) {
    EXPECT_EQ(run("a {{- /* c */ -}} b {{- .ID -}}  \n c{{/* x */}}d"), "ababccd");
}

TEST(Template, CallsFunctionsAndPipes) {
    EXPECT_EQ(run("{{join .Names \",\"}} {{.ID | upper}} {{title \"a bc\"}} {{len .Names}}"),
              "web,db ABC A Bc 2");
    EXPECT_EQ(run("{{json .State}} {{json .Empty}} {{json .Labels}} {{json .}}"),
              R"({"Status":"running","Pid":42} null {"a":"1","b":"2"} )"
              R"({"Id":"abc","Names":["web","db"],"State":{"Status":"running","Pid":42},"Running":true,)"
              R"("Labels":{"a":"1","b":"2"},"Empty":null,"Size":1.5,"Zero":0})");
    EXPECT_EQ(run("{{split \"a,b\" \",\"}} {{truncate .ID 2}} {{pad .ID 1 2}}| {{slice .ID 1 2}}"),
              "[a b] ab  abc  | b");
    EXPECT_EQ(run("{{and 1 0}} {{or 0 \"x\"}} {{not 0}} {{eq .ID \"x\" \"abc\"}} {{ne 1 2}} {{lt 1 2}} {{ge "
                  "\"b\" \"a\"}}"),
              "0 x true true true true true");
    EXPECT_EQ(run("{{printf \"%-5s|%05d|%x|%q|%v|%t|%.2f%%\" .ID 42 255 \"a\\n\" .Names true 1.5}}"),
              "abc  |00042|ff|\"a\\n\"|[web db]|true|1.50%");
    EXPECT_EQ(run("{{print 1 2 \"x\" 3}} {{println \"a\" 1}}{{\"q\\u00e9\"}}{{`raw\\n`}}{{'a'}}{{-3}}"),
              "1 2x3 a 1\nq\xc3\xa9raw\\n97-3");
    EXPECT_EQ(run("{{if and .Running (eq .State.Status \"running\")}}ok{{end}}"), "ok");
}

TEST(Template, AndAndOrStopEarly) {
    EXPECT_EQ(run("{{or .ID (index .Names 9)}}{{and .Zero (index .Names 9)}}"), "abc0");
}

TEST(Template, SprintfReportsWhatDoesNotFit) {
    EXPECT_EQ(go_sprintf("%d %s", {Data("x")}), "%!d(string=x) %!s(MISSING)");
    EXPECT_EQ(go_sprintf("a", {Data(1)}), "a%!(EXTRA int64=1)");
    EXPECT_EQ(go_sprintf("%", {}), "%!(NOVERB)");
    EXPECT_EQ(go_sprintf("%*d|%-4d|%+d", {Data(4), Data(1), Data(2), Data(3)}), "   1|2   |+3");
}

TEST(Template, FailsInGosWords) {
    EXPECT_EQ(error_of("{{.Nope}}"),
              "template: t:1:2: executing \"t\" at <.Nope>: can't evaluate field Nope in type Container");
    EXPECT_EQ(error_of("{{index .Names 9}}"),
              "template: t:1:2: executing \"t\" at <index>: error calling index: index out of range: 9");
    EXPECT_EQ(error_of("{{.ID"), "template: t:1: unclosed action");
    EXPECT_EQ(error_of("{{nope .ID}}"), "template: t:1: function \"nope\" not defined");
    EXPECT_EQ(error_of("a\n{{$x}}"), "template: t:2: undefined variable \"$x\"");
    EXPECT_EQ(error_of("{{end}}"), "template: t:1: unexpected {{end}}");
    EXPECT_EQ(error_of("{{if .ID}}"), "template: t:1: unexpected EOF");
    EXPECT_EQ(error_of("{{}}"), "template: t:1: missing value for command");
    EXPECT_EQ(error_of("{{template \"x\"}}"), "template: t:1: {{template}} is not supported");
    EXPECT_NE(error_of("{{eq .ID 1}}"), "no error");
    EXPECT_NE(error_of("{{.ID.X}}"), "no error");
    EXPECT_NE(error_of("{{break}}"), "no error");
    EXPECT_NE(error_of(std::string(5000, '(')), "x");
    std::string deep = "{{";
    deep += std::string(5000, '(') + "1" + std::string(5000, ')') + "}}";
    EXPECT_EQ(error_of(deep), "template: t:1: nested too deeply");
}

TEST(Report, MakesTablesJsonAndLines) {
    DataObject a{.type = "x"};
    a.add("Name", "one").add("CreatedAt", "now");
    const Report report{.command = "images", .items = {a}, .headers = {{"Name", "REPOSITORY"}}};
    EXPECT_EQ(render(report, "table {{.Name}} {{.CreatedAt}}"), "REPOSITORY  CREATED AT\none         now\n");
    EXPECT_EQ(render(report, "table {{.Name}}\\t{{.CreatedAt}}"),
              "REPOSITORY  CREATED AT\none         now\n");
    EXPECT_EQ(render(report, "{{.Name}} x"), "one x\n");
    EXPECT_EQ(render(report, "{{range .}}{{.Name}};{{end}}"), "one;\n");
    EXPECT_EQ(render(report, "{{json .}}"), "{\"Name\":\"one\",\"CreatedAt\":\"now\"}\n");
    EXPECT_EQ(render(report, "json"),
              "[\n    {\n        \"Name\": \"one\",\n        \"CreatedAt\": \"now\"\n    }\n]\n");
    EXPECT_EQ(render(Report{.command = "x", .headers = {{"Name", "N"}}}, "table {{.Name}}\t{{.Name}}"),
              "N           N\n");
}

TEST(Table, AlignsColumnsOfConsecutiveLines) {
    EXPECT_EQ(align_tabs("a\tb\tc\nlonger than twelve\tx\ty\n"),
              "a                   b           c\nlonger than twelve  x           y\n");
    EXPECT_EQ(align_tabs("a\tb\nno tab\nc\td\n"), "a           b\nno tab\nc           d\n");
    EXPECT_EQ(align_tabs("\xc3\xa9\tb\n"), "\xc3\xa9           b\n");
}

}  // namespace
}  // namespace rpod::cli
