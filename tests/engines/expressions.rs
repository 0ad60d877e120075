//! Expressions as teams publish them, written out: those of the mended documents' rules, and fifty more of the kinds that
//! collections for nodes, services, databases, caches, clusters and probes are made of.

/// The rules of the teams' documents as they are when what is wrong with them is mended.
pub const MENDED: [&str; 6] = [
    "sum by (job, instance) (rate(http_requests_total{status=~\"5..\"}[5m])) \
     / sum by (job, instance) (rate(http_requests_total[5m])) > 0.05",
    "histogram_quantile(0.99, sum by (le, job) (rate(http_request_duration_seconds_bucket[5m]))) > 0.5",
    "sum by (job) (rate(cache_hits_total[5m])) \
     / (sum by (job) (rate(cache_hits_total[5m])) + sum by (job) (rate(cache_misses_total[5m]))) < 0.7",
    "sum by (job) (rate(http_requests_total{status=~\"5..\"}[5m])) / sum by (job) (rate(http_requests_total[5m])) > 0.01",
    "db_connection_pool_available < 2",
    "webhook_queue_depth > 1000",
];

/// Fifty of the usual kinds.
pub const PUBLISHED: [&str; 50] = [
    // nodes
    "100 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100",
    "sum by (instance, mode) (irate(node_cpu_seconds_total{mode!=\"idle\"}[2m]))",
    "avg without (cpu) (rate(node_cpu_seconds_total{mode=\"iowait\"}[10m])) > 0.02",
    "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes * 100 < 10",
    "(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100",
    "node_filesystem_avail_bytes{fstype!=\"tmpfs\"} / node_filesystem_size_bytes < 0.2 and node_filesystem_readonly == 0",
    "predict_linear(node_filesystem_avail_bytes{fstype!~\"tmpfs|overlay\"}[1h], 4 * 3600) < 0",
    "node_filesystem_files_free / node_filesystem_files * 100 < 20 unless node_filesystem_readonly == 1",
    "rate(node_network_receive_errs_total{device!=\"lo\"}[2m]) / rate(node_network_receive_packets_total[2m]) > 0.01",
    "sum by (instance) (rate(node_network_receive_bytes_total{device!~\"lo|veth.*\"}[5m])) * 8",
    "changes(node_network_up{device=\"eth0\"}[10m]) > 2",
    "node_load1 / on (instance) count by (instance) (node_cpu_seconds_total{mode=\"idle\"}) > 2",
    "max_over_time(node_load15[30m])",
    "time() - node_boot_time_seconds > 86400",
    "rate(node_disk_io_time_seconds_total[5m]) > 0.75",
    "abs(node_timex_offset_seconds) > 0.05 and deriv(node_timex_offset_seconds[5m]) >= 0",
    "min_over_time(node_timex_sync_status[5m]) == 0",
    "node_nf_conntrack_entries / node_nf_conntrack_entries_limit > 0.75",
    "node_systemd_unit_state{state=\"failed\"} == 1",
    "rate(node_context_switches_total[5m]) / ignoring () count without (cpu, mode) (node_cpu_seconds_total{mode=\"idle\"})",
    // being there
    "up == 0",
    "avg by (job) (up) < 0.9",
    "count by (job) (up == 0) / count by (job) (up) * 100 > 25",
    "absent(up{job=\"ghost\", instance=\"nowhere\"})",
    "absent_over_time(up{job=\"node\", instance=\"node-b:9100\"}[6m])",
    "count(count by (version) (build_info)) > 1",
    // services
    "sum by (handler) (increase(http_requests_total{status=~\"5..\"}[10m])) > bool 20",
    "topk(3, sum by (handler, status) (rate(http_requests_total[5m])))",
    "histogram_quantile(0.95, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))",
    "rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])",
    "1 - sum(rate(http_request_duration_seconds_bucket{le=\"0.5\"}[30m])) / sum(rate(http_request_duration_seconds_count[30m])) \
     > 14.4 * 0.001",
    "sum(rate(http_requests_total[5m])) / sum(rate(http_requests_total[5m] offset 30m))",
    "max_over_time(sum by (job) (rate(http_requests_total[2m]))[20m:1m])",
    "process_open_fds / process_max_fds * 100 > 80",
    "changes(process_start_time_seconds{job=\"api\"}[15m]) > 3",
    "go_goroutines > 1.2 * avg_over_time(go_goroutines[1h])",
    "quantile_over_time(0.9, db_connection_pool_available[15m])",
    "label_replace(build_info, \"major\", \"$1\", \"version\", \"(\\\\d+)\\\\..*\") * on (instance) group_left () go_goroutines",
    // databases and caches
    "sum by (instance) (pg_stat_activity_count) / on (instance) pg_settings_max_connections * 100 > 60",
    "sum by (datname) (rate(pg_stat_database_xact_rollback[3m])) \
     / sum by (datname) (rate(pg_stat_database_xact_commit[3m])) > 0.02",
    "avg by (datname) (rate(pg_stat_database_blks_hit[5m]) \
     / (rate(pg_stat_database_blks_hit[5m]) + rate(pg_stat_database_blks_read[5m])))",
    "increase(pg_stat_database_deadlocks[15m]) > 0",
    "pg_replication_lag_seconds > 30 and on (instance) pg_up == 1",
    "redis_connected_clients / redis_config_maxclients > 0.8 or redis_memory_used_bytes / redis_memory_max_bytes > 0.9",
    "rate(redis_keyspace_hits_total[5m]) / (rate(redis_keyspace_hits_total[5m]) + rate(redis_keyspace_misses_total[5m]))",
    // clusters and probes
    "increase(kube_pod_container_status_restarts_total[30m]) > 3",
    "sum by (namespace, pod) (max by (namespace, pod, phase) (kube_pod_status_phase{phase=~\"Pending|Failed\"})) > 0",
    "kube_deployment_spec_replicas != kube_deployment_status_replicas_available \
     and changes(kube_deployment_status_replicas_available[10m]) < 5",
    "(probe_ssl_earliest_cert_expiry - time()) / 86400 < 21",
    "avg_over_time(probe_success[10m]) * 100 < 90 or probe_http_status_code >= 400",
];
