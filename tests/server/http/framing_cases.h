// Requests that servers have read differently, and what each must come to: the classes of public
// smuggling and compliance probes, and our own. Each goes alone, behind a good request on the
// same connection, and byte by byte.
#pragma once

#include <string>
#include <vector>

namespace firn::server {

struct FramingCase {
  const char* name;
  std::string request;
  int status;
  bool closes;
};

inline std::string Get(const std::string& lines) {
  return "GET /echo HTTP/1.1\r\nHost: a\r\n" + lines;
}
inline std::string Post(const std::string& lines) {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + lines;
}
// A chunked request with this body, from the first chunk's size on.
inline std::string Chunks(const std::string& body) {
  return Post("Transfer-Encoding: chunked\r\n\r\n" + body);
}
// A body of "abc" under this Content-Length, from behind the colon.
inline std::string Length(const std::string& value) {
  return Post("Content-Length:" + value + "\r\n\r\nabc");
}
// An empty chunked body under these coding lines.
inline std::string Coding(const std::string& lines) { return Post(lines + "\r\n\r\n0\r\n\r\n"); }

inline std::vector<FramingCase> LengthCases() {
  return {
      {"plain_length", Length(" 3"), 200, false},
      {"length_without_space", Length("3"), 200, false},
      {"length_spaces", Length(" \t 3 \t "), 200, false},
      {"length_zeros", Length(" 003"), 200, false},
      {"lower_case_name", Post("content-length: 3\r\n\r\nabc"), 200, false},
      {"zero_length", Post("Content-Length: 0\r\n\r\n"), 200, false},
      {"two_lengths", Post("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400, true},
      {"two_equal_lengths", Post("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"), 400, true},
      {"two_lengths_apart", Post("Content-Length: 3\r\nX: y\r\ncontent-length: 0\r\n\r\nabc"), 400,
       true},
      {"length_list", Length(" 3, 3"), 400, true},
      {"length_list_differs", Length(" 3,0"), 400, true},
      {"length_words", Length(" 3 0"), 400, true},
      {"negative_length", Length(" -3"), 400, true},
      {"minus_zero_length", Length(" -0"), 400, true},
      {"plus_length", Length(" +3"), 400, true},
      {"hex_length", Length(" 0x3"), 400, true},
      {"octal_length", Length(" 0o3"), 400, true},
      {"underscore_length", Length(" 1_0"), 400, true},
      {"fraction_length", Length(" 3.0"), 400, true},
      {"exponent_length", Length(" 3e0"), 400, true},
      {"quoted_length", Length(" \"3\""), 400, true},
      {"length_and_text", Length(" 3abc"), 400, true},
      {"length_semicolon", Length(" 3;a"), 400, true},
      {"length_vertical_tab", Length(" \v3"), 400, true},
      {"length_form_feed", Length(" 3\f"), 400, true},
      {"length_wide_digit", Length(" \xef\xbc\x93"), 400, true},
      {"huge_length", Length(" 99999999999999999999"), 400, true},
      {"length_wraps_to_3", Length(" 18446744073709551619"), 400, true},
      {"length_wraps_32_bits", Length(" 4294967299"), 413, true},
      {"empty_length", Length(""), 400, true},
      {"blank_length", Length("  "), 400, true},
      {"length_space_before_colon", Post("Content-Length : 3\r\n\r\nabc"), 400, true},
      {"length_tab_before_colon", Post("Content-Length\t: 3\r\n\r\nabc"), 400, true},
      {"length_folded", Post("Content-Length:\r\n 3\r\n\r\nabc"), 400, true},
      {"length_underscore_name", Post("Content_Length: 3\r\n\r\n"), 200, false},
      {"length_of_a_get", Get("Content-Length: 3\r\n\r\nabc"), 200, false},
  };
}

inline std::vector<FramingCase> CodingCases() {
  return {
      {"chunked", Coding("Transfer-Encoding: chunked"), 200, false},
      {"chunked_capitals", Coding("transfer-ENCODING: CHUNKED"), 200, false},
      {"chunked_spaces", Coding("Transfer-Encoding: \t chunked \t"), 200, false},
      {"both_lengths", Coding("Content-Length: 3\r\nTransfer-Encoding: chunked"), 400, true},
      {"both_other_order", Coding("Transfer-Encoding: chunked\r\nContent-Length: 3"), 400, true},
      {"both_length_zero", Coding("Content-Length: 0\r\nTransfer-Encoding: chunked"), 400, true},
      {"both_coding_identity", Post("Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc"),
       501, true},
      {"identity", Coding("Transfer-Encoding: identity"), 501, true},
      {"unknown_coding", Coding("Transfer-Encoding: gzip"), 501, true},
      {"gzip_chunked", Coding("Transfer-Encoding: gzip, chunked"), 501, true},
      {"chunked_gzip", Coding("Transfer-Encoding: chunked, gzip"), 501, true},
      {"chunked_identity", Coding("Transfer-Encoding: chunked, identity"), 501, true},
      {"chunked_twice", Coding("Transfer-Encoding: chunked, chunked"), 501, true},
      {"chunked_empty_item", Coding("Transfer-Encoding: , chunked"), 501, true},
      {"chunked_comma_after", Coding("Transfer-Encoding: chunked,"), 501, true},
      {"chunked_quoted", Coding("Transfer-Encoding: \"chunked\""), 501, true},
      {"chunked_parameter", Coding("Transfer-Encoding: chunked;a=b"), 501, true},
      {"chunked_obscured", Coding("Transfer-Encoding: xchunked"), 501, true},
      {"chunked_cut", Coding("Transfer-Encoding: chunke"), 501, true},
      {"chunked_high_bit", Coding("Transfer-Encoding: chunked\xa0"), 501, true},
      {"chunked_vertical_tab", Coding("Transfer-Encoding: \vchunked"), 400, true},
      {"chunked_nul", Coding("Transfer-Encoding: chunked" + std::string(1, '\0')), 400, true},
      {"empty_coding", Coding("Transfer-Encoding:"), 501, true},
      {"two_codings", Coding("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400,
       true},
      {"two_codings_differ", Coding("Transfer-Encoding: chunked\r\nTransfer-encoding: identity"),
       501, true},
      {"coding_folded", Coding("Transfer-Encoding:\r\n chunked"), 400, true},
      {"coding_space_before_colon", Coding("Transfer-Encoding : chunked"), 400, true},
      {"coding_space_before_name", Coding(" Transfer-Encoding: chunked"), 400, true},
      {"coding_behind_bare_lf", Coding("X: y\nTransfer-Encoding: chunked"), 400, true},
      {"coding_behind_bare_cr", Coding("X: y\rTransfer-Encoding: chunked"), 400, true},
      {"coding_underscore_name", Post("Transfer_Encoding: chunked\r\n\r\n"), 200, false},
      {"chunked_http10",
       "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, true},
      {"chunked_get", Get("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), 200, false},
  };
}

inline std::vector<FramingCase> ChunkCases() {
  return {
      {"chunks", Chunks("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), 200, false},
      {"chunk_capital_hex", Chunks("A\r\n0123456789\r\n0\r\n\r\n"), 200, false},
      {"chunk_zeros", Chunks("0003\r\nabc\r\n000\r\n\r\n"), 200, false},
      {"chunk_extension", Chunks("3;a=b\r\nabc\r\n0;c\r\n\r\n"), 200, false},
      {"chunk_trailer", Chunks("3\r\nabc\r\n0\r\nX: y\r\n\r\n"), 200, false},
      {"bad_chunk_size", Chunks("zz\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"empty_chunk_size", Chunks("\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_0x", Chunks("0x3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_plus", Chunks("+3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_minus", Chunks("-3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_underscore", Chunks("0_3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_fraction", Chunks("3.0\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_space_before", Chunks(" 3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_comma", Chunks("3,3\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_overflow", Chunks("fffffffffffffffff\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_wraps_to_3", Chunks("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_longer_than_size", Chunks("2\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_shorter_than_size", Chunks("4\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_bare_lf", Chunks("3\nabc\n0\n\n"), 400, true},
      {"chunk_size_bare_lf", Chunks("3\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_end_bare_lf", Chunks("3\r\nabc\n0\r\n\r\n"), 400, true},
      {"chunk_end_bare_cr", Chunks("3\r\nabc\r0\r\n\r\n"), 400, true},
      {"chunk_extension_bare_lf", Chunks("3;a\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_extension_bare_cr", Chunks("3;a\rb\r\nabc\r\n0\r\n\r\n"), 400, true},
      {"chunk_extension_nul", Chunks("3;a" + std::string(1, '\0') + "\r\nabc\r\n0\r\n\r\n"), 400,
       true},
      {"chunk_last_bare_lf", Chunks("3\r\nabc\r\n0\n\n"), 400, true},
      {"chunk_trailer_bare_lf", Chunks("3\r\nabc\r\n0\r\nX: y\n\r\n"), 400, true},
      {"chunk_trailer_space", Chunks("3\r\nabc\r\n0\r\nX : y\r\n\r\n"), 400, true},
      {"chunk_trailer_without_colon", Chunks("3\r\nabc\r\n0\r\nGarbage\r\n\r\n"), 400, true},
  };
}

inline std::vector<FramingCase> HeadCases() {
  const std::string nul(1, '\0');
  return {
      {"plain", Get("\r\n"), 200, false},
      {"close", Get("Connection: close\r\n\r\n"), 200, true},
      {"close_in_list", Get("Connection: x, Close\r\n\r\n"), 200, true},
      {"http10", "GET /echo HTTP/1.0\r\n\r\n", 200, true},
      {"no_host", "GET /echo HTTP/1.1\r\n\r\n", 400, true},
      {"two_hosts", Get("Host: b\r\n\r\n"), 400, true},
      {"two_equal_hosts", Get("Host: a\r\n\r\n"), 400, true},
      {"bare_lf_line", "GET /echo HTTP/1.1\nHost: a\r\n\r\n", 400, true},
      {"bare_lf_header", Get("X: 1\nY: 2\r\n\r\n"), 400, true},
      {"bare_lf_end", "GET /echo HTTP/1.1\r\nHost: a\r\n\n", 400, true},
      {"bare_cr", Get("X: 1\rY: 2\r\n\r\n"), 400, true},
      {"bare_cr_line", "GET /echo HTTP/1.1\rHost: a\r\n\r\n", 400, true},
      {"two_cr", Get("X: 1\r\r\n\r\n"), 400, true},
      {"folded", Get("X: 1\r\n two\r\n\r\n"), 400, true},
      {"folded_by_tab", Get("X: 1\r\n\ttwo\r\n\r\n"), 400, true},
      {"folded_first", "GET /echo HTTP/1.1\r\n Host: a\r\n\r\n", 400, true},
      {"space_before_colon", Get("X : 3\r\n\r\n"), 400, true},
      {"space_in_name", Get("X Y: 3\r\n\r\n"), 400, true},
      {"name_with_nul", Get("X" + nul + ": 3\r\n\r\n"), 400, true},
      {"name_beyond_ascii", Get("\xc3\xb6: 3\r\n\r\n"), 400, true},
      {"name_with_bracket", Get("X(Y): 3\r\n\r\n"), 400, true},
      {"no_colon", Get("Garbage\r\n\r\n"), 400, true},
      {"empty_name", Get(": x\r\n\r\n"), 400, true},
      {"nul_in_value", Get("X: a" + nul + "b\r\n\r\n"), 400, true},
      {"escape_in_value", Get("X: a\x1b\r\n\r\n"), 400, true},
      {"delete_in_value", Get("X: a\x7f\r\n\r\n"), 400, true},
      {"two_spaces", "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"space_before_method", " GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"space_in_target", "GET /echo a HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"space_behind_version", "GET /echo HTTP/1.1 \r\nHost: a\r\n\r\n", 400, true},
      {"tab_separator", "GET\t/echo\tHTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"no_version", "GET /echo\r\nHost: a\r\n\r\n", 400, true},
      {"version_09", "GET /echo HTTP/0.9\r\nHost: a\r\n\r\n", 505, true},
      {"version_12", "GET /echo HTTP/1.2\r\nHost: a\r\n\r\n", 505, true},
      {"version_2", "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n", 505, true},
      {"version_lower_case", "GET /echo http/1.1\r\nHost: a\r\n\r\n", 505, true},
      {"version_cut", "GET /echo HTTP/1\r\nHost: a\r\n\r\n", 505, true},
      {"version_long", "GET /echo HTTP/1.10\r\nHost: a\r\n\r\n", 505, true},
      {"http2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, true},
      {"tls_hello", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 15), 400,
       true},
      {"absolute_form", "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"connect", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"asterisk", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"bad_escape", "GET /echo?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"cut_escape", "GET /echo?a=%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"nul_in_target", "GET /echo" + nul + " HTTP/1.1\r\nHost: a\r\n\r\n", 400, true},
      {"unknown_expectation", Post("Expect: tea\r\nContent-Length: 3\r\n\r\nabc"), 417, true},
      {"not_found", "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
      {"path_upwards", "GET /echo/../echo HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
      {"two_slashes", "GET //echo HTTP/1.1\r\nHost: a\r\n\r\n", 404, false},
      {"not_found_with_body", "POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
       404, true},
      {"wrong_method", "DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
      {"unknown_method", "BREW /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
      {"lower_case_method", "get /echo HTTP/1.1\r\nHost: a\r\n\r\n", 405, false},
      {"options", "OPTIONS /api/v1/query HTTP/1.1\r\nHost: a\r\n\r\n", 204, false},
      {"upgrade", Get("Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 200, false},
  };
}

inline std::vector<FramingCase> FramingCases() {
  std::vector<FramingCase> all;
  for (auto part : {HeadCases(), LengthCases(), CodingCases(), ChunkCases()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

}  // namespace firn::server
