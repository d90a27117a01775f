// Letters of UTF-8 text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace firn {

// Every character in lower or upper case by the simple mapping of Unicode. Bytes that are not
// UTF-8 stay as they are.
std::string ToLowerUtf8(std::string_view text);
std::string ToUpperUtf8(std::string_view text);

// Bytes of the letter, digit or underscore at the start of `text`; 0 if there is none.
size_t WordCharacterLength(std::string_view text);

}  // namespace firn
