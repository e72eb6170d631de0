// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/data.hh"

namespace rpod::cli {

namespace template_ast {
struct Body;
}

/// A template of Go's text/template language, as far as --format needs it: fields, methods, variables,
/// pipelines, if/else/with/range/break/continue, comments, trim markers; the functions and, or, not, eq, ne,
/// lt, le, gt, ge, len, index, slice, print, printf, println, html, and podman's json, join, split, lower,
/// upper, title, pad, truncate. `define`, `block` and `template` are refused.
class Template {
  public:
    /// @param name  in messages: "images" → "template: images:1: …"
    /// @throws Error for what is not a template
    Template(std::string name, std::string_view text);
    Template(Template&&) noexcept;
    ~Template();

    /// @throws Error in Go's words: `template: images:1:3: executing "images" at <.Nope>: can't evaluate
    /// field Nope …`
    std::string run(const Data& data) const;

  private:
    std::string name_;
    std::string text_;
    std::unique_ptr<template_ast::Body> body_;
};

}  // namespace rpod::cli
