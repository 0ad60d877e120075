//! Figures of the host that Quarterdeck runs on: disk, memory, load. Synchronous reads of the kernel's own tables.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::config::resolved::SignalSource;
use crate::domain::signal::SignalValue;
use crate::domain::{Cause, Safe};

/// Largest table of the kernel that is read.
const LIMIT: u64 = 64 * 1024;

/// A signal of this host.
#[derive(Clone, Debug)]
pub struct HostSignal {
    source: SignalSource,
}

impl HostSignal {
    /// `source` is disk, memory or load; any other is not of this host and fails when read.
    pub fn new(source: SignalSource) -> HostSignal {
        HostSignal { source }
    }

    /// One look. Blocks: asking the size of a file system whose server hangs (NFS) may never return. Call it on a
    /// thread that may be lost, and wait for the answer with a deadline; never start a second one beside it.
    pub fn read(&self) -> Result<SignalValue, Cause> {
        match &self.source {
            SignalSource::Disk { path } => disk(path),
            SignalSource::Memory => used_memory(&table("/proc/meminfo", "memory")?)
                .map(SignalValue::Ratio)
                .ok_or_else(|| Cause::Other(Safe::of("/proc/meminfo does not tell the available memory"))),
            SignalSource::Load => load(&table("/proc/loadavg", "load")?, cores())
                .map(SignalValue::Number)
                .ok_or_else(|| Cause::Other(Safe::of("/proc/loadavg does not tell the load"))),
            _ => Err(Cause::Misconfigured(Safe::of("not a figure of this host"))),
        }
    }
}

/// Used part as `df` counts it: blocks reserved for root are neither used nor available.
fn disk(path: &Path) -> Result<SignalValue, Cause> {
    let told = rustix::fs::statvfs(path).map_err(|e| {
        let shown = Safe::of(path.display().to_string());
        match e {
            rustix::io::Errno::NOENT => Cause::FileMissing(shown),
            rustix::io::Errno::ACCESS => Cause::PermissionDenied(shown),
            other => Cause::Other(Safe::of(format!("{shown}: {}", std::io::Error::from(other)))),
        }
    })?;
    used_part(told.f_blocks, told.f_bfree, told.f_bavail)
        .map(SignalValue::Ratio)
        .ok_or_else(|| Cause::Misconfigured(Safe::of(format!("{} is on a file system without a size", path.display()))))
}

fn used_part(blocks: u64, free: u64, available: u64) -> Option<f64> {
    let used = blocks.checked_sub(free)? as f64;
    let whole = used + available as f64;
    (whole > 0.0).then(|| used / whole)
}

fn table(path: &str, what: &str) -> Result<String, Cause> {
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            Err(Cause::Other(Safe::of(format!("{what} of this host is read on Linux only ({path} is missing)"))))
        }
        Err(e) => Err(Cause::Other(Safe::of(format!("{path}: {e}")))),
    }
}

/// 1 − available / total.
fn used_memory(meminfo: &str) -> Option<f64> {
    let kilobytes = |name: &str| -> Option<f64> {
        let rest = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.split_whitespace().next()?.parse::<u64>().ok().map(|n| n as f64)
    };
    let total = kilobytes("MemTotal").filter(|t| *t > 0.0)?;
    Some((1.0 - kilobytes("MemAvailable")? / total).clamp(0.0, 1.0))
}

fn load(loadavg: &str, cores: u32) -> Option<f64> {
    let one_minute: f64 = loadavg.split_whitespace().next()?.parse().ok()?;
    (one_minute.is_finite() && one_minute >= 0.0).then(|| one_minute / f64::from(cores.max(1)))
}

/// Processors of the machine, not of our own share of it: the load average counts everybody.
fn cores() -> u32 {
    let online = table("/sys/devices/system/cpu/online", "cores").ok().and_then(|list| in_list(&list));
    online.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1)))
}

/// The size of a list such as `0-3,8`.
fn in_list(text: &str) -> Option<u32> {
    let mut sum = 0u32;
    for part in text.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        sum = sum.checked_add(to.checked_sub(from)?.checked_add(1)?)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disk_counts_as_df_does() {
        assert_eq!(used_part(100, 40, 20), Some(0.75), "20 reserved blocks are no one's");
        assert_eq!(used_part(0, 0, 0), None);
        assert_eq!(used_part(1, 2, 2), None);
    }

    #[test]
    fn memory_counts_what_is_available() {
        let text = "MemTotal:  1000 kB\nMemFree: 10 kB\nMemAvailable:  250 kB\n";
        assert_eq!(used_memory(text), Some(0.75));
        for wrong in ["", "MemTotal: 0 kB\nMemAvailable: 1 kB", "MemTotal: x kB", "MemTotal: 5 kB"] {
            assert_eq!(used_memory(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn load_is_told_per_core() {
        assert_eq!(load("3.00 2.0 1.0 1/2 3\n", 4), Some(0.75));
        assert_eq!((load("", 4), load("nan 1", 4)), (None, None));
        assert_eq!((in_list("0-3,8\n"), in_list("0"), in_list("3-1"), in_list("")), (Some(5), Some(1), None, None));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let missing = HostSignal::new(SignalSource::Disk { path: "/no/such/folder".into() }).read();
        assert_eq!(missing, Err(Cause::FileMissing("/no/such/folder".into())));
        let foreign = HostSignal::new(SignalSource::Command { argv: vec![] }).read();
        assert!(matches!(foreign, Err(Cause::Misconfigured(_))));
        assert!(table("/no/such/table", "memory").unwrap_err().to_string().contains("Linux only"));
    }
}
