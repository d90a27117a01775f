// Runs a fuzz target, without libFuzzer, over a folder of inputs: each one as it is, cut short,
// with changed bytes, and joined with another one. The same mutations in every run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kMutationsPerInput = 100;

void RunOne(const std::string& input) {
  // A copy of its own length, so that sanitizers see reads beyond it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string Mutate(const std::vector<std::string>& inputs, size_t i, std::mt19937_64* random) {
  const auto below = [&](size_t n) { return n == 0 ? 0 : static_cast<size_t>((*random)() % n); };
  std::string text = inputs[i];
  const std::string& other = inputs[below(inputs.size())];
  switch (below(4)) {
    case 0:
      text.resize(below(text.size()));
      break;
    case 1:
      for (size_t n = 1 + below(3); n > 0 && !text.empty(); --n) {
        text[below(text.size())] = static_cast<char>(below(256));
      }
      break;
    case 2:
      text.erase(below(text.size()), 1 + below(8));
      break;
    default:
      text.insert(below(text.size()), other.substr(below(other.size()), 1 + below(24)));
      break;
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], error)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (error || inputs.empty()) {
    std::fprintf(stderr, "no inputs in %s\n", argv[1]);
    return 2;
  }
  std::mt19937_64 random(1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    RunOne(inputs[i]);
    for (size_t k = 0; k < kMutationsPerInput; ++k) {
      const std::string text = Mutate(inputs, i, &random);
      RunOne(text);
    }
  }
  std::printf("%zu inputs, %zu mutations\n", inputs.size(), inputs.size() * kMutationsPerInput);
  return 0;
}
