// A file as bytes in memory.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace firn::tools {

// Immutable. The file must not be cut short meanwhile.
class MappedFile {
 public:
  // NotFound or Io.
  static Result<MappedFile> Open(const std::string& path);
  MappedFile() = default;
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace firn::tools
