#include "engine/db/exemplar_buffer.h"
#include "tests/engine/db/fixture.h"

namespace firn::engine {
namespace {

Labels Series(const char* instance) {
  return Labels::FromPairs({{"__name__", "m"}, {"instance", instance}});
}

NewExemplar Make(const char* instance, TimestampMs t, double v, std::string trace = "x") {
  return {Series(instance), {Labels::FromPairs({{"trace", std::move(trace)}}), t, v}};
}

class ExemplarTest : public DatabaseFixture {
 protected:
  ExemplarTest() { options_.exemplars_max = 4; }

  // One letter for each: o stored or known, r out of order, i invalid.
  std::string Append(const std::vector<NewExemplar>& batch) {
    const auto statuses = db_->AppendExemplars(batch);
    if (!statuses.ok()) return statuses.status().ToString();
    std::string out;
    for (const Status& status : *statuses) {
      out.push_back(status.ok()                                       ? 'o'
                    : status.code() == StatusCode::kOutOfOrder        ? 'r'
                    : status.code() == StatusCode::kResourceExhausted ? 'x'
                                                                      : 'i');
    }
    return out;
  }
  // "a 1 2; b 3": instances and the times of their exemplars.
  std::string Kept(const TimeRange& range = {}, const char* match = ".*") {
    const Matchers matchers = {*Matcher::Create(MatchType::kRegex, "instance", match)};
    std::string out;
    for (const SeriesExemplars& series : db_->SelectExemplars(range, {matchers})) {
      if (!out.empty()) out += "; ";
      out += series.series.Get("instance");
      for (const Exemplar& exemplar : series.exemplars) out += fmt::format(" {}", exemplar.t);
    }
    return out;
  }
};

TEST_F(ExemplarTest, SurvivesARestart) {
  Open();
  EXPECT_EQ(Append({Make("b", 1, 1), Make("a", 2, 1), Make("b", 3, 1)}), "ooo");
  Open();
  EXPECT_EQ(Kept(), "a 2; b 1 3");
  EXPECT_EQ(Append({Make("b", 2, 1), Make("a", 4, 1)}), "ro");
  Open();
  EXPECT_EQ(Kept(), "a 2 4; b 1 3");
}

TEST_F(ExemplarTest, KeepsTheNewest) {
  Open();
  EXPECT_EQ(Append({Make("a", 1, 1), Make("b", 1, 1), Make("b", 2, 1)}), "ooo");
  EXPECT_EQ(Append({Make("c", 1, 1), Make("c", 2, 1), Make("c", 3, 1)}), "ooo");
  EXPECT_EQ(Kept(), "b 2; c 1 2 3");
  Open();
  EXPECT_EQ(Kept(), "b 2; c 1 2 3");
  EXPECT_EQ(Append({Make("d", 1, 1), Make("d", 2, 1), Make("d", 3, 1), Make("d", 4, 1),
                    Make("d", 5, 1), Make("d", 6, 1)}),
            "oooooo");
  EXPECT_EQ(Kept(), "d 3 4 5 6");
  Open();
  EXPECT_EQ(Kept(), "d 3 4 5 6");
  options_.exemplars_max = 2;
  Open();
  EXPECT_EQ(Kept(), "d 5 6");
  options_.exemplars_max = 4;
  Open();
  EXPECT_EQ(Kept(), "d 5 6");
  EXPECT_EQ(Append({Make("d", 7, 1)}), "o");
  Open();
  EXPECT_EQ(Kept(), "d 5 6 7");
}

TEST_F(ExemplarTest, KeepsTheOrderOfASeries) {
  Open();
  // The same again is accepted and not stored twice.
  EXPECT_EQ(Append({Make("a", 5, 2), Make("a", 5, 2), Make("a", 4, 3), Make("a", 5, 1)}), "oorr");
  EXPECT_EQ(Append({Make("a", 5, 2), Make("a", 5, 3)}), "oo");
  EXPECT_EQ(Kept(), "a 5 5");
}

TEST_F(ExemplarTest, ChecksLabels) {
  Open();
  NewExemplar nameless = Make("a", 1, 1);
  nameless.series = Labels::FromPairs({{"instance", "a"}});
  EXPECT_EQ(Append({nameless, Make("a", 1, 1, std::string(123, 'x')),
                    Make("a", 2, 1, std::string(124, 'x')), Make("a", 3, 1, "\xff")}),
            "ioii");
  std::string runes;
  for (int i = 0; i < 123; ++i) runes += "ü";
  EXPECT_EQ(Append({Make("a", 4, 1, runes)}), "o");
}

TEST_F(ExemplarTest, SelectsByTimeAndSeries) {
  Open();
  Append({Make("a", 1, 1), Make("a", 2, 1), Make("b", 2, 1), Make("b", 3, 1)});
  EXPECT_EQ(Kept({2, 2}), "a 2; b 2");
  EXPECT_EQ(Kept({}, "b"), "b 2 3");
  EXPECT_EQ(Kept({4, 9}), "");
  EXPECT_TRUE(db_->SelectExemplars({}, {}).empty());
}

TEST_F(ExemplarTest, KeepsNoneIfToldSo) {
  options_.exemplars_max = 0;
  Open();
  EXPECT_EQ(Append({Make("a", 1, 1)}), "x");
  EXPECT_EQ(Kept(), "");
}

TEST(ExemplarRecordTest, ReadsBackWhatItWrote) {
  const NewExemplar added = Make("a", -5, 0.25, "t");
  const std::string bytes = EncodeExemplar(added);
  const auto read = DecodeExemplar(bytes);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->series, added.series);
  EXPECT_EQ(read->exemplar.labels, added.exemplar.labels);
  EXPECT_EQ(read->exemplar.t, -5);
  EXPECT_EQ(read->exemplar.v, 0.25);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(DecodeExemplar(bytes.substr(0, n)).status().code(), StatusCode::kCorruption) << n;
  }
  EXPECT_FALSE(DecodeExemplar(bytes + "x").ok());
}

}  // namespace
}  // namespace firn::engine
