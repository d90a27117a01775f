// Queries made to take a server down: each ends soon, by an answer or by a limit.
#include <time.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/query/exec/counters.h"

namespace firn::query {
namespace {

std::string Repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string Join(const std::string& item, const std::string& between, size_t times) {
  return item + Repeat(between + item, times - 1);
}

// Texts that only the parser sees.
std::vector<std::string> DeepTexts() {
  std::vector<std::string> out;
  for (const size_t n : {150, 1000, 10'000, 32'000, 100'000}) {
    out.push_back(Repeat("(", n) + "1" + Repeat(")", n));
    out.push_back(Repeat("(", n));
    out.push_back(Repeat("-", n) + "1");
    out.push_back(Join("1", "^", n));
    out.push_back(Join("1", "+", n));
    out.push_back(Repeat("abs(", n) + "m_total" + Repeat(")", n));
    out.push_back(Repeat("sum by (a) (", n) + "m_total" + Repeat(")", n));
    out.push_back("m_total" + Repeat("[5m:1m]", n));
    out.push_back("m_total[" + Repeat("(", n) + "5m" + Repeat(")", n) + "]");
    out.push_back("m_total[" + Join("5m", "+", n) + "]");
    out.push_back("m_total offset " + Repeat("-", n) + "5m");
    out.push_back("{" + Join("a=\"b\"", ",", n) + "}");
    out.push_back("sum by (" + Join("a", ",", n) + ") (m_total)");
    out.push_back("\"" + Repeat("a", n) + "\"");
    out.push_back(Repeat("# comment\n", n) + "1");
  }
  return out;
}

std::vector<std::string> LongChains() {
  std::vector<std::string> out;
  for (const size_t n : {100, 900, 10'000}) {
    for (const char* op : {" or ", " and ", " unless ", " + ", " or on (job) "}) {
      out.push_back(Join("sum(m_total)", op, n));
    }
    std::string different = "m_total{instance=\"0\"}";
    for (size_t i = 1; i < n; ++i)
      different += " or m_total{instance=\"" + std::to_string(i) + "\"}";
    out.push_back(different);
  }
  return out;
}

std::vector<std::string> Patterns() {
  std::vector<std::string> out = {"{__name__=~\".+\"}", "{__name__=~\".*\",job=~\".+\"}",
                                  "count({__name__!=\"\"}) by (instance)"};
  for (const size_t n : {1000, 5000, 100'000}) {
    std::string set = "v0";
    for (size_t i = 1; i < n; ++i) set += "|v" + std::to_string(i);
    out.push_back("m_total{instance=~\"" + set + "\"}");
    out.push_back("m_total{instance!~\"" + set + "\"}");
    out.push_back("m_total{instance=~\"" + Repeat("(a*)*", n / 10) + "\"}");
    out.push_back("m_total{instance=~\"" + Repeat(".*", n / 10) + "x\"}");
  }
  out.push_back("m_total{instance=~\"((a{1,100}){1,100}){1,100}\"}");
  out.push_back("m_total{instance=~\"(x{0,1000}){0,1000}\"}");
  return out;
}

std::vector<std::string> Towers() {
  std::vector<std::string> out;
  for (const char* span : {"1h:1s", "100d:1s", "10y:1ms", "100y:1ms"}) {
    for (const size_t n : {1, 3, 50}) {
      for (const char* inner : {"m_total", "vector(time())", "nothing"}) {
        std::string text = inner;
        for (size_t i = 0; i < n; ++i) text = "max_over_time(" + text + "[" + span + "])";
        out.push_back(text);
      }
    }
    out.push_back("sum(rate(m_total[" + std::string(span, 4) + "ms])[" + span + "])");
  }
  for (const char* text : {"quantile_over_time(0.5, m_total[100y])", "m_total[200y]",
                           "absent_over_time(nothing[200y:1ms])", "rate(m_total[1000000000])"}) {
    out.emplace_back(text);
  }
  return out;
}

std::vector<std::string> Joins() {
  return {
      "m_total * on () m_total",
      "m_total * on () group_left () m_total",
      "m_total * on (job) group_right () m_total",
      "m_total / ignoring (instance) group_left (instance) m_total",
      "count_values(\"v\", m_total)",
      "count_values(\"v\", m_total) by (instance)",
      "topk(1e18, m_total)",
      "topk by (instance) (100000, m_total)",
      "quantile(0.5, m_total) by (instance)",
      "label_replace(m_total, \"job\", \"x\", \"\", \"\")",
      Repeat("label_replace(", 100) + "m_total" +
          Repeat(", \"job\", \"$1$1$1$1\", \"job\", \"(.*)\")", 100),
      Repeat("label_join(", 100) + "m_total" + Repeat(", \"a\", \"\", \"a\", \"job\", \"a\")", 100),
      "sort_desc(m_total)",
      "absent(m_total{instance=~\".+\"})",
      "stddev(m_total) by (instance) or stdvar(m_total) by (job)",
      "histogram_quantile(0.9, m_total)"};
}

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class DeadlyQueryTest : public ::testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "twenty times as slow with the thread sanitizer, and on one thread anyway";
#endif
  }

  // Asked as the server would ask: of 100 series, 11,000 steps where that makes sense.
  void ExpectQuickEnds(const std::vector<std::string>& queries) {
    EngineOptions options;
    options.memory_max = 64 << 20;
    options.series_max = 1'000'000;
    // Work that is honest but long ends here; that costs CPU time as anything else does.
    options.timeout = 200;
    for (const std::string& text : queries) {
      for (const bool range : {false, true}) {
        const QueryRequest request = range ? Range(text, 11'000 * 300, 300) : Instant(text);
        const double begin = CpuSeconds();
        const auto result = RunQuery(options, request, store_);
        const double seconds = CpuSeconds() - begin;
        EXPECT_LT(seconds, kSecondsMax)
            << text.substr(0, 200) << ": " << result.status().ToString().substr(0, 200);
        answered_ += result.ok() ? 1 : 0;
        refused_ += result.ok() ? 0 : 1;
      }
    }
    RecordProperty("answered", answered_);
    RecordProperty("refused", refused_);
  }

  // What is to be found takes minutes or all memory; a slow and busy machine may need more than one
  // second.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr double kSecondsMax = 20;
#else
  static constexpr double kSecondsMax = 3;
#endif
  const firn::testing::MemoryStore store_ = MakeStore(100);
  int answered_ = 0;
  int refused_ = 0;
};

TEST_F(DeadlyQueryTest, DeepTexts) {
  ExpectQuickEnds(DeepTexts());
  EXPECT_GT(refused_, 2 * answered_);
}
TEST_F(DeadlyQueryTest, LongChains) { ExpectQuickEnds(LongChains()); }
TEST_F(DeadlyQueryTest, Patterns) { ExpectQuickEnds(Patterns()); }
TEST_F(DeadlyQueryTest, SubqueryTowers) { ExpectQuickEnds(Towers()); }
TEST_F(DeadlyQueryTest, Joins) { ExpectQuickEnds(Joins()); }

}  // namespace
}  // namespace firn::query
