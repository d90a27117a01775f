// Series of every kind that a bucket tells apart.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "base/sample.h"
#include "base/time.h"

namespace firn::engine {

struct Series {
  std::vector<TimestampMs> t;
  std::vector<double> v;
};

// A day of scrapes; `next` makes a value of the one before.
inline Series Scrape(uint32_t seed, const std::function<double(std::mt19937&, double)>& next) {
  std::mt19937 random(seed);
  Series s;
  double v = 0;
  for (TimestampMs t = 1700000003000; s.t.size() < 5760; t += 15000) {
    v = next(random, v);
    s.t.push_back(t + static_cast<TimestampMs>(random() % 3));
    s.v.push_back(v);
  }
  return s;
}

using Next = std::function<double(std::mt19937&, double)>;

inline const std::pair<const char*, Next> kShapes[] = {
    {"constant", [](std::mt19937&, double) { return 3.25; }},
    {"counter", [](std::mt19937& r, double v) { return v + static_cast<double>(r() % 9); }},
    {"resets", [](std::mt19937& r,
                  double v) { return r() % 90 == 0 ? 0 : v + static_cast<double>(r() % 9) / 10; }},
    {"gauge", [](std::mt19937& r, double) { return static_cast<double>(r() % 9000) / 100; }},
    {"negative", [](std::mt19937& r, double) { return -static_cast<double>(r() % 900); }},
    {"noise", [](std::mt19937& r, double) { return std::sin(static_cast<double>(r())); }},
    {"large", [](std::mt19937& r, double) { return static_cast<double>(r()) * 1e13; }},
    {"nan",
     [](std::mt19937& r, double) { return r() % 3 == 0 ? NormalNan() : static_cast<double>(r()); }},
    {"stale",
     [](std::mt19937& r, double v) {
       return r() % 5 == 0 ? StaleNan() : std::isnan(v) ? 0 : v + static_cast<double>(r() % 4);
     }},
    {"zeros", [](std::mt19937& r, double) { return r() % 2 == 0 ? 0.0 : -0.0; }},
    {"infinite",
     [](std::mt19937& r, double) { return r() % 9 == 0 ? HUGE_VAL : static_cast<double>(r()); }}};

}  // namespace firn::engine
