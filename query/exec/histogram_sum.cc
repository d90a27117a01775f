#include "query/exec/histogram_sum.h"

namespace firn::query {

struct HistogramSum::State {};

HistogramSum::HistogramSum() = default;
HistogramSum::~HistogramSum() = default;
HistogramSum::HistogramSum(HistogramSum&&) noexcept = default;
HistogramSum& HistogramSum::operator=(HistogramSum&&) noexcept = default;

void HistogramSum::Add(const FloatHistogram&, NoteSink*) { incompatible_ = true; }
void HistogramSum::AddToMean(const FloatHistogram&, double, NoteSink*) { incompatible_ = true; }
HistogramPtr HistogramSum::Sum() const { return nullptr; }
HistogramPtr HistogramSum::Mean(double) const { return nullptr; }

}  // namespace firn::query
