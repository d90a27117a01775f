#include "bench/load/panels.h"

#include <fmt/core.h>

namespace firn::bench {
namespace {

std::string Escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '_' || c == '.' || c == '-';
    if (plain) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string Fill(std::string_view expression, std::string_view host) {
  constexpr std::string_view kVariable = "$host";
  std::string out;
  for (size_t at = 0; at < expression.size();) {
    const size_t next = expression.find(kVariable, at);
    out.append(expression.substr(at, next - at));
    if (next == std::string_view::npos) break;
    out.append(host);
    at = next + kVariable.size();
  }
  return out;
}

}  // namespace

const std::vector<Panel>& HostPanels() {
  static const std::vector<Panel> panels = {
      {"cpu busy",
       R"(100 - avg(rate(node_cpu_seconds_total{mode="idle",instance="$host"}[1m0s])) * 100)"},
      {"cpu by mode", R"(sum by (mode) (rate(node_cpu_seconds_total{instance="$host"}[1m0s])))"},
      {"load", R"({__name__=~"node_load1|node_load5|node_load15",instance="$host"})"},
      {"memory used",
       R"(node_memory_MemTotal_bytes{instance="$host"} - node_memory_MemAvailable_bytes{instance="$host"})"},
      {"memory share",
       R"(100 * (1 - node_memory_MemAvailable_bytes{instance="$host"} / node_memory_MemTotal_bytes{instance="$host"}))",
       true},
      {"network in",
       R"(rate(node_network_receive_bytes_total{instance="$host",device!="lo"}[1m0s]) * 8)"},
      {"network out",
       R"(rate(node_network_transmit_bytes_total{instance="$host",device!="lo"}[1m0s]) * 8)"},
      {"disk read", R"(rate(node_disk_read_bytes_total{instance="$host"}[1m0s]))"},
      {"disk written", R"(rate(node_disk_written_bytes_total{instance="$host"}[1m0s]))"},
      {"disk latency",
       R"(rate(node_disk_read_time_seconds_total{instance="$host"}[1m0s]) / rate(node_disk_reads_completed_total{instance="$host"}[1m0s]))"},
      {"filesystems",
       R"(100 - 100 * node_filesystem_avail_bytes{instance="$host"} / node_filesystem_size_bytes{instance="$host"})",
       true},
      {"uptime", R"(time() - node_boot_time_seconds{instance="$host"})", true},
  };
  return panels;
}

const std::vector<Panel>& FleetPanels() {
  static const std::vector<Panel> panels = {
      {"cpu by cluster", R"(sum by (cluster) (rate(node_cpu_seconds_total{mode!="idle"}[1m0s])))"},
      {"busiest hosts",
       R"(topk(5, 100 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m0s])) * 100))",
       true},
      {"load", R"(avg by (cluster) (node_load1))"},
      {"memory",
       R"(1 - sum by (cluster) (node_memory_MemAvailable_bytes) / sum by (cluster) (node_memory_MemTotal_bytes))"},
      {"network",
       R"(sum by (cluster) (rate(node_network_receive_bytes_total{device!="lo"}[1m0s])))"},
      {"network errors", R"(sum(increase(node_network_receive_errs_total[5m0s])))", true},
      {"requests", R"(sum by (handler) (rate(prometheus_http_requests_total[1m0s])))"},
      {"errors", R"(sum(rate(prometheus_http_requests_total{code=~"5.."}[5m0s])) or vector(0))"},
      {"p99",
       R"(histogram_quantile(0.99, sum by (le) (rate(prometheus_http_request_duration_seconds_bucket[5m0s]))))"},
      {"heap", R"(sum by (job) (go_memstats_heap_alloc_bytes))"},
      {"hosts", R"(count(node_load1))", true},
      {"full disks",
       R"((node_filesystem_avail_bytes * 100) / node_filesystem_size_bytes < 10 and on (instance, device, mountpoint) node_filesystem_readonly == 0)",
       true},
  };
  return panels;
}

PanelRequest RequestOf(const Panel& panel, std::string_view host, const PanelSpan& span) {
  const std::string query = Escape(Fill(panel.expression, host));
  if (panel.instant) {
    return {"/api/v1/query",
            fmt::format("query={}&time={:.3f}", query, static_cast<double>(span.end_ms) / 1000)};
  }
  const int64_t end = span.end_ms / span.step_ms * span.step_ms;
  const int64_t start = (span.end_ms - span.range_ms) / span.step_ms * span.step_ms;
  return {"/api/v1/query_range", fmt::format("query={}&start={}&end={}&step={}", query,
                                             start / 1000, end / 1000, span.step_ms / 1000)};
}

}  // namespace firn::bench
