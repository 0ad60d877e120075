//! Rules in the style of the published mixins of the node and postgres exporters, as sound teams write them: in none of them is
//! anything to be found.

use super::{Kind, codes};
use crate::doctor::{Options, Source, examine};

/// Hosts: shares in per cent, predictions, matching without a label, aggregations that keep what they print.
const HOSTS: &str = r#"
groups:
- name: hosts
  rules:
  - alert: HostDiskFillsUp
    expr: |
      (
        node_filesystem_avail_bytes{job="hosts",fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes{job="hosts",fstype!~"tmpfs|ramfs"} * 100 < 30
      and
        predict_linear(node_filesystem_avail_bytes{job="hosts",fstype!~"tmpfs|ramfs"}[6h], 12 * 60 * 60) < 0
      and
        node_filesystem_readonly{job="hosts",fstype!~"tmpfs|ramfs"} == 0
      )
    for: 1h
    labels: {severity: warning}
    annotations:
      summary: Disk of {{ $labels.instance }} at {{ $labels.mountpoint }} is full within twelve hours.
      description: '{{ $labels.device }} has only {{ printf "%.1f" $value }}% left.'
  - alert: HostDiskFillsUp
    expr: node_filesystem_avail_bytes{job="hosts"} / node_filesystem_size_bytes{job="hosts"} * 100 < 4 and node_filesystem_readonly{job="hosts"} == 0
    for: 30m
    labels: {severity: critical}
    annotations: {description: '{{ $labels.device }} of {{ $labels.instance }} has only {{ printf "%.1f" $value }}% left.'}
  - alert: HostInodesRunOut
    expr: node_filesystem_files_free{job="hosts"} / node_filesystem_files{job="hosts"} * 100 < 6
    for: 1h
    labels: {severity: warning}
    annotations: {description: '{{ $labels.mountpoint }} has {{ printf "%.1f" $value }}% of its inodes left.'}
  - alert: HostInterfaceDrops
    expr: rate(node_network_receive_drop_total{job="hosts",device!="lo"}[3m]) > 50
    for: 30m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.instance }} drops {{ printf "%.0f" $value }} packets a second on {{ $labels.device }}.'}
  - alert: HostInterfaceReceivesErrors
    expr: rate(node_network_receive_errs_total{job="hosts"}[2m]) / rate(node_network_receive_packets_total{job="hosts"}[2m]) > 0.02
    for: 1h
    labels: {severity: warning}
    annotations: {description: '{{ $labels.instance }} interface {{ $labels.device }} received {{ printf "%.0f" $value }} broken packets.'}
  - alert: HostSwapsWithoutEnd
    expr: (1 - node_memory_SwapFree_bytes{job="hosts"} / node_memory_SwapTotal_bytes{job="hosts"}) * 100 > 80 and node_memory_SwapTotal_bytes{job="hosts"} > 0
    for: 30m
    labels: {severity: info}
  - alert: HostReadsSlowly
    expr: rate(node_disk_read_time_seconds_total{job="hosts"}[5m]) / rate(node_disk_reads_completed_total{job="hosts"}[5m]) > 0.2 and rate(node_disk_reads_completed_total{job="hosts"}[5m]) > 0
    for: 2m
    labels: {severity: warning}
  - alert: HostConntrackNearLimit
    expr: (node_nf_conntrack_entries{job="hosts"} / node_nf_conntrack_entries_limit) > 0.8
    labels: {severity: warning}
    annotations: {description: '{{ $value | humanizePercentage }} of the entries are in use.'}
  - alert: HostClockDrifts
    expr: |
      (node_timex_offset_seconds{job="hosts"} > 0.1 and deriv(node_timex_offset_seconds{job="hosts"}[10m]) >= 0)
      or
      (node_timex_offset_seconds{job="hosts"} < -0.1 and deriv(node_timex_offset_seconds{job="hosts"}[10m]) <= 0)
    for: 10m
    labels: {severity: warning}
    annotations: {description: 'The clock of {{ $labels.instance }} is off and does not come back.'}
  - alert: HostArrayDegraded
    expr: node_md_disks_required{job="hosts"} - ignoring(state) (node_md_disks{job="hosts",state="active"}) > 0
    for: 15m
    labels: {severity: critical}
    annotations: {description: 'Array {{ $labels.device }} of {{ $labels.instance }} lacks a disk.'}
  - alert: HostBusy
    expr: sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{job="hosts",mode!="idle"}[2m]))) * 100 > 95
    for: 20m
    labels: {severity: info}
    annotations: {description: '{{ $labels.instance }} is at {{ printf "%.0f" $value }}%.'}
  - alert: HostSaturated
    expr: node_load5{job="hosts"} / count without (cpu, mode) (node_cpu_seconds_total{job="hosts",mode="idle"}) > 3
    for: 15m
    labels: {severity: warning}
    annotations: {description: 'Load per core of {{ $labels.instance }} is {{ printf "%.1f" $value }}.'}
  - alert: HostMemoryFull
    expr: 100 - (node_memory_MemAvailable_bytes{job="hosts"} / node_memory_MemTotal_bytes{job="hosts"} * 100) > 92
    for: 15m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.instance }} uses {{ printf "%.0f" $value }}% of its memory.'}
  - alert: HostPagesFromDisk
    expr: rate(node_vmstat_pgmajfault{job="hosts"}[5m]) > 800
    for: 15m
    labels: {severity: warning}
  - alert: HostDiskQueue
    expr: rate(node_disk_io_time_weighted_seconds_total{job="hosts",device=~"(sd|nvme).+"}[5m]) > 12
    for: 30m
    labels: {severity: warning}
    annotations: {description: 'The queue of {{ $labels.device }} is {{ printf "%.0f" $value }} deep.'}
  - alert: HostUnitFailed
    expr: node_systemd_unit_state{job="hosts",state="failed"} == 1
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.name }} of {{ $labels.instance }} failed.'}
  - record: instance:host_cpu_utilisation:rate5m
    expr: 1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{job="hosts",mode="idle"}[5m]))
  - record: instance:host_memory_utilisation:ratio
    expr: |
      1 - (
        node_memory_MemAvailable_bytes{job="hosts"}
        or (node_memory_Buffers_bytes{job="hosts"} + node_memory_Cached_bytes{job="hosts"} + node_memory_MemFree_bytes{job="hosts"})
      ) / node_memory_MemTotal_bytes{job="hosts"}
