// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>

#include "base/strings.hh"
#include "index_fixture.hh"

/// The builder against a second implementation of the same rules that is as plain as can be: a map from whole
/// paths to files, paths resolved by rewriting text, whiteouts by looking at every path.
namespace rpod::overlay {
namespace {

using namespace test;

struct Inode {
    LayerEntry entry;
    size_t layer;
};

class Model {
  public:
    void add_layer(const Layer& layer) {
        for (const LayerEntry& e : layer) whiteout(e);
        for (const LayerEntry& e : layer) plain(e);
        ++layer_;
    }

    std::string shape() const {
        std::map<const Inode*, int> names;
        for (const auto& [path, inode] : files_) ++names[inode.get()];
        std::string text;
        for (const auto& [path, inode] : files_) {
            const LayerEntry& e = inode->entry;
            text += (text.empty() ? "" : " ") + path;
            if (e.type == EntryType::directory) text += "/";
            if (e.type == EntryType::regular) text += ":" + std::to_string(e.size);
            if (e.type == EntryType::symlink) text += "->" + e.target;
            if (e.type != EntryType::directory && names[inode.get()] > 1)
                text += "*" + std::to_string(names[inode.get()]);
        }
        return text;
    }

  private:
    std::shared_ptr<Inode> at(const std::string& path) const {
        const auto it = files_.find(path);
        return it == files_.end() ? nullptr : it->second;
    }
    static std::string joined(const std::string& dir, const std::string& name) {
        return dir.empty() ? name : dir + "/" + name;
    }
    static std::pair<std::string, std::string> parts(const std::string& path) {
        const size_t slash = path.rfind('/');
        if (slash == path.npos) return {"", path};
        return {path.substr(0, slash), path.substr(slash + 1)};
    }
    void remove_tree(const std::string& path, bool itself) {
        const std::string below = path.empty() ? "" : path + "/";
        for (auto it = files_.begin(); it != files_.end();) {
            const bool gone =
                (itself && it->first == path) || (it->first.starts_with(below) && it->first != path);
            it = gone ? files_.erase(it) : std::next(it);
        }
    }

    /// The real path of a directory; nothing where there is none and none is to be made.
    std::optional<std::string> real_dir(const std::string& path, const LayerEntry* cause) {
        std::vector<std::string> todo;
        const auto push = [&todo](const std::string& text) {
            auto names = split(text, '/');
            for (auto it = names.rbegin(); it != names.rend(); ++it) todo.emplace_back(*it);
        };
        push(path);
        std::string real;
        int links = 0;
        while (!todo.empty()) {
            const std::string name = todo.back();
            todo.pop_back();
            if (name.empty() || name == ".") continue;
            if (name == "..") {
                real = parts(real).first;
                continue;
            }
            const std::string next = joined(real, name);
            const auto inode = at(next);
            if (inode && inode->entry.type == EntryType::symlink) {
                if (++links > 40) throw Error("loop");
                if (inode->entry.target.starts_with("/")) real.clear();
                push(inode->entry.target);
                continue;
            }
            if (!inode || inode->entry.type != EntryType::directory) {
                if (!cause) return std::nullopt;
                if (inode && inode->layer == layer_) throw Error("not a directory");
                LayerEntry made{.type = EntryType::directory};
                files_[next] = std::make_shared<Inode>(Inode{made, layer_});
            }
            real = next;
        }
        return real;
    }

    void whiteout(const LayerEntry& e) {
        const auto [dir, name] = parts(e.path);
        if (!name.starts_with(".wh.")) return;
        const auto real = real_dir(dir, nullptr);
        if (!real) return;
        if (name == ".wh..wh..opq") {
            remove_tree(*real, false);
        } else {
            remove_tree(joined(*real, name.substr(4)), true);
        }
    }

    void plain(const LayerEntry& e) {
        const auto [dir, name] = parts(e.path);
        if (name.starts_with(".wh.")) return;
        const std::string path = joined(*real_dir(dir, &e), name);
        const auto old = at(path);
        std::shared_ptr<Inode> fresh = std::make_shared<Inode>(Inode{e, layer_});
        if (e.type == EntryType::hardlink) {
            const auto [target_dir, target_name] = parts(e.target);
            const auto real = real_dir(target_dir, nullptr);
            fresh = real ? at(joined(*real, target_name)) : nullptr;
            if (!fresh) throw Error("no target");
            if (fresh->entry.type == EntryType::directory) throw Error("directory");
        }
        if (e.type != EntryType::directory || !old || old->entry.type != EntryType::directory)
            remove_tree(path, true);
        files_[path] = fresh;
    }

    std::map<std::string, std::shared_ptr<Inode>> files_;
    size_t layer_ = 0;
};

class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}
    std::vector<Layer> image() {
        std::vector<Layer> layers(1 + random_() % 4);
        for (Layer& layer : layers) {
            for (unsigned n = random_() % 12; n > 0; --n) layer.push_back(member());
        }
        return layers;
    }

  private:
    std::string path() {
        std::string text;
        for (unsigned n = 1 + random_() % 3; n > 0; --n)
            text += (text.empty() ? "" : "/") + std::string(1, "abc"[random_() % 3]);
        return text;
    }
    LayerEntry member() {
        const std::string p = path();
        const size_t slash = p.rfind('/');
        const std::string in = slash == p.npos ? "" : p.substr(0, slash + 1);
        switch (random_() % 12) {
            case 0:
            case 1:
            case 2:
                return dir(p);
            case 3:
            case 4:
                return symlink(p,
                               (random_() % 2 ? "/" : "") + std::string(random_() % 4 ? "" : "../") + path());
            case 5:
            case 6:
                // Mostly to what may be there: a single bad link refuses the whole image.
                return hardlink(p,
                                random_() % 8 && !made_.empty() ? made_[random_() % made_.size()] : path());
            case 7:
                return file(in + ".wh." + p.substr(in.size()));
            case 8:
                return file(in + ".wh..wh..opq");
            default:
                made_.push_back(p);
                return file(p, ++size_);
        }
    }
    std::mt19937 random_;
    uint64_t size_ = 0;
    std::vector<std::string> made_;
};

std::string describe(const std::vector<Layer>& layers) {
    std::string text;
    for (const Layer& layer : layers) {
        text += "layer:";
        for (const LayerEntry& e : layer)
            text += fmt::format(" {}[{}]{}", e.path, static_cast<int>(e.type), e.target);
        text += "\n";
    }
    return text;
}

TEST(IndexBuilder, AgreesWithAPlainModel) {
    int good = 0;
    int refused = 0;
    for (unsigned seed = 0; seed < 30000; ++seed) {
        const std::vector<Layer> layers = Generator(seed).image();
        const auto outcome = [&](const auto& make) -> std::string {
            try {
                return make();
            } catch (const Error&) {
                return "refused";
            }
        };
        const std::string ours = outcome([&] { return test::shape(layers); });
        const std::string theirs = outcome([&] {
            Model model;
            for (const Layer& layer : layers) model.add_layer(layer);
            return model.shape();
        });
        ASSERT_EQ(ours, theirs) << "seed " << seed << "\n" << describe(layers);
        ++(ours == "refused" ? refused : good);
    }
    EXPECT_GT(good, 5000);
    EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace rpod::overlay
