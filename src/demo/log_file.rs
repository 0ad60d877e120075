//! A JSON log on a bounded disk: one line per event, a rotation by renaming at 4 MiB, one old file kept.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use super::error::{DemoError, Doing};

const LARGEST: u64 = 4 * 1024 * 1024;

/// One open log.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    service: &'static str,
    state: Mutex<(File, u64)>,
}

impl LogFile {
    /// Opens or makes the log.
    pub fn open(path: &Path, service: &'static str) -> Result<Self, DemoError> {
        let file = Self::file(path).doing(&format!("open {}", path.display()))?;
        let size = file.metadata().map_or(0, |data| data.len());
        Ok(Self { path: path.to_path_buf(), service, state: Mutex::new((file, size)) })
    }

    fn file(path: &Path) -> std::io::Result<File> {
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)
    }

    /// Writes one event. `fields` are put beside the usual ones.
    pub fn write(&self, level: &str, message: &str, fields: Value) {
        let mut event = json!({
            "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            "level": level,
            "service": self.service,
            "message": message,
        });
        if let (Value::Object(event), Value::Object(fields)) = (&mut event, fields) {
            event.extend(fields);
        }
        let line = format!("{event}\n");
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.1 + line.len() as u64 > LARGEST {
            self.rotate(&mut state);
        }
        // A log that cannot be written must not stop the service.
        if state.0.write_all(line.as_bytes()).is_ok() {
            state.1 += line.len() as u64;
        }
    }

    fn rotate(&self, state: &mut (File, u64)) {
        let old = self.path.with_extension("log.1");
        if fs::rename(&self.path, &old).is_ok()
            && let Ok(file) = Self::file(&self.path)
        {
            *state = (file, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_rotates_and_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.log");
        let log = LogFile::open(&path, "api").unwrap();
        let filler = "x".repeat(100_000);
        for _ in 0..100 {
            log.write("INFO", &filler, json!({"latency_ms": 1.5}));
        }
        let sizes: Vec<u64> =
            ["api.log", "api.log.1"].iter().map(|name| fs::metadata(folder.path().join(name)).unwrap().len()).collect();
        assert!(sizes.iter().all(|size| (1..=LARGEST).contains(size)), "{sizes:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let text = fs::read_to_string(&path).unwrap();
        let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(line["latency_ms"], 1.5);
    }
}
