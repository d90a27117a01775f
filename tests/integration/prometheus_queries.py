"""Queries whose meaning is the same in Prometheus 2.42 and 3.x.

They look at Prometheus', node_exporter's and Firn's own metrics. Left out is what differs by
version (renamed functions) or by chance (ties in topk). A subquery evaluates at whole
seconds, whatever the query's time; OFFSET moves its windows off the scraped timestamps.
"""

HTTP = "prometheus_http_request_duration_seconds"
APPEND = "prometheus_tsdb_compaction_chunk_samples"
SCRAPE = "prometheus_target_interval_length_seconds"

INSTANT = [
    'up',
    'up{job=~"node|fi.*"} == 1',
    'rate(prometheus_tsdb_head_samples_appended_total[20s])',
    'increase(prometheus_http_requests_total{code="200"}[45s])',
    'irate(node_cpu_seconds_total{mode="idle"}[5s])',
    'sum by (job) (rate(process_cpu_seconds_total[30s]))',
    'avg by (mode) (rate(node_cpu_seconds_total[15s]))',
    'topk(3, node_memory_MemTotal_bytes or node_memory_MemAvailable_bytes'
    ' or node_memory_SwapTotal_bytes + 1)',
    'bottomk(1, scrape_samples_scraped)',
    'max by (instance) (scrape_duration_seconds)',
    f'histogram_quantile(0.9, sum by (le, handler) (rate({HTTP}_bucket[30s])))',
    f'histogram_quantile(0.5, {APPEND}_bucket)',
    f'sum(rate({HTTP}_sum[40s])) / sum(rate({HTTP}_count[40s]))',
    'label_replace(up, "port", "$1", "instance", ".*:(\\\\d+)")',
    'label_join(node_uname_info, "all", "/", "sysname", "machine")',
    'absent(up{job="nothing",instance="x"})',
    'absent(up)',
    'absent_over_time(up{job="nothing"}[30s])',
    'count by (__name__) ({__name__=~"prometheus_tsdb_.*",job="prometheus"})',
    'count({__name__=~".+"}) without (le, handler, code)',
    'quantile(0.75, scrape_duration_seconds)',
    'stddev(node_cpu_seconds_total)',
    'count_values("samples", scrape_samples_scraped)',
    'group by (job) (process_start_time_seconds)',
    'sort_desc(scrape_samples_scraped)',
    'sort(rate(node_cpu_seconds_total{cpu="0"}[30s]) > 0)',
    'up * on (job, instance) group_left (version) prometheus_build_info',
    'node_memory_MemAvailable_bytes / on (instance) node_memory_MemTotal_bytes',
    'node_cpu_seconds_total{mode="user"} > bool ignoring (mode)'
    ' node_cpu_seconds_total{mode="system"}',
    'process_open_fds and on (job) up{job="prometheus"}',
    'up unless on (job) up{job="node"}',
    'node_filesystem_size_bytes - node_filesystem_free_bytes > 0',
    'timestamp(up)',
    'time() - process_start_time_seconds',
    'scalar(sum(up)) + 1',
    'vector(time()) % 60',
    'clamp(node_load1, 0.5, 0.75)',
    'round(process_resident_memory_bytes / 1024 ^ 2, 0.25)',
    '-node_load5 ^ 2',
    'up[20s]',
    '{job="firn",__name__=~"firn_.*"}[10s] offset 5s',
    'last_over_time(node_load1[10s])',
    'predict_linear(process_virtual_memory_bytes[30s], 60)',
    'rate(prometheus_tsdb_head_samples_appended_total[10s] offset 12s)',
    'process_resident_memory_bytes @ {EARLIER}',
    'rate(process_cpu_seconds_total[20s] @ {EARLIER} offset 3s)',
    'max_over_time(rate(prometheus_tsdb_head_samples_appended_total[10s] OFFSET)[20s:2s])',
    'count_over_time(up[40s:3s])',
    'hour() + minute() / 60',
    'changes(process_start_time_seconds[45s]) + resets(process_cpu_seconds_total[45s])',
]

# Expression and step.
RANGE = [
    ('up', '1s'),
    ('rate(node_cpu_seconds_total[10s])', '3s'),
    ('sum by (job, instance) (rate(process_cpu_seconds_total[15s]))', '2s'),
    ('increase(prometheus_tsdb_head_samples_appended_total[20s])', '5s'),
    ('delta(process_resident_memory_bytes[20s])', '4s'),
    ('idelta(process_resident_memory_bytes[5s])', '1s'),
    ('deriv(node_memory_MemFree_bytes[20s])', '3s'),
    (f'histogram_quantile(0.99, sum by (le) (rate({HTTP}_bucket[20s])))', '2s'),
    ('histogram_quantile(0.5, sum by (le, job) (rate({__name__=~"firn_http_.*_seconds_bucket"}'
     '[15s])))', '5s'),
    (f'{SCRAPE}{{quantile="0.99"}}', '500ms'),
    ('avg_over_time(scrape_duration_seconds[10s])', '2s'),
    ('min_over_time(process_resident_memory_bytes[10s])', '2s'),
    ('max_over_time(process_resident_memory_bytes[10s])', '2s'),
    ('sum_over_time(up[15s])', '3s'),
    ('count_over_time(node_load1[15s])', '250ms'),
    ('quantile_over_time(0.3, scrape_duration_seconds[12s])', '3s'),
    ('stddev_over_time(scrape_duration_seconds[15s])', '3s'),
    ('stdvar_over_time(scrape_duration_seconds[15s])', '3s'),
    ('present_over_time(up[5s])', '7s'),
    ('topk(2, rate(node_cpu_seconds_total[30s]) + on (cpu, mode) group_left ()'
     ' node_cpu_seconds_total)', '5s'),
    ('100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[10s])))', '2s'),
    ('sum(scrape_samples_scraped) by (job) > bool 500', '5s'),
    ('max by (job) (process_resident_memory_bytes) / 1024 / 1024', '750ms'),
    ('absent(up{job="node"} == 2)', '5s'),
    ('process_resident_memory_bytes offset 10s', '2s'),
    ('process_resident_memory_bytes - process_resident_memory_bytes @ start()', '4s'),
    ('rate(prometheus_tsdb_head_samples_appended_total[10s] @ end())', '9s'),
    ('avg_over_time(sum(rate(process_cpu_seconds_total[10s] OFFSET))[15s:1s])', '3s'),
    ('sum_over_time(up[20s:5s] offset 2s)', '3s'),
    ('time() - timestamp(up)', '1s'),
    ('node_load1 and node_load1 > 0 or vector(0)', '2s'),
    ('count(up == 1) or vector(0)', '3s'),
    ('sum without (cpu, mode) (rate(node_cpu_seconds_total[10s]))', '2s'),
    ('42', '5s'),
]
