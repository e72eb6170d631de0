// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// What fmt's headers only declare, compiled from the headers that come with them. Debian has libfmt only as a
// shared library; loading that, and the shared libstdc++ that it needs, would cost every start of rpod a
// millisecond.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
// Templates that the headers declare for char without defining them there.
template auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template auto decimal_point_impl<char>(locale_ref) -> char;
}  // namespace detail
FMT_END_NAMESPACE
