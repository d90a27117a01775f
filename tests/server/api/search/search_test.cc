#include "server/api/search/name_match.h"
#include "tests/server/api/fixture.h"

namespace firn::server {
namespace {

TEST(NameMatchTest, MeasuresSimilarity) {
  // Values of the literature.
  EXPECT_NEAR(JaroWinkler("MARTHA", "MARHTA"), 0.9611, 1e-4);
  EXPECT_NEAR(JaroWinkler("DIXON", "DICKSONX"), 0.8133, 1e-4);
  EXPECT_NEAR(JaroWinkler("DWAYNE", "DUANE"), 0.84, 1e-4);
  EXPECT_EQ(JaroWinkler("abc", "abc"), 1);
  EXPECT_EQ(JaroWinkler("abc", "xyz"), 0);
  EXPECT_EQ(JaroWinkler("", "x"), 0);
  EXPECT_EQ(SubsequenceScore("abc", "abc"), 1);
  EXPECT_EQ(SubsequenceScore("ac", "abcd"), (2.0 / 3 + 0.5) / 2);
  EXPECT_EQ(SubsequenceScore("ca", "abc"), 0);
}

TEST(NameMatchTest, TakesTheBestTerm) {
  const NameMatcher exact({"up", "http"}, FuzzyAlgorithm::kSubsequence, 0, true);
  EXPECT_GT(exact.Score("http_requests"), 0);
  EXPECT_LT(exact.Score("h_t_t_p"), 0);
  EXPECT_LT(exact.Score("UP"), 0);
  const NameMatcher fuzzy({"HTTP"}, FuzzyAlgorithm::kSubsequence, 0.3, false);
  EXPECT_GT(fuzzy.Score("h_t_t_p"), 0);
  EXPECT_GE(fuzzy.Score("an_exceedingly_long_name_with_http_in_it"), 0.3);
  EXPECT_EQ(NameMatcher({}, FuzzyAlgorithm::kJaroWinkler, 0.9, true).Score("x"), 1);
}

class SearchTest : public ApiFixture {
 protected:
  SearchTest() {
    for (const char* name : {"http_requests_total", "http_errors_total", "up", "node_cpu"}) {
      store_.Add({{"__name__", name}, {"job", "a"}}, 900'000, 1);
    }
    store_.Add({{"__name__", "up"}, {"job", "b"}, {"zone", "z"}}, 900'000, 1);
    EXPECT_TRUE(store_.PutMetadata({{"up", "gauge", "Whether.", ""}}).ok());
  }
};

struct Case {
  const char* target;
  const char* body;
};

TEST_F(SearchTest, AnswersAsTheTableSays) {
  const Case kCases[] = {
      {"metric_names",
       "{\"results\":[{\"name\":\"http_errors_total\"},{\"name\":\"http_requests_total\"},"
       "{\"name\":\"node_cpu\"},{\"name\":\"up\"}]}\n{\"status\":\"success\",\"has_more\":false}"
       "\n"},
      {"metric_names?search[]=errors&search[]=cpu&sort_dir=dsc",
       "{\"results\":[{\"name\":\"node_cpu\"},{\"name\":\"http_errors_total\"}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"metric_names?search[]=UP&case_sensitive=false&include_metadata=true",
       "{\"results\":[{\"name\":\"up\",\"type\":\"gauge\",\"help\":\"Whether.\",\"unit\":\"\"}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"metric_names?limit=3&batch_size=2",
       "{\"results\":[{\"name\":\"http_errors_total\"},{\"name\":\"http_requests_total\"}]}\n"
       "{\"results\":[{\"name\":\"node_cpu\"}]}\n{\"status\":\"success\",\"has_more\":true}\n"},
      {"metric_names?search[]=htp_requests_totl&sort_by=score&fuzz_threshold=80&fuzz_alg="
       "jarowinkler&case_sensitive=false&limit=1",
       "{\"results\":[{\"name\":\"http_requests_total\"}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"metric_names?search[]=up&include_score=true",
       "{\"results\":[{\"name\":\"up\",\"score\":1}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"label_names?match[]=up%7Bjob=%22b%22%7D&search[]=o",
       "{\"results\":[{\"name\":\"job\"},{\"name\":\"zone\"}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"label_values?label=job",
       "{\"results\":[{\"value\":\"a\"},{\"value\":\"b\"}]}\n"
       "{\"status\":\"success\",\"has_more\":false}\n"},
      {"label_values?label=job&start=0&end=1", "{\"status\":\"success\",\"has_more\":false}\n"},
  };
  for (const Case& c : kCases) {
    const Reply reply = Get(std::string("/api/v1/search/") + c.target);
    EXPECT_EQ(reply.status, 200) << c.target;
    EXPECT_EQ(reply.body, c.body) << c.target;
    EXPECT_EQ(reply.content_type, "application/x-ndjson") << c.target;
  }
}

TEST_F(SearchTest, NamesTheBadParameter) {
  const Case kCases[] = {
      {"label_values", R"(invalid parameter \"label\": is required)"},
      {"metric_names?limit=10001", R"(invalid parameter \"limit\": must not exceed 10000)"},
      {"metric_names?fuzz_threshold=101", R"(invalid parameter \"fuzz_threshold\")"},
      {"metric_names?fuzz_alg=x", R"(invalid parameter \"fuzz_alg\": \"x\" is not one of)"},
      {"metric_names?sort_by=x", R"(invalid parameter \"sort_by\")"},
      {"metric_names?sort_by=score&sort_dir=asc", R"(invalid parameter \"sort_dir\")"},
      {"metric_names?case_sensitive=x", R"(invalid parameter \"case_sensitive\")"},
      {"metric_names?match[]=%7B", R"(invalid parameter \"match[]\")"},
      {"metric_names?start=2&end=1", R"(invalid parameter \"end\")"},
  };
  for (const Case& c : kCases) {
    const Reply reply = Get(std::string("/api/v1/search/") + c.target);
    EXPECT_EQ(reply.status, 400) << c.target;
    std::string plain = reply.body;
    EXPECT_NE(plain.find(c.body), std::string::npos) << reply.body;
  }
  std::string terms = "/api/v1/search/metric_names?";
  for (int i = 0; i < 33; ++i) terms += "search[]=x&";
  EXPECT_EQ(Get(terms).status, 400);
}

}  // namespace
}  // namespace firn::server
