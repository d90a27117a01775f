"""What is asked: a name, an expression and a span. Times are full seconds, at which no sample
of a spread load lies, so that closed and half-open windows hold the same samples."""
import collections
import urllib.parse

# span and step in seconds; span 0 is an instant query, -1 all of the data.
# heavy: too slow for the parallel clients. kin: why VictoriaMetrics may differ (check.py).
Query = collections.namedtuple("Query", "name expression span step heavy kin",
                               defaults=(0, 15, False, ""))

HOST = 'instance="host-0001.example.net:9100"'
EXPORTERS = [
    Query("one_instant", f"node_load1{{{HOST}}}"),
    Query("one_30m", f"node_load1{{{HOST}}}", 1800, kin="gaps"),
    Query("one_1h", f"node_memory_MemAvailable_bytes{{{HOST}}}", 3600, kin="gaps"),
    Query("one_rate_1h", f'rate(node_network_receive_bytes_total{{{HOST}}}[5m])', 3600, kin="rate"),
    Query("host_cpu_by_mode", f"sum by (mode) (rate(node_cpu_seconds_total{{{HOST}}}[1m]))", 1800,
          kin="rate"),
    Query("host_disk_latency", f"rate(node_disk_read_time_seconds_total{{{HOST}}}[1m]) / "
          f"rate(node_disk_reads_completed_total{{{HOST}}}[1m])", 1800, kin="rate"),
    Query("load_all", "node_load1"),
    Query("load_avg_30m", "avg(node_load1)", 1800, kin="gaps"),
    Query("load_max_by_cluster", "max by (cluster) (node_load5)", 1800, kin="gaps"),
    Query("cpu_by_instance_5m", "sum by (instance) (rate(node_cpu_seconds_total[5m]))", kin="rate"),
    Query("cpu_by_instance_30m", "sum by (instance) (rate(node_cpu_seconds_total[5m]))", 1800, 60,
          kin="rate"),
    Query("cpu_busy_percent", '100 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}'
          "[5m])) * 100", 1800, 60, kin="rate"),
    Query("cpu_by_mode_1h", "sum by (mode) (rate(node_cpu_seconds_total[1m]))", 3600, 60,
          kin="rate"),
    Query("steal_1h", 'min without (cpu) (rate(node_cpu_seconds_total{mode="steal"}[30m]))',
          kin="rate"),
    Query("context_switches", "rate(node_context_switches_total[15m]) / "
          "rate(node_context_switches_total[30m] offset 5m) > 0.1", kin="rate"),
    Query("network_errors", "increase(node_network_receive_errs_total[2m]) > 0", kin="rate"),
    Query("network_sum_30m", "sum(rate(node_network_receive_bytes_total[2m]))", 1800, 30,
          kin="rate"),
    Query("network_topk", "topk(5, rate(node_network_transmit_bytes_total[5m]))", kin="rate"),
    Query("memory_ratio", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes * 100"),
    Query("memory_ratio_30m", "1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes",
          1800, 60, kin="gaps"),
    Query("disk_full_soon", "predict_linear(node_filesystem_free_bytes[10m], 86400) < 0"),
    Query("filesystem_join", "(node_filesystem_avail_bytes * 100) / node_filesystem_size_bytes < 10"
          " and on (instance, device, mountpoint) node_filesystem_readonly == 0"),
    Query("inodes", "node_filesystem_files_free / node_filesystem_files * 100 < 10"),
    Query("deriv_5m", "deriv(node_memory_Active_bytes[5m])"),
    Query("changes_30m", "changes(node_boot_time_seconds[30m])", kin="window"),
    Query("resets_30m", "resets(process_cpu_seconds_total[30m])", kin="window"),
    Query("max_over_time_30m", "max_over_time(node_load1[10m])", 1800, 60, kin="names"),
    Query("avg_over_time_30m", "avg_over_time(node_memory_MemFree_bytes[10m])", 1800, 60,
          kin="names"),
    Query("quantile_over_time", "quantile_over_time(0.9, node_load1[20m])", kin="names"),
    Query("stddev_over_time", "stddev_over_time(node_load1[20m])"),
    Query("count_over_time", "sum(count_over_time(node_cpu_seconds_total[20m]))"),
    Query("subquery", "max_over_time(sum(rate(node_cpu_seconds_total[1m]))[15m:1m])", kin="rate"),
    Query("quantile_across", "quantile(0.95, go_goroutines)"),
    Query("count_by_job", 'count by (job) ({__name__=~"go_.*"})'),
    Query("regex_names", '{__name__=~"node_(load1|load5|load15)"}'),
    Query("regex_instances", 'sum(rate(node_cpu_seconds_total{instance=~"host-00[0-4].*"}[5m]))',
          1800, 60, kin="rate"),
    Query("regex_negative", 'count(node_cpu_seconds_total{mode!~"idle|user",cluster!="eu-0"})'),
    Query("go_memory_by_job", "sum by (job) (go_memstats_heap_alloc_bytes)", 1800, 30, kin="gaps"),
    Query("gc_rate", "sum by (job) (rate(go_gc_duration_seconds_sum[5m])) / "
          "sum by (job) (rate(go_gc_duration_seconds_count[5m]))", kin="rate"),
    Query("http_rate_by_handler", "sum by (handler) (rate(prometheus_http_requests_total[5m]))",
          1800, 30, kin="rate"),
    Query("http_p99", "histogram_quantile(0.99, sum by (le) (rate("
          "prometheus_http_request_duration_seconds_bucket[5m])))", 1800, 60, kin="rate"),
    Query("http_p90_by_handler", "histogram_quantile(0.9, sum by (le, handler) (rate("
          "prometheus_http_request_duration_seconds_bucket[5m])))", kin="rate"),
    Query("label_replace", 'sum by (host) (label_replace(node_load1, "host", "$1", "instance", '
          '"([^.]+).*"))'),
    Query("absent", 'absent(node_load1{job="nobody"})'),
    Query("or_unless", "node_load1 > 1 or node_load5 unless node_load15 > 100"),
    Query("sort_desc", "sort_desc(process_resident_memory_bytes)"),
    Query("count_everything", 'count({__name__!=""})', heavy=True, kin="nan"),
    Query("top_metrics", 'topk(10, count by (__name__) ({job="node"}))', heavy=True, kin="ties"),
    Query("multi_name_sum", 'sum by (job) ({__name__=~"process_.*"})', 1800, 60, kin="gaps"),
]

HISTOGRAMS = [
    Query("h_p99_all", "histogram_quantile(0.99, sum by (le) (rate("
          "http_request_duration_seconds_bucket[5m])))", 3600, 60, True, "rate"),
    Query("h_p90_by_handler", "histogram_quantile(0.9, sum by (le, handler) (rate("
          "http_request_duration_seconds_bucket[5m])))", 3600, 60, True, "rate"),
    Query("h_p99_instant", "histogram_quantile(0.99, sum by (le) (rate("
          "http_request_duration_seconds_bucket[5m])))", kin="rate"),
    Query("h_p50_job", 'histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_'
          'bucket{job="shop-1"}[5m])))', 1800, 30, kin="rate"),
    Query("h_p99_one_instance", 'histogram_quantile(0.99, sum by (le, handler) (rate('
          'http_request_duration_seconds_bucket{instance="10.1.0.3:8080"}[5m])))', 1800, 15,
          kin="rate"),
    Query("h_raw_quantile", 'histogram_quantile(0.9, rate(http_request_duration_seconds_bucket'
          '{code="500",instance="10.1.0.1:8080"}[5m]))', 1800, 60, kin="rate"),
    Query("h_mean_by_handler", "sum by (handler) (rate(http_request_duration_seconds_sum[5m])) / "
          "sum by (handler) (rate(http_request_duration_seconds_count[5m]))", 1800, 30,
          kin="rate"),
    Query("h_errors", 'sum(rate(http_request_duration_seconds_count{code=~"5.."}[5m])) / '
          "sum(rate(http_request_duration_seconds_count[5m]))", 1800, 30, kin="rate"),
    Query("h_rate_by_job", "sum by (job) (rate(http_request_duration_seconds_count[1m]))", 1800, 15,
          kin="rate"),
    Query("h_slo", 'sum(rate(http_request_duration_seconds_bucket{le="0.25"}[5m])) / '
          "sum(rate(http_request_duration_seconds_count[5m]))", 1800, 30, kin="rate"),
    Query("h_heatmap", "sum by (le) (increase(http_request_duration_seconds_bucket[1m]))", 1800, 60,
          True, "rate"),
    Query("h_count_buckets", "count(http_request_duration_seconds_bucket)"),
]

FIELDS = ("user", "system", "idle", "nice", "iowait", "irq", "softirq", "steal", "guest",
          "guest_nice")
EIGHT = "host_1|host_2|host_3|host_5|host_8|host_13|host_21|host_34"


def by_field(outer, inner, count, hosts, window, by=""):
    """One aggregate per metric: functions drop the metric's name, so it becomes a label."""
    matcher = f'{{hostname=~"{hosts}"}}' if hosts else ""
    return " or ".join(
        f'label_replace({outer}{by} ({inner}(cpu_usage_{f}{matcher}[{window}])), "field", "{f}", '
        '"", "")' for f in FIELDS[:count])


def tsbs(name, outer, inner, count, hosts, window, step, by=""):
    return Query(name, by_field(outer, inner, count, hosts, window, by), 3600, step, kin="gaps")


HOSTS_BY = " by (hostname)"
TSBS = [
    tsbs("single_groupby_1_1_1", "max", "max_over_time", 1, "host_7", "1m", 60),
    tsbs("single_groupby_1_8_1", "max", "max_over_time", 1, EIGHT, "1m", 60),
    tsbs("single_groupby_5_1_1", "max", "max_over_time", 5, "host_7", "1m", 60),
    tsbs("single_groupby_5_8_1", "max", "max_over_time", 5, EIGHT, "1m", 60),
    tsbs("double_groupby_1", "avg", "avg_over_time", 1, "", "10m", 600, HOSTS_BY),
    tsbs("double_groupby_5", "avg", "avg_over_time", 5, "", "10m", 600, HOSTS_BY),
    tsbs("double_groupby_all", "avg", "avg_over_time", 10, "", "10m", 600, HOSTS_BY),
    tsbs("cpu_max_all_1", "max", "max_over_time", 10, "host_7", "10m", 600),
    tsbs("cpu_max_all_8", "max", "max_over_time", 10, EIGHT, "10m", 600),
    Query("high_cpu_all", "cpu_usage_user > 90"),
    Query("lastpoint", '{__name__=~"cpu_.*"}'),
    Query("disk_by_region", "avg by (region) (disk_used_percent)", 1800, 60, kin="gaps"),
]

DAY = 86400
REQUESTS = "http_request_duration_seconds"
YEAR = [
    Query("y_p99", f"histogram_quantile(0.99, sum by (le) (rate({REQUESTS}_bucket[1d])))", -1, DAY,
          kin="rate"),
    Query("y_p90_by_handler", "histogram_quantile(0.9, sum by (le, handler) (rate("
          f"{REQUESTS}_bucket[6h])))", -1, 21600, kin="rate"),
    Query("y_heatmap", f"sum by (le) (increase({REQUESTS}_bucket[1d]))", -1, DAY, kin="rate"),
    Query("y_count", f"sum(count_over_time({REQUESTS}_bucket[1d]))", -1, DAY, kin="window"),
    Query("y_max_by_handler", f"max by (handler) (max_over_time({REQUESTS}_bucket[1d]))", -1, DAY,
          kin="gaps"),
    Query("y_rate_by_job", f"sum by (job) (rate({REQUESTS}_count[6h]))", -1, 21600, kin="rate"),
    Query("y_mean_by_handler", f"sum by (handler) (rate({REQUESTS}_sum[1d])) / "
          f"sum by (handler) (rate({REQUESTS}_count[1d]))", -1, DAY, kin="rate"),
    Query("y_errors", f'sum(rate({REQUESTS}_count{{code="500"}}[1d])) / '
          f"sum(rate({REQUESTS}_count[1d]))", -1, DAY, kin="rate"),
    Query("y_one_instance", f'sum by (le) (rate({REQUESTS}_bucket{{instance="10.1.0.1:8080"}}'
          "[1d]))", -1, DAY, kin="rate"),
]

SETS = {"exporters": EXPORTERS, "histograms": HISTOGRAMS, "tsbs": TSBS, "year": YEAR}


def question(query, begin, end, extra):
    """Path and form of a query over data of [begin, end), in seconds."""
    form = {"query": query.expression, **extra}
    if query.span == 0:
        form["time"] = end
        return "/api/v1/query", form
    if query.span < 0:
        # As Grafana does: both ends are multiples of the step.
        end -= end % query.step
    span = end - begin if query.span < 0 else min(query.span, end - begin)
    span -= span % query.step
    form.update(start=end - span, end=end, step=query.step)
    return "/api/v1/query_range", form


def lines(questions):
    """As firn_ask reads them."""
    return "".join(f"{path} {urllib.parse.urlencode(form)}\n" for path, form in questions)
