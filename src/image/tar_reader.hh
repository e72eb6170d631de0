// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <span>
#include <string>

#include "image/byte_source.hh"
#include "image/pax.hh"
#include "image/tar_header.hh"
#include "overlay/layer_entry.hh"

namespace rpod::image {

/// Bounds for foreign archives: what a real image never comes near.
struct TarLimits {
    uint64_t max_entries = 4 << 20;
    uint64_t max_memory = 1 << 30;  ///< of the entries that scan_tar() gathers, in bytes
};

/// Reads a tar archive front to back: v7, ustar, star, old GNU and pax, with constant memory. Foreign
/// archives are read as Go's archive/tar reads them, since that is what docker and podman agree on; the
/// differences are these.
///
/// - A name is resolved against the root of the image: "./a", "/a", "../a" and "b/../a" are all "a", as for
///   umoci and podman. Nothing but a directory may stand for the root itself. Hard link targets likewise;
///   the text of a symbolic link is nobody's business but the container's.
/// - Where several headers name a member, the sparse name wins, then GNU's long name, then pax, then the tar
///   header. A pax size is the member's and never that of another extended header in between.
/// - Links, devices, fifos and directories have no data, whatever their size says; except that a hard link
///   may be followed by the content of its file (pax -o linkdata), told by there being no header behind it.
/// - Global pax headers give owner, time and xattrs to all that follows; podman ignores them and umoci knows
///   none. A global name or size is an error.
/// - Two zero blocks end the archive, and so does the end of the data between two members; what follows is
///   ignored. One zero block before something else is an error.
/// - Multi-volume archives and types that nobody writes into images are errors. There is no type for a
///   socket: tar programs leave sockets out. Volume labels are passed over; contiguous files are files.
class TarReader {
  public:
    /// `source` is borrowed.
    explicit TarReader(ByteSource& source) : source_(source) {}

    /// The next member; nothing at the end. Extents are relative to the start of the archive.
    /// @throws Error that names the member and its offset
    std::optional<overlay::LayerEntry> next();

    /// The content of the regular file that next() returned last, holes as zeros: 0 at its end.
    size_t read(std::span<char> into);

    /// How far the archive has been read, in bytes.
    uint64_t offset() const noexcept { return offset_; }

    /// Passes over what is behind the end; the size of the archive.
    uint64_t finish();

  private:
    using Block = TarHeader::Block;
    struct Extended;

    bool read_block(Block& block);
    Block require_block();
    std::optional<TarHeader> read_header();
    std::string read_extended(const TarHeader& header);
    bool take_extended(const TarHeader& header, Extended& extended);
    overlay::LayerEntry make_entry(const TarHeader& header, Extended& extended);
    void set_attributes(const TarHeader& header, const PaxRecords& pax, overlay::LayerEntry& entry) const;
    void set_data(const TarHeader& header, const PaxRecords& pax, overlay::LayerEntry& entry);
    void pass_link_data(uint64_t size);
    void finish_member();
    void set_name(std::string_view name) { name_ = name; }
    std::string where() const;

    ByteSource& source_;
    PaxRecords global_;
    std::optional<Block> lookahead_;  ///< a block that was read, but belongs to the next header

    std::string name_;            ///< of the member at hand, for errors
    uint64_t member_offset_ = 0;  ///< of its first header
    uint64_t offset_ = 0;         ///< of the next byte of the source
    uint64_t data_left_ = 0;      ///< of the member at hand, in the archive
    uint64_t padding_ = 0;        ///< behind it
    bool ended_ = false;

    std::vector<overlay::Extent> extents_;  ///< of the member at hand, for read()
    size_t extent_ = 0;                     ///< the one that position_ is in or before
    uint64_t size_ = 0;
    uint64_t position_ = 0;
};

/// The content of the member that a reader (borrowed) is at, as a source: a layer in an archive of an image,
/// say.
class TarMemberSource : public ByteSource {
  public:
    explicit TarMemberSource(TarReader& reader) : reader_(reader) {}
    size_t read(std::span<char> into) override { return reader_.read(into); }

  private:
    TarReader& reader_;
};

/// All members of a layer. Reads the source to its end, beyond that of the archive.
overlay::LayerScan scan_tar(ByteSource& source, TarLimits limits = {});

/// A member's name as a path below the root of an image: no "", ".", ".." component; empty for the root.
/// @throws Error for what no file system could hold (a component over 255 bytes, a path over 4095)
std::string clean_member_path(std::string_view name);

}  // namespace rpod::image
