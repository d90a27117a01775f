// Characters of UTF-8 text, as the lexer's messages print them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace firn::query {

// Length of the UTF-8 sequence `text` starts with, 0 if it starts with none.
size_t Utf8Length(std::string_view text);
void AppendUtf8(uint32_t code_point, std::string* out);

// The character at `at` as Go prints it: `'c'` and `U+0063 'c'`. The replacement character
// stands for the end of the text and for what is not UTF-8.
std::string QuoteCharacter(std::string_view text, size_t at);
std::string DescribeCharacter(std::string_view text, size_t at);

// What a quoted string of the language stands for. REQUIRES: the lexer accepted it.
std::string Unquote(std::string_view quoted);

}  // namespace firn::query