"#;

/// Databases: counters without `_total`, as that exporter names them, matching on labels, guarded shares.
const DATABASES: &str = r#"
groups:
- name: databases
  rules:
  - alert: DatabaseGone
    expr: pg_up{} != 1
    for: 1m
    labels: {severity: critical}
    annotations: {description: 'The database behind {{ $labels.instance }} does not answer.'}
  - alert: DatabaseSlotsRunOut
    expr: |
      sum by (job, instance, server) (pg_stat_activity_count{})
      >
      (
        sum by (job, instance, server) (pg_settings_max_connections{})
        - sum by (job, instance, server) (pg_settings_superuser_reserved_connections{})
      ) * 0.85
    for: 10m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.instance }} has {{ $value }} sessions.'}
  - alert: DatabaseBusy
    expr: |
      sum by (datname, instance) (
        irate(pg_stat_database_xact_commit{datname!~"template.*"}[5m]) + irate(pg_stat_database_xact_rollback{datname!~"template.*"}[5m])
      ) > 12000
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.datname }} of {{ $labels.instance }} runs {{ $value }} transactions a second.'}
  - alert: DatabaseDeadlocks
    expr: max without (pod) (rate(pg_stat_database_deadlocks{datname!~"template.*"}[5m]) * 60) > 4
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.datname }} of {{ $labels.instance }}: {{ $value }} a minute.'}
  - alert: DatabaseRollsBack
    expr: |
      sum by (datname, instance) (rate(pg_stat_database_xact_rollback[5m]))
      / (sum by (datname, instance) (rate(pg_stat_database_xact_commit[5m]) + rate(pg_stat_database_xact_rollback[5m])) > 1) > 0.1
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $value | humanizePercentage }} of the transactions of {{ $labels.datname }} are rolled back.'}
  - alert: DatabaseLocks
    expr: |
      max by (datname, job, instance, server) (
        pg_locks_count{datname!~"template.*"}
        / on (job, instance) group_left (server) (pg_settings_max_locks_per_transaction{} * pg_settings_max_connections{})
      ) > 0.25
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.datname }} of {{ $labels.instance }} holds many locks.'}
  - alert: ReplicaLags
    expr: (pg_replication_lag{} > 1800) and on (job, instance, server) (pg_replication_is_replica{} == 1)
    for: 5m
    labels: {severity: warning}
    annotations: {description: '{{ $labels.instance }} is {{ $value | humanizeDuration }} behind.'}
  - alert: ReplicaBecamePrimary
    expr: pg_replication_is_replica{} and changes(pg_replication_is_replica{}[2m]) > 0
    labels: {severity: warning}
    annotations: {description: 'The role of {{ $labels.instance }} has changed.'}
"#;

#[test]
fn nothing_is_found_in_rules_as_the_mixins_write_them() {
    assert_eq!(codes(Kind::Yaml, HOSTS), []);
    assert_eq!(codes(Kind::Yaml, DATABASES), []);
    let sources = [("hosts.yml", HOSTS), ("databases.yml", DATABASES)].map(|(name, text)| Source {
        name: name.into(),
        text: text.to_owned(),
        kind: Kind::Yaml,
    });
    // Nor where it is known how often they are scraped.
    let report = examine(&sources, Options { scrape: Some(std::time::Duration::from_secs(15)) });
    assert!(report.findings.is_empty() && report.files == 2, "{:#?}", report.findings);
    // The same rules with one slip in each are not passed over.
    assert_eq!(codes(Kind::Yaml, &HOSTS.replace("sum without (mode)", "sum by (mode)")).len(), 1);
    assert!(
        !codes(
            Kind::Yaml,
            &DATABASES.replace("sum by (datname, instance) (\n        irate", "sum by (instance) (\n        irate")
        )
        .is_empty()
    );
}
