// A directory as a kill would leave it: copied while its owner is alive, at a moment when none
// of its files changes.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>

namespace firn {

// Path below `directory` -> bytes of each file; files that vanish meanwhile are left out.
inline std::map<std::string, std::string> FilesBelow(const std::filesystem::path& directory) {
  std::map<std::string, std::string> contents;
  std::error_code gone;
  for (auto at = std::filesystem::recursive_directory_iterator(directory, gone);
       !gone && at != std::filesystem::recursive_directory_iterator(); at.increment(gone)) {
    if (at->is_directory(gone)) continue;
    std::ifstream in(at->path(), std::ios::binary);
    contents[at->path().lexically_relative(directory).string()] = {
        std::istreambuf_iterator<char>(in), {}};
  }
  return contents;
}

// False if the directory does not come to rest; `between` runs before each further attempt.
template <typename Between>
bool CopyAtRest(const std::filesystem::path& from, const std::filesystem::path& to,
                const Between& between) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto before = FilesBelow(from);
    std::error_code raced;
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, raced);
    if (!raced && FilesBelow(from) == before && FilesBelow(to) == before) return true;
    between();
    std::this_thread::yield();
  }
  return false;
}

}  // namespace firn
